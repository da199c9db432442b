"""Home: the transposition in which a piece keeps to the white keys, in which the score model hears and plays all music.

Without it a network would have to learn every turn of harmony twelve times. A major key and its relative minor share a
scale, so they need not be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import LOWEST, Cells
from msgld.music.key_detection import scale_fractions
from msgld.stems import UNPITCHED

LONGEST = STEPS
"""Steps of a note that count, at most: a pedal point is not the whole harmony."""


def class_time(cells: Mapping[str, Cells]) -> np.ndarray:
    """Time of each pitch class from C on, steps, (12,), in notes by stem; drums have none."""
    time = np.zeros(12)
    for stem, one in cells.items():
        if stem not in UNPITCHED:
            np.add.at(time, (one.key + LOWEST) % 12, np.minimum(one.stop - one.slot, LONGEST))
    return time


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
    return {stem: one if stem in UNPITCHED else one.transposed(semitones) for stem, one in cells.items()}
