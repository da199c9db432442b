"""Where frames belong by time stamps that jitter, drift, jump or lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgld.audio.decoder.mpeg import lost_frames
from msgld.audio.decoder.timeline import ContradictionError, Timeline

RATE, FRAME = 44_100, 1024


def play(times: list[float], tick: float, lost: dict[int, int] | None = None) -> list[int]:
    """The silence before each frame."""
    timeline, gaps = Timeline(RATE, tick), []
    for index, time in enumerate(times):
        gap = timeline.missing(time, FRAME, (lost or {}).get(index, 0))
        timeline.position += gap + FRAME
        gaps.append(gap)
    return gaps


def stamped(count: int, tick: float) -> list[float]:
    """Times of frames without a gap, in samples, as a clock of coarse ticks has them."""
    return [round(index * FRAME / RATE / tick) * tick * RATE for index in range(count)]


@given(st.integers(1, 200), st.sampled_from([1 / RATE, 1 / 90_000, 0.001]), st.floats(-5000, 5000))
def test_whole_streams_have_no_gaps(count: int, tick: float, begin: float):
    assert not any(play([time + begin for time in stamped(count, tick)], tick))


@given(st.integers(2, 60), st.integers(1, 400), st.sampled_from([1 / RATE, 1 / 90_000, 0.001]))
def test_lost_frames_are_replaced_to_the_sample(before: int, missing: int, tick: float):
    times = stamped(before + missing + 5, tick)
    gaps = play(times[:before] + times[before + missing :], tick)
    assert sum(gaps) == pytest.approx(missing * FRAME, abs=1) and gaps[before] == sum(gaps)


def test_a_clock_that_drifts_makes_no_silence():
    assert not any(play([time * 1.0002 for time in stamped(5000, 0.001)], 0.001))


def test_a_clock_that_jumps_back_is_followed():
    times = stamped(50, 1 / 90_000)
    assert not any(play(times + times, 1 / 90_000))


def test_silence_that_a_later_stamp_belies_is_an_error():
    times = stamped(50, 0.001)
    times[20] += 3 * RATE
    with pytest.raises(ContradictionError):
        play(times, 0.001)


@given(st.lists(st.sampled_from([417, 418]), min_size=1, max_size=9))
def test_frames_of_a_constant_bit_rate_are_counted(sizes: list[int]):
    assert lost_frames(sum(sizes), (417, 418), 417.96) == len(sizes)


@given(st.integers(1, 4000))
def test_a_length_that_no_frames_have_is_not_counted(length: int):
    possible = [count for count in range(1, 11) if 417 * count <= length <= 418 * count]
    assert lost_frames(length, (417, 418), 417.96) == (possible[0] if possible else None)


@given(st.lists(st.integers(100, 700), min_size=1, max_size=6))
def test_frames_of_a_variable_bit_rate_are_counted_or_not_at_all(sizes: list[int]):
    assert lost_frames(sum(sizes), (100, 700), float(np.mean(sizes))) in (None, len(sizes))
