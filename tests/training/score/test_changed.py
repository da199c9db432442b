"""Pieces that are changed for training keep what their stems have to do with each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from score_tiny import STYLES, some_score

from msgld.music.chord_names import parse_chord
from msgld.music.grid import LOWEST
from msgld.music.home import class_time
from msgld.music.score import SCORE_STEMS
from msgld.stems import UNPITCHED
from msgld.training.score.changed import STEPS, Changes, along_the_scale, changed, exchanged
from msgld.training.score.pieces import Piece, piece_of

WHITE = {0, 2, 4, 5, 7, 9, 11}


@pytest.fixture
def piece() -> Piece:
    """At home, in white keys only."""
    piece = piece_of(some_score(), STYLES).at_home()
    cells = {
        stem: one if stem in UNPITCHED else one.pick(np.isin((one.key + LOWEST) % 12, sorted(WHITE)))
        for stem, one in piece.cells.items()
    }
    return replace(piece, cells=cells)


def classes(piece: Piece, stem: str) -> np.ndarray:
    return (piece.cells[stem].key + LOWEST) % 12


@pytest.mark.parametrize("steps", STEPS)
def test_a_piece_moves_along_the_scale_and_back(piece: Piece, steps: int) -> None:
    moved = along_the_scale(piece, steps)
    scale = sorted(WHITE)
    assert moved.cells.keys() == piece.cells.keys()
    for stem in piece.cells:
        if stem in UNPITCHED:
            assert np.array_equal(moved.cells[stem].key, piece.cells[stem].key)
            continue
        wanted = [scale[(scale.index(one) + steps) % 7] for one in classes(piece, stem).tolist()]
        assert classes(moved, stem).tolist() == wanted
        height = moved.cells[stem].key.astype(int) - piece.cells[stem].key
        assert (np.sign(height) == np.sign(steps)).all() and np.abs(height).max() <= 6
        assert np.array_equal(moved.cells[stem].slot, piece.cells[stem].slot)
        assert np.array_equal(along_the_scale(moved, -steps).cells[stem].key, piece.cells[stem].key)
    assert class_time(moved.cells)[sorted(WHITE)].sum() == pytest.approx(class_time(moved.cells).sum())


def test_chords_move_with_the_notes_and_the_key_is_open(piece: Piece) -> None:
    facts = piece.facts.with_chords([(parse_chord("C"), parse_chord("G/B"))] * len(piece))
    moved = along_the_scale(replace(piece, facts=facts), 1).facts
    wanted = piece.facts.with_chords([(parse_chord("Dm"), parse_chord("Am/C"))] * len(piece))
    assert np.array_equal(moved.chords, wanted.chords) and np.array_equal(moved.bass, wanted.bass)
    assert (moved.tonic == -1).all() and (moved.mode == -1).all()


def test_a_note_between_two_of_the_scale_stays_above_the_lower_one(piece: Piece) -> None:
    stem = next(stem for stem in piece.cells if stem not in UNPITCHED)
    one = piece.cells[stem]
    sharp = replace(one, key=np.full(len(one), 61 - LOWEST, np.int16))  # C sharp
    moved = along_the_scale(replace(piece, cells={stem: sharp}), 1)
    assert set((moved.cells[stem].key + LOWEST).tolist()) == {63}  # above D


def test_stems_exchange_their_notes(piece: Piece) -> None:
    held = np.zeros_like(piece.held)
    held[SCORE_STEMS.index("piano"), 1] = True
    piece = replace(piece, held=held)
    plays = {"guitar": "piano", "piano": "other", "other": "guitar"}
    new = exchanged(piece, plays)
    for stem in SCORE_STEMS:
        source = plays.get(stem, stem)
        assert new.cells.get(stem) is piece.cells.get(source)
        assert np.array_equal(new.held[SCORE_STEMS.index(stem)], held[SCORE_STEMS.index(source)])
        if stem in new.cells:
            assert new.programs[stem] == (() if stem in plays else piece.programs[stem])


def test_nothing_changes_unasked_and_octaves_keep_pitch_classes(piece: Piece) -> None:
    rng = np.random.default_rng(0)
    assert changed(piece, Changes(0, 0, 0), rng).cells == piece.cells
    moved = changed(piece, Changes(0, 0, 1), rng)
    assert any((moved.cells[stem].key != piece.cells[stem].key).any() for stem in piece.cells)
    for stem in piece.cells:
        assert np.array_equal(classes(moved, stem), classes(piece, stem))
