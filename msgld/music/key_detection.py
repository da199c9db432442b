"""The key of a sound by the energy of its pitch classes, and of written notes by their time. No network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.music.chroma import chroma
from msgld.music.keys import key_name, scale
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
    return _key(energies, 0.0, CLEAR) if energies.any() else None


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
    return _key(time, HELD, AHEAD) if np.count_nonzero(time) >= FEWEST else None


def _key(weights: np.ndarray, least: float, margin: float) -> str | None:
    """The key whose scale holds at least this fraction of the weights, and by a margin more than any other scale.

    Of a major key and its relative minor, which share a scale, the one whose tonic and fifth weigh more.
    """
    held = scale_fractions(weights)
    second, first = np.sort(held)[-2:]
    if first < least or first - second < margin:
        return None
    tonic = int(np.argmax(held))
    relative = (tonic + 9) % 12
    major, minor = (weights[root] + weights[(root + 7) % 12] for root in (tonic, relative))
    return key_name(tonic, "major") if major >= minor else key_name(relative, "minor")


def pitch_classes(samples: np.ndarray, rate: int) -> np.ndarray:
    """Energy of each pitch class of a sound (L,) or (channels, L), from C on, (12,)."""
    return np.roll(chroma(samples, rate).sum(0), -3)  # from A first to C first


def scale_fractions(energies: np.ndarray) -> np.ndarray:
    """Fraction of the energy (or time) of pitch classes (12,) in each scale of seven notes, by major tonic, (12,)."""
    return np.array([energies[[*scale(tonic, "major")]].sum() for tonic in range(12)]) / energies.sum()
