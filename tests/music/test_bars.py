"""Laws of bars and timelines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgld.music.bars import STEPS, Signature, Timeline, bars_of

SIGNATURES = [
    (2, 4),
    (3, 4),
    (4, 4),
    (5, 4),
    (6, 4),
    (7, 4),
    (6, 8),
    (7, 8),
    (9, 8),
    (12, 8),
    (2, 2),
    (3, 2),
    (11, 8),
    (15, 16),
]


@pytest.mark.parametrize(("numerator", "denominator"), SIGNATURES)
def test_the_spans_of_a_bar_fill_it_and_fit_the_grid(numerator: int, denominator: int) -> None:
    signature = Signature(0, numerator, denominator)
    spans = signature.spans()
    assert sum(spans) == pytest.approx(signature.quarters) == pytest.approx(sum(signature.pulses))
    assert all(span * 4 <= STEPS for span in spans)


@pytest.mark.parametrize(
    ("numerator", "denominator", "spans"),
    [
        (4, 4, [4]),
        (12, 8, [3, 3]),
        (9, 8, [3, 1.5]),
        (5, 4, [3, 2]),
        (7, 4, [4, 3]),
        (6, 8, [3]),
        (7, 8, [3.5]),
    ],
)
def test_long_bars_are_split_at_a_beat(numerator: int, denominator: int, spans: list[float]) -> None:
    assert Signature(0, numerator, denominator).spans() == pytest.approx(spans)


def test_bars_reach_the_first_bar_line_after_the_end() -> None:
    bars = bars_of([Signature(0, 3, 4)], 7.0)
    assert bars.start.tolist() == [0, 3, 6, 9]
    assert bars.steps.tolist() == [12, 12, 12]


def test_a_new_signature_begins_a_bar_and_cuts_the_one_before() -> None:
    bars = bars_of([Signature(0, 4, 4), Signature(6, 3, 4)], 12.0)
    assert bars.start.tolist() == [0, 4, 6, 9, 12]
    assert bars.number.tolist() == [0, 1, 2, 3]


def test_parts_of_one_written_bar_share_its_number() -> None:
    assert bars_of([Signature(0, 12, 8)], 12.0).number.tolist() == [0, 0, 1, 1]


def test_music_without_a_signature_is_in_common_time() -> None:
    assert bars_of([], 5.0).start.tolist() == [0, 4, 8]


def test_music_before_the_first_signature_is_in_common_time() -> None:
    assert bars_of([Signature(8, 3, 4)], 11.0).start.tolist() == [0, 4, 8, 11]


@given(
    st.lists(st.tuples(st.floats(0.1, 50), st.floats(20, 300)), min_size=1, max_size=6),
    st.lists(st.floats(0, 300), min_size=1, max_size=8),
)
def test_beats_and_seconds_are_inverse(changes: list[tuple[float, float]], beats: list[float]) -> None:
    tempos = list(zip(np.cumsum([gap for gap, _ in changes]), [bpm for _, bpm in changes], strict=True))
    timeline = Timeline.of_tempos(tempos)
    at = timeline.at(np.array(beats))
    assert timeline.beat_at(at) == pytest.approx(np.array(beats), abs=1e-6)
    assert (np.diff(timeline.at(np.sort(beats))) >= 0).all()


def test_the_tempo_is_the_one_that_was_set() -> None:
    timeline = Timeline.of_tempos([(4.0, 60.0), (8.0, 90.0)])
    assert timeline.bpm(np.array([0.0, 4.0, 7.9, 8.0, 100.0])) == pytest.approx([120, 60, 60, 90, 90])
    assert timeline.at(np.array([4.0, 8.0, 9.5])) == pytest.approx([2, 6, 7])
