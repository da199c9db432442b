"""Panning of generated stems: the model generates them in mono, without a place in the stereo image."""

from __future__ import annotations

import math

import numpy as np

from msgld.stems import about


def stereo_gains(pan: np.ndarray | float) -> np.ndarray:
    """Gains of left and right, (2, ...), for a pan of -1 (left) to 1 (right).

    Equal power: the squares sum to 2 everywhere, so the mean power of the channels is that of the mono sound.
    """
    angle = (np.asarray(pan, dtype=np.float64) + 1) * np.pi / 4
    return np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)])


def gains_of(stem: str) -> np.ndarray:
    """Gains of left and right, (2,), at the stem's pan in the table of stems."""
    return stereo_gains(about(stem).pan)


def gains_like(samples: np.ndarray, stem: str) -> np.ndarray:
    """Gains (channels,) that give a mono sound the same balance as ``samples``; their mean square is 1.

    Args:
        samples: (channels, L).
        stem: where the samples are silent, its own pan counts, in the first two channels.
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
