"""The key of a sound by the energy of its pitch classes, and of written notes by their time. No network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.music.chroma import chroma
from msgld.music.keys import key_of_scale, scale
from msgld.music.midi.parts import Part

CLEAR = 0.01
"""Fraction of the energy by which a scale must hold more than all others to be the key of a sound."""

HELD, AHEAD = 0.94, 0.03
"""Fraction of the sounding time that the notes of a scale must fill, and its margin over any other scale."""

FEWEST = 5
"""Pitch classes without which several scales fit alike."""


def key_of(samples: np.ndarray, rate: int) -> str | None:
    """The key of a sound, such as ``"D minor"``; None where no scale holds clearly more energy than the others.

    Of the two keys that share a scale, the result is the one with the stronger tonic and fifth. Other modes are not
    distinguished.

    Args:
        samples: (L,) or (channels, L), without drums if they can be left out.
        rate: samples a second.
    """
    energies = pitch_classes(samples, rate)
    if not energies.any():
        return None
    held = scale_fractions(energies)
    second, first = np.sort(held)[-2:]
    if first - second < CLEAR:
        return None
    return key_of_scale(int(np.argmax(held)), energies.tolist())


def key_of_notes(piece: Sequence[Part], start: float, seconds: float) -> str | None:
    """The major or minor key of an excerpt, or None where no scale clearly holds its notes.

    Of the two keys that share a scale, the result is the one with the longer tonic and fifth.

    Args:
        piece: drums are ignored.
        start: of the excerpt, seconds.
        seconds: its length.
    """
    time = np.zeros(12)
    for part in piece:
        if not part.is_drum:
            ends = (part.onset, part.onset + part.duration)
            begin, end = (np.clip(at, start, start + seconds) for at in ends)
            np.add.at(time, part.pitch % 12, end - begin)
    if np.count_nonzero(time) < FEWEST:
        return None
    held = scale_fractions(time)
    second, first = np.sort(held)[-2:]
    if first < HELD or first - second < AHEAD:
        return None
    return key_of_scale(int(np.argmax(held)), time.tolist())


def pitch_classes(samples: np.ndarray, rate: int) -> np.ndarray:
    """Energy of each pitch class of a sound (L,) or (channels, L), from C on, (12,)."""
    return np.roll(chroma(samples, rate).sum(0), -3)  # from A first to C first


def scale_fractions(energies: np.ndarray) -> np.ndarray:
    """Fraction of the energy (or time) of pitch classes (12,) in each scale of seven notes, by major tonic, (12,)."""
    return np.array([energies[[*scale(tonic, "major")]].sum() for tonic in range(12)]) / energies.sum()
