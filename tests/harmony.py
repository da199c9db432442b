"""Chords and cadences whose key is known."""

from __future__ import annotations

import numpy as np

RATE = 22_050


def chords(classes: list[tuple[int, int, int]]) -> np.ndarray:
    """A second of each chord of pitch classes, C being 0, with overtones."""
    time = np.arange(RATE) / RATE
    parts = []
    for chord in classes:
        pitches = [48 + note for note in chord] + [60 + note for note in chord]
        tones = [440 * 2 ** ((pitch - 69) / 12) for pitch in pitches]
        parts.append(sum(0.6**k * np.sin(2 * np.pi * (k + 1) * f * time) for f in tones for k in range(4)))
    return np.concatenate(parts) * 0.02


def cadence(tonic: int, *triads: tuple[int, int, int]) -> np.ndarray:
    return chords([tuple((tonic + note) % 12 for note in triad) for triad in triads])
