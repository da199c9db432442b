"""Measures of the bars of parts in notes: do they return, do they double others, are they copies?"""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from msgld.metrics.scores import Stems
from msgld.music.bars import STEPS
from msgld.music.grid import LOWEST, Cells
from msgld.stems import UNPITCHED

ALIKE = 0.9
"""Jaccard index of steps and pitch classes from which a bar counts as doubled."""

Placed = frozenset[tuple[int, int]]
"""The notes of a bar, each a step and a key or a pitch class."""


def bar_sets(cells: Cells | None, bars: int) -> list[Placed]:
    """The notes of each bar as (step, key)."""
    sets: list[set[tuple[int, int]]] = [set() for _ in range(bars)]
    if cells is not None:
        for slot, key in zip(cells.slot.tolist(), cells.key.tolist(), strict=True):
            if slot >= 0:
                sets[slot // STEPS].add((slot % STEPS, key))
    return [frozenset(one) for one in sets]


def alike(one: Placed, other: Placed) -> float:
    """Jaccard index of two bars: notes that both have among all notes; 0 where there are none."""
    return len(one & other) / len(one | other) if one or other else 0.0


def repetition(cells: Cells | None, bars: int) -> float:
    """How much bars return: the mean, over bars with notes, of the largest :func:`alike` with another bar; 0 to 1.

    Returns:
        NaN with fewer than two bars that have notes.
    """
    sets = [one for one in bar_sets(cells, bars) if one]
    if len(sets) < 2:
        return float("nan")
    best = [max(alike(one, other) for j, other in enumerate(sets) if j != i) for i, one in enumerate(sets)]
    return float(np.mean(best))


def doubled(stem: str, made: Cells | None, given: Stems, bars: int) -> list[bool]:
    """Of each bar of a made stem that has notes, whether a given stem has its steps and pitch classes, too.

    Drums double nothing, and none are doubled.
    """
    if stem in UNPITCHED:
        return []
    own = [_classes(one) for one in bar_sets(made, bars)]
    others = [
        [_classes(one) for one in bar_sets(cells, bars)]
        for name, cells in given.items()
        if name not in UNPITCHED
    ]
    return [any(alike(one, other[bar]) >= ALIKE for other in others) for bar, one in enumerate(own) if one]


def _classes(notes: Placed) -> Placed:
    return frozenset((step, (key + LOWEST) % 12) for step, key in notes)


def bar_keys(stem: str, cells: Cells | None, bars: int) -> list[bytes]:
    """A key of each bar that has notes. Bars that are transpositions have the same; those of drums if they are equal.

    Steps and pitches count, lengths and velocities do not.
    """
    return [bar_key(stem, notes) for notes in bar_sets(cells, bars) if notes]


def bar_key(stem: str, notes: Placed) -> bytes:
    """That of one bar, which has notes."""
    low = 0 if stem in UNPITCHED else min(key for _, key in notes)
    return np.array(sorted((step, key - low) for step, key in notes), "<i2").tobytes()


def copied(stem: str, cells: Cells | None, bars: int, known: Set[bytes]) -> list[bool]:
    """Of each bar of a stem that has notes, whether its key is among known ones."""
    return [key in known for key in bar_keys(stem, cells, bars)]
