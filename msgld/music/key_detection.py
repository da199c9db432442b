"""The key of a sound, from the energy of its pitch classes. No network, no download."""

from __future__ import annotations

import numpy as np

from msgld.music.chroma import chroma
from msgld.music.keys import key_of_scale, scale

CLEAR = 0.01
"""Fraction of the energy by which a scale must hold more than all others to be the key of a sound."""


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


def pitch_classes(samples: np.ndarray, rate: int) -> np.ndarray:
    """Energy of each pitch class of a sound (L,) or (channels, L), from C on, (12,)."""
    return np.roll(chroma(samples, rate).sum(0), -3)  # from A first to C first


def scale_fractions(energies: np.ndarray) -> np.ndarray:
    """Fraction of the pitch classes' energy (12,) in each scale of seven notes, by its major tonic, (12,)."""
    return np.array([energies[[*scale(tonic, "major")]].sum() for tonic in range(12)]) / energies.sum()
