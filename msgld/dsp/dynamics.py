"""Loudness over time: followers, compressors, saturation. Sounds are (..., L), channels are turned down alike."""

from __future__ import annotations

import numpy as np

BLOCK = 64
"""Samples over which a compressor measures loudness."""


def rms(x: np.ndarray) -> float:
    """Root mean square, at least 1e-9."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)) + 1e-18))


def sounding_rms(x: np.ndarray) -> float:
    """Root mean square weighted by power, at least 1e-9: rests hardly count."""
    power = np.square(x.astype(np.float64))
    return float(np.sqrt(np.mean(power**2) / (np.mean(power) + 1e-18) + 1e-18))


def peaks_of(x: np.ndarray) -> np.ndarray:
    """Largest magnitude of each block of ``BLOCK`` samples over all channels, (n,)."""
    loud = np.abs(x)
    loud = loud.reshape(-1, x.shape[-1]).max(0)
    return np.asarray(np.pad(loud, (0, -len(loud) % BLOCK)).reshape(-1, BLOCK).max(1))


def followed(peaks: np.ndarray, rate: int, attack: float, release: float) -> np.ndarray:
    """Loudness that follows the peaks of blocks (n,), up within ``attack`` and down within ``release`` seconds."""
    rise, fall = (float(1 - np.exp(-BLOCK / (rate * time))) for time in (attack, release))
    follow, level = np.empty(len(peaks)), 0.0
    for index, peak in enumerate(peaks.tolist()):
        level += (rise if peak > level else fall) * (peak - level)
        follow[index] = level
    return follow


def over_samples(gains: np.ndarray, length: int) -> np.ndarray:
    """Values of blocks (n,) as values of samples, (length,), in straight lines between the blocks' middles."""
    return np.interp(np.arange(length), (np.arange(len(gains)) + 0.5) * BLOCK, gains)


def compressor_gains(
    x: np.ndarray, rate: int, ratio: float, threshold: float, attack: float, release: float
) -> np.ndarray:
    """Gains (L,) of a compressor that looks at the peaks of a sound (..., L).

    Args:
        x: the sound.
        rate: samples per second.
        ratio: decibels of the sound above the threshold for one of the result.
        threshold: magnitude from which on it is turned down, above 0.
        attack: seconds, see :func:`followed`.
        release: seconds.
    """
    follow = followed(peaks_of(x), rate, attack, release)
    return over_samples(np.maximum(follow / threshold, 1) ** (1 / ratio - 1), x.shape[-1])


def biased_tanh(x: np.ndarray, bias: float) -> np.ndarray:
    """A soft curve of slope 1 at 0, through 0, bent more on one side: tubes and transformers."""
    b = np.float32(bias)
    rest = np.tanh(b)
    return (np.tanh(x + b) - rest) / (1 - rest * rest)
