"""What notes are used how often: pitches, intervals, durations and places in the bar, as histograms."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import PITCHES, Cells
from msgld.stems import UNPITCHED

WIDEST = 24
"""Semitones of the widest interval; wider ones count as this one."""

LONGEST = 32
"""Steps of the longest duration; longer ones count as this one."""

SIZES = {"pitch": PITCHES, "interval": 2 * WIDEST + 1, "duration": LONGEST, "onset": STEPS}
"""Aspect -> entries of its histogram."""


def histograms(stem: str, cells: Cells | None) -> dict[str, np.ndarray]:
    """How many notes have each pitch, interval, duration and onset position, by aspect.

    Intervals are those between the highest notes of successive onsets. Drums have neither intervals nor durations.
    """
    if cells is None:
        cells = Cells.none()
    cells = cells.pick(cells.slot >= 0)
    found = {"pitch": cells.key, "onset": cells.slot % STEPS}
    if stem not in UNPITCHED:
        found["interval"] = np.clip(np.diff(_tops(cells)), -WIDEST, WIDEST) + WIDEST
        found["duration"] = np.clip(cells.stop - cells.slot, 1, LONGEST) - 1
    return {aspect: np.bincount(found.get(aspect, np.zeros(0, int)).astype(int), minlength=size)
            for aspect, size in SIZES.items()}  # fmt: skip


def _tops(cells: Cells) -> np.ndarray:
    """The highest key of each onset, in their order."""
    order = np.lexsort((cells.key, cells.slot))
    slot, key = cells.slot[order].astype(int), cells.key[order].astype(int)
    last = np.append(np.diff(slot) > 0, True)[: len(slot)]
    return np.asarray(key[last])


def total(counts: Iterable[np.ndarray], size: int) -> np.ndarray:
    """The sum of histograms of a size."""
    return np.sum([np.zeros(size), *counts], axis=0)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Total variation of two histograms: 0 for the same proportions, 1 for nothing in common; NaN if one is empty."""
    if not one.sum() or not other.sum():
        return float("nan")
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2)
