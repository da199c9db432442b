"""Where stems that were made stand between the loudspeakers: the model makes them without a place of their own."""

from __future__ import annotations

import math

import numpy as np

PLACES = {"bass": 0.0, "drums": 0.0, "guitar": -0.4, "piano": 0.4, "other": 0.15}
"""Place of each stem from -1 (left) to 1 (right); a stem of another name stands in the middle."""


def stereo_gains(place: float) -> np.ndarray:
    """Gains of left and right at a place, (2,).

    Equal power: the squares sum to 2 everywhere, so the mean power of the channels is that of the mono sound.

    Args:
        place: -1 (left) to 1 (right).
    """
    angle = (place + 1) * math.pi / 4
    return math.sqrt(2) * np.array([math.cos(angle), math.sin(angle)])


def gains_of(stem: str) -> np.ndarray:
    """Gains of left and right at a stem's place, (2,)."""
    return stereo_gains(PLACES.get(stem, 0.0))


def gains_like(samples: np.ndarray, stem: str) -> np.ndarray:
    """Gains (channels,) with which a mono sound stands where ``samples`` (channels, L) do.

    Their mean square is 1. Where the samples are silent, it is the stem's place, in the first two channels.
    """
    power = (samples.astype(np.float64) ** 2).mean(axis=1)
    if power.sum() > 0:
        return np.sqrt(power / power.mean())
    channels = len(samples)
    if channels == 1:
        return np.ones(1)
    gains = np.zeros(channels)
    gains[:2] = gains_of(stem) * math.sqrt(channels / 2)
    return gains


def place(mono: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """A mono sound (L,) on channels with gains (channels,): float32 (channels, L)."""
    return (gains[:, None] * mono).astype(np.float32)
