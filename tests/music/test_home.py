"""Home: every transposition of a piece has the same one."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.music.grid import LOWEST, Cells, in_bars
from msgld.music.home import class_time, transposed, way_home

SCALE = (0, 2, 4, 5, 7, 9, 11)


def line(pitches: tuple[int, ...], steps: int = 2) -> Cells:
    """Notes one after another, in pitches as MIDI numbers them."""
    slot = np.arange(len(pitches), dtype=np.int32) * steps
    key = np.array(pitches, np.int16) - LOWEST
    return Cells(slot, slot + steps, key, np.full(len(slot), 90, np.int16), np.zeros(len(slot), np.float32))


def test_a_scale_of_white_keys_is_at_home() -> None:
    assert way_home(class_time({"piano": line(tuple(60 + step for step in SCALE))})) == 0


@pytest.mark.parametrize("semitones", range(-6, 6))
def test_the_way_home_undoes_a_transposition(semitones: int) -> None:
    notes = {"bass": line((36, 43, 41, 45)), "piano": line((60, 64, 67, 65, 69, 72, 71, 62))}
    moved = transposed(notes, semitones)
    assert way_home(class_time(moved)) == (-semitones if semitones > -6 else -6)


def test_drums_have_no_pitch() -> None:
    drums = {"drums": line((36, 38, 42, 46))}
    assert not class_time(drums).any()
    assert way_home(class_time(drums)) == 0
    assert transposed(drums, 3)["drums"] is drums["drums"]


def test_only_known_bars_count() -> None:
    in_c, in_e = (tuple(root + step for step in SCALE) * 2 for root in (60, 64))
    cells = {"piano": line(in_c[:8] + in_e[:8])}
    for bar, way in ((0, 0), (1, -4)):
        known = np.arange(2) == bar
        assert way_home(class_time(in_bars(cells, {"piano": known}))) == way
    assert not in_bars(cells, {"bass": np.ones(2, bool)})


def test_a_pedal_point_is_not_the_whole_harmony() -> None:
    held = Cells(*(np.array([value]) for value in (0, 640, 61 - LOWEST, 90, 0.0)))
    assert way_home(class_time({"other": held, "piano": line(tuple(60 + step for step in SCALE) * 4)})) == 0
