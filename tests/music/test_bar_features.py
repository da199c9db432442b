"""Facts about bars: the chords that given notes make stand where none are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msgld.music.bar_features import OPEN, BarFacts
from msgld.music.bars import Signature, bars_of
from msgld.music.chord_names import parse_chord
from msgld.music.grid import LOWEST, Cells

TRIADS = {0: (60, 64, 67), 1: (57, 60, 64), 3: (65, 69, 72)}
"""Pitches of whole bars: C, A minor, nothing, F."""


def chords(bars: dict[int, tuple[int, ...]]) -> Cells:
    rows = [
        (16 * bar, 16 * bar + 16, pitch - LOWEST, 90, 0.0) for bar, held in bars.items() for pitch in held
    ]
    slot, stop, key, velocity, offset = (np.array(column) for column in zip(*rows, strict=True))
    return Cells(slot, stop, key, velocity, offset)


def empty() -> BarFacts:
    return BarFacts.of(bars_of([Signature()], 16.0))


def test_notes_tell_the_chords_of_their_bars() -> None:
    facts = empty().with_chords_of({"piano": chords(TRIADS)})
    assert facts.bass.tolist() == [[0, 0], [9, 9], [OPEN, OPEN], [5, 5]]
    for bar, pitches in TRIADS.items():
        assert set(np.flatnonzero(facts.chords[bar, 0])) == {pitch % 12 for pitch in pitches}
    assert not facts.chords[2].any()


def test_a_note_that_began_before_the_excerpt_sounds_in_it() -> None:
    held = chords({1: TRIADS[1]})
    facts = empty().with_chords_of({"piano": replace(held, slot=held.slot - 40)})
    assert facts.bass.tolist() == [[9, 9], [9, 9], [OPEN, OPEN], [OPEN, OPEN]]


def test_chords_that_are_asked_for_stay() -> None:
    asked = (parse_chord("G"), None)
    before = empty().with_chords((asked,) * 4)
    after = before.with_chords_of({"piano": chords(TRIADS)})
    assert np.array_equal(after.chords, before.chords)
    assert np.array_equal(after.bass, before.bass)


def test_drums_make_no_chords() -> None:
    facts = empty().with_chords_of({"drums": chords(TRIADS)})
    assert (facts.bass == OPEN).all()


def test_chords_follow_a_transposition() -> None:
    notes = chords(TRIADS)
    here, there = (empty().with_chords_of({"piano": one}) for one in (notes, notes.transposed(5)))
    assert np.array_equal(here.transposed(5).chords, there.chords)
    assert np.array_equal(here.transposed(5).bass, there.bass)
