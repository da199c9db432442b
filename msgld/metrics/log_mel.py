"""Log-mel spectrograms: distances, statistics of their sound, pauses. No network, no download."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched

POOLED = 16
"""Groups of neighbouring bands whose mean and deviation are taken."""

REGISTERS = 4
"""Groups of bands whose rhythm is taken: bass, low and high middle, treble."""

RHYTHM_HZ = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Edges of the modulation bands: from half a change a second to eight."""

QUIET = -6.5
"""Natural logarithm of the amplitude of a sinusoid that a mixture at -20 dBFS masks: -56 dBFS."""


def log_mel_l1(estimate: np.ndarray, target: np.ndarray) -> float:
    """Mean absolute difference of two log-mel arrays of one shape, such as (..., M, N), in their own unit.

    Raises:
        UsageError: shapes differ, there are no values, or values are not finite.
    """
    estimate, target = matched(estimate=estimate, target=target)
    return float(np.abs(estimate - target).mean())


def log_mel_mse(estimate: np.ndarray, target: np.ndarray) -> float:
    """Mean squared difference of two log-mel arrays; arguments and errors as for :func:`log_mel_l1`."""
    estimate, target = matched(estimate=estimate, target=target)
    return float(((estimate - target) ** 2).mean())


def mel_statistics(mels: np.ndarray, rate: float) -> np.ndarray:
    """Statistics of a log-mel that describe its sound, not its notes, in the log-mel's unit.

    After the statistics of sound textures of McDermott and Simoncelli (2011): means and deviations of
    pooled bands over time, and the pace at which registers change (the deviation that each octave of
    modulation frequency contributes, by Parseval's theorem). The Fréchet distance of two sets of them compares models
    of one mel grid on one set of clips; a part that differs from the true one but is of its kind costs nothing. It is
    not the FAD of the literature, which compares embeddings of a trained network (Kilgour et al., 2019).

    Args:
        mels: (..., M, N), M of 16 or more.
        rate: columns a second.

    Returns:
        (..., 48): 16 means, 16 deviations, 4 registers x 4 octaves of modulation.

    Raises:
        UsageError: too few bands, no columns, or values that are not finite.
    """
    (mels,) = matched(mels=mels)
    if mels.ndim < 2 or mels.shape[-2] < POOLED:
        raise UsageError(f"log-mels have to be (..., M, N) with M of {POOLED} or more, not {mels.shape}")
    bands = _pooled(mels, POOLED)
    rhythm = _modulation(_pooled(bands, REGISTERS), rate)
    return np.concatenate([bands.mean(-1), bands.std(-1), rhythm.reshape(*mels.shape[:-2], -1)], axis=-1)


def _pooled(mels: np.ndarray, groups: int) -> np.ndarray:
    """Means of groups of neighbouring bands, (..., groups, N)."""
    return np.stack([part.mean(-2) for part in np.array_split(mels, groups, axis=-2)], axis=-2)


def _modulation(envelopes: np.ndarray, rate: float) -> np.ndarray:
    """Deviation of envelopes (..., N) in each octave of modulation frequency, (..., octaves)."""
    columns = envelopes.shape[-1]
    # Twice, as every frequency stands for its negative too.
    power = 2 * np.abs(np.fft.rfft(envelopes)) ** 2 / columns**2
    hertz = np.fft.rfftfreq(columns, 1 / rate)
    octaves = [(hertz >= low) & (hertz < high) for low, high in pairwise(RHYTHM_HZ)]
    return np.sqrt(np.stack([power[..., octave].sum(-1) for octave in octaves], axis=-1))


def pause_fraction(mels: np.ndarray, quiet: float = QUIET) -> float:
    """Fraction of the columns of a log-mel (..., M, N) in which no band is above ``quiet``, 0 to 1.

    Raises:
        UsageError: the array is empty or holds NaN.
    """
    (mels,) = matched(mels=mels)
    return float((mels.max(-2) <= quiet).mean())
