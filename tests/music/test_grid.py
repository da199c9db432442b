"""Laws of the grid: what goes in comes out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgld.music.bars import Signature, bars_of
from msgld.music.grid import LOWEST, Cells, from_cells, from_roll, roll_of, to_cells
from msgld.music.notes import Notes, joined

BARS = bars_of([Signature(0, 4, 4), Signature(8, 3, 4), Signature(14, 7, 8)], 21.0)


@st.composite
def notes(draw: st.DrawFn) -> Notes:
    """Notes on the grid, none of which begins while its pitch sounds."""
    places = draw(st.lists(st.tuples(st.integers(0, 83), st.integers(21, 108)), unique=True, max_size=40))
    lengths = draw(st.lists(st.integers(1, 12), min_size=len(places), max_size=len(places)))
    onset = np.array([step for step, _ in places], float) / 4
    pitch = np.array([one for _, one in places], int)
    end = np.minimum(onset + np.array(lengths, float) / 4, 21.0)
    for pitches in set(pitch.tolist()):
        index = np.flatnonzero(pitch == pitches)
        for one in index:
            later = onset[index][onset[index] > onset[one]]
            end[one] = min(end[one], later.min(initial=np.inf))
    velocity = draw(st.lists(st.integers(1, 127), min_size=len(places), max_size=len(places)))
    return Notes.of(onset, end - onset, pitch, np.array(velocity, int))


def same(one: Notes, other: Notes) -> None:
    assert len(one) == len(other)
    assert one.onset == pytest.approx(other.onset)
    assert one.duration == pytest.approx(other.duration)
    assert one.pitch.tolist() == other.pitch.tolist()
    assert one.velocity.tolist() == other.velocity.tolist()


@given(notes())
def test_notes_on_the_grid_survive_cells_and_roll(written: Notes) -> None:
    cells = to_cells(written, BARS)
    same(from_cells(cells, BARS), written)
    same(from_cells(from_roll(roll_of(cells, BARS.steps), BARS.steps), BARS), written)


@given(st.floats(0, 20), st.integers(21, 108))
def test_the_offset_keeps_an_onset_off_the_grid(onset: float, pitch: int) -> None:
    written = Notes.of(np.array([onset]), np.array([0.5]), np.array([pitch]), np.array([64]))
    read = from_cells(to_cells(written, BARS), BARS)
    assert read.onset[0] == pytest.approx(onset, abs=0.13)
    inside = np.abs(BARS.start - onset).min() > 0.13
    if inside:
        assert read.onset[0] == pytest.approx(onset, abs=1e-6)


def test_of_two_notes_of_one_pitch_at_one_step_the_louder_stays() -> None:
    written = Notes.of(np.array([1.0, 1.02]), np.array([1.0, 1.0]), np.array([60, 60]), np.array([40, 90]))
    assert to_cells(written, BARS).velocity.tolist() == [90]


def test_a_note_that_crosses_the_beginning_of_an_excerpt_sounds_there_without_an_onset() -> None:
    written = Notes.of(np.array([3.0]), np.array([3.0]), np.array([60]), np.array([80]))
    cells = to_cells(written, BARS).between(1, 3)
    roll = roll_of(cells, BARS.steps[1:3])
    assert roll.onset.sum() == 0
    assert roll.sounding[0, :8, 60 - LOWEST].all()
    assert not roll.sounding[0, 8:].any()
    assert len(from_roll(roll, BARS.steps[1:3])) == 0


@given(st.integers(-127, 127))
def test_transposed_keys_stay_in_the_grid_and_in_their_class(semitones: int) -> None:
    keys = np.arange(88).astype(np.int16)
    zeros = np.zeros(88)
    moved = Cells(zeros, zeros + 1, keys, zeros, zeros).transposed(semitones).key
    assert (moved >= 0).all()
    assert (moved < 88).all()
    assert ((moved - keys - semitones) % 12 == 0).all()


def test_parts_are_joined_in_order_and_keep_their_programs() -> None:
    one = Notes.of(np.array([1.0, 0.0]), np.ones(2), np.array([60, 62]), np.array([1, 2]), 24)
    other = Notes.of(np.array([0.5]), np.ones(1), np.array([64]), np.array([3]), 30)
    both = joined([one, other])
    assert both.onset.tolist() == [0, 0.5, 1]
    assert both.program.tolist() == [24, 30, 24]
    assert both.programs == (24, 30)
    assert len(joined([])) == 0
