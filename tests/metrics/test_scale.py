"""The scale from shuffled to real: its ends, its cap, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.metrics.scale import Agreements, placed

CLIPS = np.arange(20)
RNG = np.random.default_rng(3)
SHUFFLED, REAL = RNG.normal(0.1, 0.05, 20), RNG.normal(0.6, 0.1, 20)


def group(made: np.ndarray, shuffled: np.ndarray = SHUFFLED, real: np.ndarray = REAL) -> Agreements:
    return Agreements(np.arange(len(made)), made, shuffled, real)


def test_real_is_one_shuffled_is_nothing_and_half_way_is_half() -> None:
    for made, value in ((REAL, 1.0), (SHUFFLED, 0.0), ((REAL + SHUFFLED) / 2, 0.5)):
        found = placed([group(made)])
        assert found is not None
        assert found.value == pytest.approx(value)
        assert found.low == pytest.approx(found.high) == pytest.approx(value), "the same in every draw"
        assert found.count == 20


def test_better_than_real_counts_as_real_clip_by_clip() -> None:
    made = np.where(CLIPS % 2, REAL + 1, SHUFFLED)
    found, capped = placed([group(made)]), placed([group(np.where(CLIPS % 2, REAL, SHUFFLED))])
    assert found == capped
    assert found is not None and found.low < found.value < found.high < 1


def test_a_silent_part_agrees_with_nothing_and_clips_without_a_scale_are_left_out() -> None:
    silent = placed([group(np.full(20, np.nan), np.zeros(20))])
    assert silent is not None and silent.value == 0
    some = np.where(CLIPS < 5, np.nan, SHUFFLED)
    found = placed([group(REAL, some)])
    assert found is not None and found.count == 15


def test_without_confidence_there_is_no_scale() -> None:
    noise = RNG.normal(0, 1, (2, 20))
    noise -= noise.mean(1, keepdims=True)
    assert placed([group(REAL, *noise)]) is None
    assert placed([group(SHUFFLED, REAL, SHUFFLED)]) is None, "real parts agree less"
    assert placed([group(REAL[:2], SHUFFLED[:2], REAL[:2])]) is None, "two clips are too few"
    assert placed([]) is None
    assert placed([group(np.zeros(0), np.zeros(0), np.zeros(0))]) is None
    once = Agreements(np.zeros(20, int), REAL, SHUFFLED, REAL)
    assert placed([once]) is None, "twenty arrangements of one clip are one clip"


def test_several_groups_have_their_mean_and_their_lowest() -> None:
    groups = [group(REAL), group(SHUFFLED), group(REAL, REAL, SHUFFLED)]
    found = placed(groups)
    assert found is not None
    assert found.value == pytest.approx(0.5) and found.lowest == pytest.approx(0) and found.count == 40


def test_a_lead_is_the_difference_of_both_on_the_scale() -> None:
    half = (REAL + SHUFFLED) / 2
    lead, same = placed([group(REAL)], [group(half)]), placed([group(half)], [group(half)])
    assert lead is not None and same is not None
    assert lead.value == pytest.approx(0.5) and same.value == same.low == same.high == 0


def test_the_interval_holds_the_truth_about_nineteen_times_of_twenty() -> None:
    rng, inside = np.random.default_rng(0), 0
    for _ in range(60):
        real, zero = rng.normal(0.6, 0.1, 40), rng.normal(0.1, 0.05, 40)
        found = placed([group(rng.normal(0.35, 0.1, 40).clip(None, real), zero, real)])
        assert found is not None
        inside += found.low <= 0.495 <= found.high
    assert 50 <= inside <= 60
