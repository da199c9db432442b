"""Measures of parts in notes: laws, and bars whose figures are known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from score_tiny import some_cells

from msgld.metrics.score_bars import alike, bar_keys, copied, doubled, repetition
from msgld.metrics.score_histograms import SIZES, distance, histograms, total
from msgld.metrics.scores import (
    chroma_of,
    curves_alike,
    half_of_slots,
    in_chords,
    in_key,
    laid_on,
    level_curve,
    notes_in_common,
    onset_patterns,
    rhythm_in_common,
    silence,
)
from msgld.music.bars import STEPS
from msgld.music.chord_names import parse_chord, parse_chords
from msgld.music.grid import LOWEST, Cells

FOURS, THREES = np.full(4, 16), np.full(4, 12)
SEEDS = st.integers(0, 10_000)


def cells(*notes: tuple[int, int, int], velocity: int = 100) -> Cells:
    """Notes as (slot, slots, MIDI pitch)."""
    slot, length, pitch = np.array(notes, int).reshape(-1, 3).T
    return Cells(slot.astype(np.int32), (slot + length).astype(np.int32), (pitch - LOWEST).astype(np.int16),
                 np.full(len(slot), velocity, np.int16), np.zeros(len(slot), np.float32))  # fmt: skip


def drawn(seed: int, bars: int = 4, count: int = 40) -> Cells:
    """Random notes in the middle of the keyboard, so that transposing folds nothing."""
    some = some_cells(np.random.default_rng(seed), bars, count)
    return replace(some, key=(some.key % 40 + 20).astype(np.int16))


@given(SEEDS)
def test_a_part_has_all_notes_and_all_onsets_in_common_with_itself(seed: int) -> None:
    part = {"piano": drawn(seed)}
    assert notes_in_common(part, {"bass": part["piano"]}, FOURS) == pytest.approx(1)
    assert rhythm_in_common(part, {"bass": part["piano"]}, FOURS) == pytest.approx(1)


@given(SEEDS, st.integers(-12, 12))
def test_agreement_is_symmetric_and_the_same_in_any_key_of_both(seed: int, semitones: int) -> None:
    one, other = {"piano": drawn(seed)}, {"bass": drawn(seed + 1)}
    value = notes_in_common(one, other, FOURS)
    assert notes_in_common(other, one, FOURS) == pytest.approx(value)
    moved = ({stem: part.transposed(semitones) for stem, part in side.items()} for side in (one, other))
    assert notes_in_common(*moved, FOURS) == pytest.approx(value)
    higher = {"piano": one["piano"].transposed(semitones)}
    assert rhythm_in_common(higher, other, FOURS) == rhythm_in_common(one, other, FOURS)


def test_notes_in_common_are_those_of_chords() -> None:
    minor = {"piano": cells((0, 16, 60), (0, 16, 63), (0, 16, 67))}
    one = np.array([16])
    third, tritone = ({"bass": cells((0, 16, pitch))} for pitch in (39, 42))
    assert notes_in_common(third, minor, one) > 0.4
    assert notes_in_common(tritone, minor, one) < 0
    assert np.isnan(notes_in_common({"bass": Cells.none()}, minor, one))
    assert np.isnan(notes_in_common({"drums": drawn(0)}, minor, one)), "drums have no pitch classes"
    # An octave is the same, a semitone is not.
    octave, beside = ({"bass": cells((0, 16, pitch))} for pitch in (48, 49))
    low = {"piano": cells((0, 16, 60))}
    assert notes_in_common(octave, low, one) == pytest.approx(1)
    assert notes_in_common(beside, low, one) < 0


def test_slots_that_a_bar_does_not_have_are_no_music() -> None:
    steps = np.array([12, 12])
    tied = {
        "piano": cells((6, 18, 60))
    }  # from the middle of a bar to that of the next, over the four unused slots
    assert chroma_of(tied, steps, half_of_slots(steps))[:, 0] == pytest.approx(
        100 / 127 * np.array([0, 6, 6, 2])
    )
    assert silence(tied["piano"], steps) == pytest.approx(1 - 14 / 24)
    # Onsets that alternate are exact opposites on the steps there are.
    on, off = ({"drums": cells(*((slot, 1, 36) for slot in range(first, 12, 2)))} for first in (0, 1))
    assert rhythm_in_common(on, off, steps[:1]) == pytest.approx(-1)


def test_rhythm_counts_bars_in_which_both_play() -> None:
    one = {"drums": cells((0, 1, 36), (4, 1, 36), (16, 1, 36))}
    other = {"bass": cells((0, 4, 40), (4, 4, 40), (33, 4, 40))}
    assert rhythm_in_common(one, other, FOURS) == pytest.approx(1)
    assert np.isnan(rhythm_in_common({"drums": Cells.none()}, other, FOURS))
    assert onset_patterns(one, 4).shape == (4, STEPS)


def test_silence_of_nothing_is_all_and_of_all_is_nothing() -> None:
    assert silence(None, FOURS) == silence(Cells.none(), FOURS) == 1
    assert silence(cells((0, 64, 60)), FOURS) == 0
    assert silence(cells((0, 16, 60), (8, 8, 64)), FOURS) == 0.75, "what sounds at once counts once"
    assert silence(cells((-8, 16, 60)), FOURS) == 1 - 8 / 64, "what began before the clip sounds in it"


@given(SEEDS, st.integers(1, 20))
def test_level_curves_are_alike_at_any_loudness_and_have_no_mean(seed: int, louder: int) -> None:
    part = replace(drawn(seed), velocity=np.random.default_rng(seed).integers(1, 6, 40).astype(np.int16))
    curve = level_curve(part, FOURS)
    assert curve.shape == (8,) and curve.sum() == pytest.approx(0, abs=1e-9)
    assert curves_alike(
        curve, level_curve(replace(part, velocity=part.velocity * louder), FOURS)
    ) == pytest.approx(1)
    assert curves_alike(curve, -curve) == pytest.approx(-1)


def test_level_curves_go_by_half_bars_and_constant_ones_count_nothing() -> None:
    late = cells((6, 1, 60), (11, 1, 60))  # the second half of a bar of 12 steps
    assert level_curve(late, np.array([12])).tolist() == [-100, 100]
    assert level_curve(late, np.array([16])).tolist() == [0, 0]
    assert curves_alike(level_curve(late, np.array([16])), np.array([1.0, -1.0])) == 0
    assert curves_alike(level_curve(None, FOURS), level_curve(drawn(0), FOURS)) == 0


@given(SEEDS)
def test_a_piece_laid_on_its_own_bars_is_itself(seed: int) -> None:
    part = drawn(seed)
    laid = laid_on({"piano": part}, FOURS, FOURS)["piano"]
    order = np.lexsort((laid.key, laid.slot)), np.lexsort((part.key, part.slot))
    for name in ("slot", "stop", "key", "velocity"):
        assert getattr(laid, name)[order[0]].tolist() == getattr(part, name)[order[1]].tolist()


def test_a_piece_is_laid_on_bars_of_one_length_in_turn() -> None:
    own = np.array([16, 12, 16])
    part = {"bass": cells((0, 2, 40), (16, 2, 41), (32, 2, 42))}
    laid = laid_on(part, own, np.array([16, 16, 16, 12, 8]))["bass"]
    assert (laid.slot // STEPS).tolist() == [0, 1, 2, 3]
    assert (laid.key + LOWEST).tolist() == [40, 42, 40, 41]


def test_time_in_chords() -> None:
    halves = tuple((parse_chord(one), parse_chord(other)) for one, other in (("C", "Am"), ("N", "G/B")))
    steps = np.array([12, 12])
    inside = cells((0, 6, 64), (6, 6, 69), (22, 6, 71))
    assert in_chords({"piano": inside}, halves, steps) == 1
    assert in_chords({"piano": inside.transposed(1)}, halves, steps) == pytest.approx(0)
    half = {"piano": inside, "other": inside.transposed(1), "drums": inside.transposed(1)}
    assert in_chords(half, halves, steps) == pytest.approx(0.5)
    assert np.isnan(in_chords({"piano": cells((16, 6, 61))}, halves, steps)), "there is no chord"


@given(SEEDS, st.integers(-12, 12))
def test_time_in_chords_is_the_same_in_any_key(seed: int, semitones: int) -> None:
    halves = tuple((one[0], one[-1]) for one in parse_chords("Am7 F,G Bdim N"))
    moved = tuple(tuple(chord and chord.transposed(semitones) for chord in pair) for pair in halves)
    part = {"piano": drawn(seed)}
    there = {"piano": part["piano"].transposed(semitones)}
    assert in_chords(there, moved, FOURS) == pytest.approx(in_chords(part, halves, FOURS))


def test_pieces_are_in_their_key_and_in_its_relative() -> None:
    scale = {
        "piano": cells(*((2 * place, 2, pitch) for place, pitch in enumerate((60, 62, 64, 65, 67, 69, 71))))
    }
    assert [in_key(scale, key, FOURS) for key in ("C major", "A minor", "D dorian", "G major", "C minor")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert not in_key({"drums": scale["piano"]}, "C major", FOURS)


def test_doubling_itself_is_one_and_another_rhythm_or_a_drum_is_none() -> None:
    part = cells(*((slot, 2, 60 + slot % 7) for slot in range(0, 60, 3)))
    assert doubled("other", part, {"guitar": part}, 4) == [True] * 4
    assert doubled("other", part.transposed(12), {"guitar": part}, 4) == [True] * 4, "octaves double, too"
    assert doubled("other", part.transposed(1), {"guitar": part}, 4) == [False] * 4
    late = replace(part, slot=part.slot + 1, stop=part.stop + 1)
    assert doubled("other", late, {"guitar": part}, 4) == [False] * 4
    assert doubled("other", part, {"drums": part}, 4) == [False] * 4
    assert doubled("drums", part, {"guitar": part}, 4) == []
    assert doubled("other", cells((16, 4, 60)), {"guitar": part}, 4) == [False], (
        "bars without notes do not count"
    )


def test_nine_of_ten_notes_double_and_eight_do_not() -> None:
    part = cells(*((slot, 1, 60) for slot in range(10)))
    for kept, expected in ((9, True), (8, False)):
        assert doubled("other", part.pick(np.arange(kept)), {"guitar": part}, 1) == [expected]


def test_repetition_of_one_bar_and_of_none() -> None:
    bar = ((0, 4, 60), (4, 4, 62), (8, 8, 64))
    loop = cells(*((slot + 16 * number, length, pitch) for number in range(4) for slot, length, pitch in bar))
    assert repetition(loop, 4) == 1
    assert repetition(loop.pick(np.arange(6)), 4) == 1, "empty bars do not count"
    assert np.isnan(repetition(cells(*bar), 4)) and np.isnan(repetition(None, 4))
    rising = cells(*((16 * number, 4, 60 + number) for number in range(4)))
    assert repetition(rising, 4) == 0


@given(SEEDS, st.integers(-12, 12))
def test_bars_are_copies_in_any_key_but_those_of_drums(seed: int, semitones: int) -> None:
    part = drawn(seed)
    known = frozenset(bar_keys("piano", part.transposed(semitones), 4))
    assert all(copied("piano", part, 4, known)) and copied("piano", part, 4, known)
    assert not any(copied("piano", part, 4, frozenset()))
    if semitones:
        assert not any(copied("drums", part, 4, frozenset(bar_keys("drums", part.transposed(semitones), 4))))


def test_a_bar_is_a_copy_at_any_loudness_and_length_but_not_elsewhere() -> None:
    part = cells((0, 2, 60), (3, 2, 64))
    known = frozenset(bar_keys("piano", part, 1))
    assert copied("piano", cells((0, 9, 50), (3, 1, 54), velocity=20), 1, known) == [True]
    assert copied("piano", cells((0, 2, 60), (4, 2, 64)), 1, known) == [False]


def test_alike_is_a_jaccard_index() -> None:
    assert alike(frozenset({(0, 1), (2, 3)}), frozenset({(0, 1), (4, 5)})) == pytest.approx(1 / 3)
    assert alike(frozenset(), frozenset()) == 0


@given(SEEDS)
def test_histograms_count_all_notes_and_are_at_no_distance_from_themselves(seed: int) -> None:
    found = histograms("piano", drawn(seed))
    assert {aspect: len(counts) for aspect, counts in found.items()} == SIZES
    assert found["pitch"].sum() == found["duration"].sum() == found["onset"].sum() == 40
    for counts in found.values():
        assert distance(counts, 3 * counts) == pytest.approx(0)
    moved = histograms("piano", drawn(seed).transposed(3))
    for aspect in ("interval", "duration", "onset"):
        assert moved[aspect].tolist() == found[aspect].tolist()


def test_histograms_of_a_line() -> None:
    line = cells((0, 4, 60), (4, 4, 64), (4, 4, 55), (8, 40, 62))
    found = histograms("other", line)
    assert {int(place) - 24 for place in np.flatnonzero(found["interval"])} == {4, -2}, (
        "the top of each onset"
    )
    assert np.flatnonzero(found["duration"]).tolist() == [3, 31], "long ones count as the longest"
    assert np.flatnonzero(found["onset"]).tolist() == [0, 4, 8]
    assert not histograms("drums", line)["interval"].any()
    assert distance(np.array([1, 0]), np.array([0, 5])) == 1
    assert np.isnan(distance(np.zeros(2), np.ones(2)))
    assert total([], 3).tolist() == [0, 0, 0]
    assert not any(counts.any() for counts in histograms("piano", None).values())
