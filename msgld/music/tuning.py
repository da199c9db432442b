"""How far music lies from concert pitch, by where its partials lie between semitones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from msgld.dsp.resample import resample
from msgld.music.chroma import power_spectra

RATE, WINDOW = 11_025, 4096
"""Sample rate at which partials are found, and samples of a window, 0.37 s."""

LOWEST, HIGHEST = 150.0, 2000.0
"""Hertz between which a partial is exact to a few hundredths of a semitone, and in tune with its note."""

SOFTEST = 0.03
"""Amplitude relative to its column's loudest, below which a peak is not counted."""

CLEAR = 0.2
"""Agreement of the partials that makes a tuning clear: 1 where all are detuned alike, 0 where at random."""


def tuning(blocks: Iterable[np.ndarray], rate: int) -> float:
    """Semitones by which music is above A = 440 Hz in equal temperament.

    Args:
        blocks: of the music, each (channels, L); those shorter than a window are not used.
        rate: samples per second.

    Returns:
        -0.5 to 0.5; 0 where no tuning is clear, as in drums, noise and silence.
    """
    total, weight = 0j, 0.0
    for block in blocks:
        hertz, loudness = _peaks(_spectra(block, rate))
        # Places between semitones lie on a circle, so their mean is that of points on it.
        total += np.sum(loudness * np.exp(2j * np.pi * 12 * np.log2(hertz / 440)))
        weight += loudness.sum()
    return float(np.angle(total) / (2 * np.pi)) if abs(total) > CLEAR * weight else 0.0


def _spectra(block: np.ndarray, rate: int) -> np.ndarray:
    """Magnitudes (F, columns) of all whole windows; a block shorter than one has none."""
    slow = resample(block, rate, RATE)
    if slow.shape[-1] < WINDOW:
        return np.zeros((WINDOW // 2 + 1, 0))
    return np.sqrt(power_spectra(slow, WINDOW, WINDOW // 4)).T


def _peaks(spectra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in hertz and amplitudes of the peaks of spectra (F, columns), each at its parabola's vertex."""
    width = RATE / WINDOW
    low, high = round(LOWEST / width), round(HIGHEST / width)
    band = spectra[low - 1 : high + 1]
    middle, below, above = band[1:-1], band[:-2], band[2:]
    loudest = band.max(0, keepdims=True)
    found = (middle > below) & (middle >= above) & (middle > SOFTEST * loudest)
    logs = np.log(np.maximum(band, 1e-12))
    left, centre, right = logs[:-2][found], logs[1:-1][found], logs[2:][found]
    bend = np.minimum(left - 2 * centre + right, -1e-9)
    bins = np.nonzero(found)[0] + low + 0.5 * (left - right) / bend
    return bins * width, middle[found]
