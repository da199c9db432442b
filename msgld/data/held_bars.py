"""Bars of the frozen clips, whatever their key, so that training learns no near-duplicates of them.

Accompaniments of different styles share patterns: a file that is not held out may hold half the bars of one that is. A
bar counts by where its notes begin and by their pitches above its lowest one; bars with few notes, and drums, are
everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files

import numpy as np

from msgld.metrics.score_bars import Placed, bar_key, bar_sets
from msgld.music.grid import Cells
from msgld.stems import UNPITCHED

FEWEST_NOTES, FEWEST_PITCHES = 6, 3
"""Onsets and pitches without which a bar is everybody's."""

FILE = "held_bars.npy"


def bar_hashes(stem: str, cells: Cells, bars: int) -> np.ndarray:
    """A number for each bar's :func:`msgld.metrics.score_bars.bar_key`, uint64 (bars,); 0 for a bar that is
    everybody's."""
    return np.array([_hash(stem, notes) for notes in bar_sets(cells, bars)], np.uint64)


def _hash(stem: str, notes: Placed) -> int:
    if stem in UNPITCHED or len(notes) < FEWEST_NOTES or len({key for _, key in notes}) < FEWEST_PITCHES:
        return 0
    return int.from_bytes(blake2b(bar_key(stem, notes), digest_size=8).digest(), "big")


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
        if stem in cells:
            held[number] = np.isin(bar_hashes(stem, cells[stem], bars), held_hashes())
    return held
