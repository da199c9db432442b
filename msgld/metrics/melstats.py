"""Does a set of parts sound like another set of parts, whatever they play? Needs no network and no download."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched
from msgld.metrics.frechet import frechet_distance

POOLED = 16
"""Groups of neighbouring bands whose mean and deviation are taken."""
REGISTERS = 4
"""Groups of bands whose rhythm is taken: bass, low and high middle, treble."""
RHYTHM_HZ = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Edges of the modulation bands: half a change a second to eight of them."""


def mel_statistics(mels: np.ndarray, rate: float) -> np.ndarray:
    """What a log-mel says of a part but for its notes and their moments, in the unit of the log-mel.

    After the statistics of sound textures of McDermott and Simoncelli (2011): means and deviations of
    pooled bands over time, and how much registers change at which pace (the deviation that each octave of
    modulation frequency contributes, by Parseval's theorem).

    Args:
        mels: (..., M, N), M of 16 or more. rate: columns a second.

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
    parts = np.array_split(mels, groups, axis=-2)
    return np.stack([part.mean(-2) for part in parts], axis=-2)


def _modulation(envelopes: np.ndarray, rate: float) -> np.ndarray:
    """Deviation of envelopes (..., N) in each octave of modulation frequency, (..., octaves)."""
    columns = envelopes.shape[-1]
    # Twice, as every frequency stands for its negative too.
    power = 2 * np.abs(np.fft.rfft(envelopes)) ** 2 / columns**2
    hertz = np.fft.rfftfreq(columns, 1 / rate)
    octaves = [(hertz >= low) & (hertz < high) for low, high in pairwise(RHYTHM_HZ)]
    return np.sqrt(np.stack([power[..., octave].sum(-1) for octave in octaves], axis=-1))


def mel_statistics_distance(made: np.ndarray, true: np.ndarray, rate: float) -> float:
    """Fréchet distance of the :func:`mel_statistics` of two sets of log-mels (n, M, N) and (m, M, N).

    It is blind to which notes are played, so a part that differs from the true one but is of its kind costs
    nothing. It compares models of one mel grid on one set of clips; it is not the FAD of the literature, which
    compares the answers of a trained network (Kilgour et al., 2019).

    Returns:
        0 or more, in the square of the log-mels' unit (nepers squared here).

    Raises:
        UsageError: fewer than two in a set, and as ``mel_statistics``.
    """
    return frechet_distance(mel_statistics(made, rate), mel_statistics(true, rate))
