"""Bars of the frozen clips, whatever their key, so that training learns no near-duplicates of them.

Accompaniments of different styles share patterns: a file that is not held out may hold half the bars of one that is. A
bar counts by where its notes begin and by their pitches above its lowest one; bars with few notes, and drums, are
everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import Cells
from msgld.stems import UNPITCHED

FEWEST_NOTES, FEWEST_PITCHES = 6, 3
"""Onsets and pitches without which a bar is everybody's."""

FILE = "held_bars.npy"


def bar_hashes(cells: Cells, bars: int) -> np.ndarray:
    """A number for the notes that begin in each bar, uint64 (bars,); 0 for a bar that is everybody's.

    The sum of a number for each note (Zobrist 1970), so that their order does not matter.
    """
    begun = cells.pick((cells.slot >= 0) & (cells.slot < bars * STEPS))
    bar, step, key = begun.slot // STEPS, begun.slot % STEPS, begun.key.astype(np.int64)
    lowest = np.full(bars, 1 << 16)
    np.minimum.at(lowest, bar, key)
    above = key - lowest[bar]
    sums = np.zeros(bars, np.uint64)
    np.add.at(sums, bar, _mixed((step * 128 + above + 1).astype(np.uint64)))
    played = np.zeros((bars, 128), bool)
    played[bar, above] = True
    enough = (np.bincount(bar, minlength=bars) >= FEWEST_NOTES) & (played.sum(1) >= FEWEST_PITCHES)
    return np.where(enough, sums, np.uint64(0))


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele et al. 2014)."""
    x = numbers * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


@lru_cache(maxsize=1)
def held_hashes() -> np.ndarray:
    """Those of all bars of the frozen clips, ascending, without 0."""
    with files("msgld.data").joinpath(FILE).open("rb") as file:
        hashes: np.ndarray = np.load(file)
    return hashes


def held_bars(cells: Mapping[str, Cells], stems: Sequence[str], bars: int) -> np.ndarray:
    """Which bars of which stems a frozen clip has, too, bool (S, bars)."""
    held = np.zeros((len(stems), bars), bool)
    for number, stem in enumerate(stems):
        if stem in cells and stem not in UNPITCHED:
            held[number] = np.isin(bar_hashes(cells[stem], bars), held_hashes())
    return held
