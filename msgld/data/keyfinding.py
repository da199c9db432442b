"""The key of notes whose key nobody wrote down, as of most MIDI files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.data.parts import Part
from msgld.music.keys import key_of_scale, scale

HELD, AHEAD = 0.94, 0.03
"""Share of the sounding time that the notes of a scale must hold, and by how much more than those of any other."""

FEWEST = 5
"""Pitch classes without which several scales fit alike."""


def key_of_notes(piece: Sequence[Part], start: float, seconds: float) -> str | None:
    """The key of a stretch of a piece, or None where no scale clearly holds its notes.

    Of the two keys that share a scale it is that whose tonic and fifth sound longer. Modes are not told apart.

    Args:
        piece: drums are passed over. start, seconds: of the stretch.
    """
    time = sounding_time(piece, start, seconds)
    if np.count_nonzero(time) < FEWEST:
        return None
    held = [time[[*scale(tonic, "major")]].sum() / time.sum() for tonic in range(12)]
    tonic = int(np.argmax(held))
    second = np.partition(held, -2)[-2]
    if held[tonic] < HELD or held[tonic] - second < AHEAD:
        return None
    return key_of_scale(tonic, time.tolist())


def sounding_time(piece: Sequence[Part], start: float, seconds: float) -> np.ndarray:
    """Seconds for which each pitch class sounds in a stretch, from C on, (12,)."""
    time = np.zeros(12)
    for part in piece:
        if not part.is_drum:
            begin, end = (
                np.clip(at, start, start + seconds) for at in (part.onset, part.onset + part.duration)
            )
            np.add.at(time, part.pitch % 12, end - begin)
    return time
