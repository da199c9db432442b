"""How strongly each pitch class sounds, over time."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError

LOWEST, OCTAVES = 55.0, 5
"""Hertz of the lowest pitch that counts (A1), and the octaves from there on."""

SECONDS = 0.5
"""Length of the stretches, which overlap by half."""


def power_spectra(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Power spectra (T, size / 2 + 1) of all whole windows of samples (channels, L), averaged over the channels.

    Powers are averaged, not samples, so channels of opposite polarity do not cancel.

    Args:
        samples: (channels, L) with L of ``size`` or more.
        size: samples of a Hann window.
        hop: samples between windows.
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples, size, axis=-1)[:, ::hop]
    return np.mean([np.abs(np.fft.rfft(one * np.hanning(size), axis=1)) ** 2 for one in windows], axis=0)


def centred_spectra(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """As :func:`power_spectra`, with windows centred on every ``hop``-th sample of (L,) or (channels, L).

    Raises:
        UsageError: the samples have another shape, or there are none.
    """
    if samples.ndim not in (1, 2) or not samples.size:
        raise UsageError(f"give samples (L,) or (channels, L), not {samples.shape}")
    channels = np.atleast_2d(samples).astype(np.float64)
    return power_spectra(np.pad(channels, ((0, 0), (size // 2, size - 1 - size // 2))), size, hop)


def chroma(samples: np.ndarray, rate: int) -> np.ndarray:
    """Energy in each pitch class, (T, 12), one row a stretch; class 0 is A.

    Args:
        samples: (L,) or (channels, L), full scale +-1.
        rate: samples a second.
    """
    size = 1 << round(np.log2(rate * 0.35))
    magnitude = np.sqrt(centred_spectra(samples, size, round(rate * SECONDS / 2)))
    hertz = np.arange(magnitude.shape[1]) * rate / size
    used = (hertz >= LOWEST * 2 ** (-1 / 24)) & (hertz < LOWEST * 2**OCTAVES)
    pitch = 12 * np.log2(hertz[used] / LOWEST)
    # A bin counts for its nearest class, less the farther away it is and the higher, where overtones are.
    weight = np.exp(-0.5 * ((pitch - np.rint(pitch)) / 0.2) ** 2) * 0.7 ** (pitch / 12)
    classes = np.zeros((len(pitch), 12))
    classes[np.arange(len(pitch)), np.rint(pitch).astype(int) % 12] = weight
    return magnitude[:, used] @ classes
