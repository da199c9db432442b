"""Pieces that could have been written as well: songs are few, and a composer learns the same ones by heart.

All that changes keeps what stems have to do with each other: who plays what, on which degree of the scale, how high.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from msgld.music.grid import LOWEST, folded
from msgld.music.keys import MODES
from msgld.music.score import SCORE_STEMS
from msgld.stems import UNPITCHED
from msgld.training.score.pieces import Piece

ROLES = ("guitar", "piano", "other")
"""Stems that can play each other's notes."""

MOVED = ("guitar", "piano", "vocals", "other")
"""Stems that can play an octave higher or lower."""

STEPS = (-3, -2, -1, 1, 2, 3)
"""Steps of the scale by which a piece is moved."""


@dataclass(frozen=True)
class Changes:
    """How often pieces are changed.

    Attributes:
        moved: probability that all notes move along the scale.
        exchanged: probability that the stems of ``ROLES`` exchange their notes.
        octave: probability that a stem of ``MOVED`` plays an octave higher, or lower.
    """

    moved: float = 0.4
    exchanged: float = 0.3
    octave: float = 0.15


def changed(piece: Piece, how: Changes, rng: np.random.Generator) -> Piece:
    """A piece at home (:mod:`msgld.music.home`), perhaps changed."""
    if rng.random() < how.moved:
        piece = along_the_scale(piece, int(rng.choice(STEPS)))
    if rng.random() < how.exchanged:
        piece = exchanged(piece, dict(zip(ROLES, rng.permutation(ROLES).tolist(), strict=True)))
    cells = dict(piece.cells)
    for stem in MOVED:
        if stem in cells and rng.random() < how.octave:
            cells[stem] = cells[stem].transposed(12 if rng.random() < 0.5 else -12)
    return replace(piece, cells=cells)


def along_the_scale(piece: Piece, steps: int) -> Piece:
    """All notes so many steps of the scale of C higher: C major becomes D dorian. The key is open then.

    A note between two of the scale stays a semitone above the lower one.
    """
    scale, pitch_class = np.array(MODES["major"]), np.arange(12)
    degree = np.searchsorted(scale, pitch_class, side="right") - 1
    turn = degree + steps
    moved = scale[turn % 7] + 12 * (turn // 7) + pitch_class - scale[degree]
    higher = moved - pitch_class
    cells = {
        stem: one
        if stem in UNPITCHED
        else replace(one, key=folded(one.key + higher[(one.key + LOWEST) % 12]))
        for stem, one in piece.cells.items()
    }
    unknown = np.full(len(piece), -1)
    facts = replace(piece.facts.with_classes(moved % 12), tonic=unknown, mode=unknown)
    return replace(piece, cells=cells, facts=facts)


def exchanged(piece: Piece, plays: Mapping[str, str]) -> Piece:
    """The piece with stems that play what others did; the programs of those are open then."""
    taken = {stem: source for stem, source in plays.items() if stem != source}
    cells = {stem: one for stem, one in piece.cells.items() if stem not in taken}
    cells |= {stem: piece.cells[source] for stem, source in taken.items() if source in piece.cells}
    programs = {stem: () if stem in taken else piece.programs.get(stem, ()) for stem in cells}
    rows = [SCORE_STEMS.index(taken.get(stem, stem)) for stem in SCORE_STEMS]
    return replace(piece, cells=cells, programs=programs, held=piece.held[rows])
