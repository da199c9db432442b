"""Home: the transposition in which a piece keeps to the white keys, in which the score model hears and plays all music.

Without it a network would have to learn every turn of harmony twelve times. A major key and its relative minor share a
scale, so they need not be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import Cells
from msgld.music.key_detection import scale_fractions

LONGEST = STEPS
"""Steps of a note that count, at most: a pedal point is not the whole harmony."""


def class_time(cells: Mapping[str, Cells], known: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
    """Time of each pitch class, steps, (12,); drums have none.

    Args:
        cells: notes by stem.
        known: bars of each stem whose notes count, bool (T,); None for all of all stems.
    """
    time = np.zeros(12)
    for stem, one in cells.items():
        if stem != "drums" and (known is None or stem in known):
            counted = np.minimum(one.stop - one.slot, LONGEST).astype(float)
            if known is not None:
                counted *= known[stem][np.maximum(one.slot, 0) // STEPS]
            np.add.at(time, one.key % 12, counted)
    return np.roll(time, -3)  # key 0 is an A


def way_home(time: np.ndarray) -> int:
    """Semitones, -6 to 5, by which music is transposed to lie at home; 0 for music without pitches.

    Args:
        time: of each pitch class from C on, (12,).
    """
    if not time.any():
        return 0
    return (6 - int(np.argmax(scale_fractions(time)))) % 12 - 6


def transposed(cells: Mapping[str, Cells], semitones: int) -> dict[str, Cells]:
    """Notes by stem, so many semitones higher; drums stay."""
    return {stem: one if stem == "drums" else one.transposed(semitones) for stem, one in cells.items()}
