"""Beats and bars: the programs find the best of all ways, and clicks at a changing tempo are beats."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from msgld.errors import DataError
from msgld.metrics.notes import found_times
from msgld.music.bars import Signature, bars_of
from msgld.music.listen.beats import RULES, SPREAD, USUAL, BeatRules, begin_bars, decode_beats, place_beats
from msgld.music.listen.song import time_of
from msgld.music.played import Beats, beats_of

SECOND = 22_050 / 256


def scores(times: np.ndarray, seconds: float, noise: float = 0.0) -> np.ndarray:
    """Scores of a network that finds these times, give or take some noise."""
    frames = np.arange(round(seconds * SECOND))
    away = frames[:, None] - np.asarray(times)[None] * SECOND
    chance = np.clip(np.exp(-0.5 * away**2).max(1, initial=0.0), 0.01, 0.99)
    return np.log(chance / (1 - chance)) + noise * np.random.default_rng(0).standard_normal(len(frames))


def swaying(seconds: float, slow: float = 80.0, fast: float = 130.0) -> np.ndarray:
    """Beats whose tempo goes up and down."""
    times, now = [], 0.4
    while now < seconds - 0.3:
        times.append(now)
        now += 60 / (0.5 * (slow + fast) + 0.5 * (fast - slow) * np.sin(now / 7))
    return np.array(times)


def bars_at(
    beats: np.ndarray, metre: int, begin: int = 0, compound: bool = False, noise: float = 0.0
) -> Beats:
    length = beats[-1] + 0.3
    threes = np.full(round(length * SECOND), 3.0 if compound else -3.0)
    return decode_beats(
        scores(beats, length, noise), scores(beats[begin::metre], length, noise), threes, SECOND
    )


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize(("metre", "begin"), [(4, 0), (4, 3), (3, 1), (6, 2), (2, 0)])
def test_clicks_at_a_changing_tempo_are_beats(metre: int, begin: int, noise: float):
    beats = swaying(40)
    found = bars_at(beats, metre, begin, noise=noise)
    hits = found_times(beats, found.seconds, 0.07)
    assert hits.f1 == 1 and np.median(np.abs(hits.errors)) < 0.004
    assert np.flatnonzero(found.first).tolist() == list(range(begin, len(beats), metre))


def test_a_tempo_holds_where_nothing_is_struck():
    beats = 0.3 + 0.5 * np.arange(60)
    struck = np.delete(beats, np.r_[20:26, 40])
    found = decode_beats(
        scores(struck, 30.1), scores(beats[::4], 30.1), np.full(round(30.1 * SECOND), -3.0), SECOND
    )
    assert found_times(beats, found.seconds, 0.07).f1 == 1


def test_silence_has_one_beat_at_most_and_so_none():
    assert len(decode_beats(np.zeros(0), np.zeros(0), np.zeros(0), SECOND)) == 0
    assert len(decode_beats(np.full(5, -4.0), np.full(5, -4.0), np.full(5, -4.0), SECOND)) == 0


@pytest.mark.parametrize("seed", range(8))
def test_no_other_beats_are_better(seed: int):
    """At two frames in a second intervals are one to three frames, so that all ways can be tried."""
    score, steady, second = np.random.default_rng(seed).normal(0, 2, 10), 1.5, 2.0
    lost = float(seed % 3)

    def worth(frames: tuple[int, ...]) -> float:
        spans = np.diff(frames)
        if not set(spans) <= {1, 2, 3}:
            return -np.inf
        change = steady * np.abs(np.diff(np.log(spans))).sum()
        # The interval at which beats begin is the first one; it has a usual length.
        start = -0.5 * ((np.log(spans[0]) - np.log(60 * second / USUAL)) / SPREAD) ** 2
        start -= lost * (frames[0] + 9 - frames[-1]) / second
        return float(score[list(frames)].sum() - change + start)

    ways = [tuple(np.flatnonzero(way).tolist()) for way in product([0, 1], repeat=10) if sum(way) > 1]
    best = max(worth(way) for way in ways)
    assert worth(tuple(place_beats(score, second, steady, lost).tolist())) >= best - 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_no_other_bars_are_better(seed: int):
    rules = BeatRules(metres={2: 0.3, 3: 0.1}, change=1.0)
    score = np.random.default_rng(seed).normal(0, 2, 8)
    ways = [np.array(way) for way in product([False, True], repeat=8) if any(way)]
    best = max(_worth_of(way, score, rules) for way in ways)
    assert _worth_of(begin_bars(score, rules), score, rules) == pytest.approx(best)


def _worth_of(begins: np.ndarray, score: np.ndarray, rules: BeatRules) -> float:
    """The best that any metres make of these bars."""
    (lines,) = np.nonzero(begins)
    lengths = np.diff(np.concatenate([[0] if not begins[0] else [], lines, [len(score)]]).astype(int))
    best = -np.inf
    for metres in product(rules.metres, repeat=len(lengths)):
        cut = [length < metre for length, metre in zip(lengths, metres, strict=True)]
        fits = all(length <= metre for length, metre in zip(lengths, metres, strict=True))
        fits &= not any(cut[1:-1]) and cut[0] <= (not begins[0] or len(cut) == 1) and (begins[0] or cut[0])
        if fits:
            cost = sum(
                rules.metres[metre] * length / metre for length, metre in zip(lengths, metres, strict=True)
            )
            changes = sum(a != b for a, b in pairwise(metres))
            best = max(best, score[lines].sum() - cost - rules.change * changes)
    return best


@pytest.mark.parametrize(("metre", "begin"), [(4, 0), (4, 3), (3, 2)])
@pytest.mark.parametrize("silence", [0.0, 0.3, 9.0])
def test_bars_of_the_grid_begin_where_bars_do(metre: int, begin: int, silence: float):
    beats = swaying(30)
    found = bars_at(beats, metre, begin)
    timeline, signatures = time_of(Beats(found.seconds + silence, found.first, found.compound))
    assert signatures[-1].numerator == metre and len(signatures) <= 2
    assert timeline.at(np.zeros(1))[0] == pytest.approx(0, abs=1e-9)
    assert timeline.bpm(np.zeros(1))[0] == pytest.approx(60 / np.diff(beats)[0], rel=0.2)
    lines = timeline.at(bars_of(signatures, float(timeline.beats[-1])).start)
    assert all(np.abs(lines - true - silence).min() < 0.02 for true in beats[begin::metre])


def test_beats_in_three_are_dotted_quarters():
    beats = 0.6 + 0.6 * np.arange(24)
    timeline, signatures = time_of(bars_at(beats, 2, compound=True))
    assert signatures == (Signature(0.0, 3, 8), Signature(1.5, 6, 8))
    np.testing.assert_allclose(timeline.bpm(np.array([6.0])), 150, rtol=0.01)


def test_a_tempo_near_the_true_one_settles_half_and_double():
    beats = 0.4 + 0.4 * np.arange(80)  # 150 a minute; every second one is as good a beat
    score, first, threes = scores(beats, 33), scores(beats[::4], 33), np.full(round(33 * SECOND), -3.0)
    for bpm, step in ((80.0, 2), (140.0, 1)):
        found = decode_beats(score, first, threes, SECOND, RULES.near(bpm))
        assert np.median(np.diff(found.seconds)) == pytest.approx(0.4 * step, abs=0.01)


def test_free_time_has_no_beats():
    """Few notes at moments that no tempo explains."""
    rng = np.random.default_rng(0)
    struck = np.cumsum(rng.uniform(0.3, 2.5, 40))
    length = struck[-1] + 1
    few = scores(struck[rng.uniform(size=40) < 0.2], length)
    assert not len(decode_beats(few, few, np.full(len(few), -3.0), SECOND))


@pytest.mark.parametrize("signature", [(4, 4), (3, 4), (6, 8), (12, 8), (7, 8), (2, 2)])
def test_beats_of_a_signature_fill_its_bars(signature: tuple[int, int]):
    one = Signature(0.0, *signature)
    places, first, compound = beats_of([one], 3 * one.quarters)
    np.testing.assert_allclose(places[first], one.quarters * np.arange(3))
    assert len(places) == 3 * len(one.pulses) and compound.all() == (signature in ((6, 8), (12, 8)))


def test_fewer_than_two_beats_are_no_time():
    with pytest.raises(DataError, match="no beat"):
        time_of(Beats.none())


def test_a_tempo_holds_before_and_after_what_is_struck():
    beats = 0.1 + 0.5 * np.arange(60)
    found = decode_beats(scores(beats[12:-9], 30), scores(beats[12:-9:4], 30), np.full(2584, -3.0), SECOND)
    assert found_times(beats, found.seconds, 0.07).f1 == 1
