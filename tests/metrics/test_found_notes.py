"""As many hits as there can be, each note in one of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from msgld.metrics.notes import found_notes, found_times


def most(true: np.ndarray, made: np.ndarray, tolerance: float) -> int:
    """Hits of the best of all pairings."""
    short, long = sorted((true, made), key=len)
    return max(
        int((np.abs(np.array(way) - short) <= tolerance).sum()) for way in permutations(long, len(short))
    )


@pytest.mark.parametrize("seed", range(20))
def test_no_pairing_has_more_hits(seed: int):
    rng = np.random.default_rng(seed)
    true, made = rng.uniform(0, 0.5, rng.integers(1, 6)), rng.uniform(0, 0.5, rng.integers(1, 6))
    found = found_times(true, made, 0.05)
    assert found.hits == most(true, made, 0.05)
    assert (np.abs(found.errors) <= 0.05).all() and len(found.errors) == found.hits


def test_the_same_notes_are_right_and_shifted_ones_are_late():
    onset, pitch = np.array([0.1, 0.1, 0.5]), np.array([40, 52, 40])
    assert found_notes((onset, pitch), (onset, pitch)).f1 == 1
    late = found_notes((onset, pitch), (onset + 0.02, pitch))
    np.testing.assert_allclose(late.errors, 0.02)
    assert found_notes((onset, pitch), (onset, pitch + 12)).hits == 1  # only 40 + 12 at 0.1
    assert found_notes((onset, pitch), (onset + 0.06, pitch)).f1 == 0


def test_precision_and_recall_change_places():
    few, many = np.array([0.1, 0.9]), np.array([0.1, 0.5, 0.9, 1.3])
    one, other = found_times(few, many, 0.05), found_times(many, few, 0.05)
    assert (one.precision, one.recall) == (other.recall, other.precision) == (0.5, 1.0)
    assert found_times(few[:0], many[:0], 0.05).f1 == 1 and found_times(few, many[:0], 0.05).f1 == 0
