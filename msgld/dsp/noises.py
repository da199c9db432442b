"""Noise: hiss, hum and rumble."""

from __future__ import annotations

import numpy as np

from msgld.dsp.dynamics import rms
from msgld.dsp.filters import fast_length


def noise_like(
    samples: int, rng: np.random.Generator, slopes: tuple[float, float] = (0.0, 1.2)
) -> np.ndarray:
    """Noise of a random colour, or hum, of RMS 1, float32 (samples,).

    Its amplitude falls with frequency to a power that is drawn between ``slopes``; 0 is white.
    """
    size = fast_length(samples)
    bins = np.arange(1, size // 2 + 2)
    spectrum = rng.standard_normal(len(bins)) + 1j * rng.standard_normal(len(bins))
    spectrum *= bins ** (-rng.uniform(*slopes))
    noise = np.fft.irfft(spectrum, size)[:samples]
    return (noise / rms(noise)).astype(np.float32)
