"""Misheard notes are notes that could have been played, and no degree of mishearing is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from score_tiny import some_cells

from msgld.music.bars import STEPS
from msgld.music.grid import PITCHES, Cells, from_roll, roll_of
from msgld.training.score.mishear import Mishearing, misheard

PERFECT = Mishearing(1.0, 0, 0, 0, 0, 0, 0)
BARS = 8


@pytest.mark.parametrize("drums", [False, True])
def test_perfect_ears_hear_what_was_played(drums: bool) -> None:
    rng = np.random.default_rng(1)
    cells = some_cells(rng, BARS).plus(Cells.none())
    made = misheard(cells, drums, PERFECT, rng)
    for one, other in zip(vars(cells).values(), vars(made).values(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_heard_has_a_place_in_the_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = some_cells(rng, BARS)
    made = misheard(cells, False, Mishearing(), rng)
    steps = np.full(BARS, STEPS)
    assert len(from_roll(roll_of(made, steps), steps)) <= len(made)
    assert (made.stop > made.slot).all() and (made.stop <= STEPS * BARS).all()
    assert ((made.key >= 0) & (made.key < PITCHES)).all()
    assert ((made.velocity > 0) & (made.velocity < 128) & (abs(made.offset) <= 0.5)).all()


@pytest.mark.parametrize(("name", "value"), [("missed", 0.9), ("ghosts", 0.9), ("moved", 0.9), ("ends", 9.0),
                                             ("velocity", 60.0), ("offset", 0.4)])  # fmt: skip
def test_each_fault_changes_the_notes(name: str, value: float) -> None:
    rng = np.random.default_rng(3)
    cells = some_cells(rng, BARS)
    made = misheard(cells, False, replace(PERFECT, **{name: value}), rng)
    counts = {"missed": len(made) < len(cells), "ghosts": len(made) > len(cells)}
    assert counts.get(name, len(made) == len(cells))
    assert any(
        len(one) != len(other) or not np.array_equal(one, other)
        for one, other in zip(vars(cells).values(), vars(made).values(), strict=True)
    )
    drummed = misheard(cells, True, replace(PERFECT, **{name: value}), np.random.default_rng(4))
    assert set(drummed.key) <= set(cells.key), "drums have no overtones"
