"""Filters of sounds (..., L): curves of gain, and the responses of an analogue equaliser's sections.

A response is complex, over the frequencies ``HERTZ``; responses multiply. The sections are causal with the least phase,
so nothing sounds before its cause. Formulas: Zölzer (ed.), "DAFX", 2nd edition, 2.2 and 2.3.
"""

from __future__ import annotations

import numpy as np

HERTZ = np.geomspace(4, 48_000, 1024)
"""Frequencies at which a response is given, evenly over octaves."""

_S = 1j * HERTZ


def fast_length(length: int) -> int:
    """A length at least as long whose Fourier transform is quick; it is even."""
    block = 1 << max(5, length.bit_length() - 4)
    return -(-length // block) * block


def filtered(x: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """The sound (..., L) with the gains (factors) of a linear scale of frequency, from 0 to half the rate.

    Phases stay as they are; the filter is short against a frame.
    """
    length = x.shape[-1]
    size = fast_length(length + 2048)
    curve = np.interp(np.linspace(0, 1, size // 2 + 1), np.linspace(0, 1, len(gains)), gains)
    return np.fft.irfft(np.fft.rfft(x, size) * curve, size)[..., :length].astype(np.float32)


def flat() -> np.ndarray:
    """The response that changes nothing."""
    return np.ones(len(HERTZ), complex)


def bell(centre: float, decibels: float, q: float) -> np.ndarray:
    """A gain around a frequency; ``q`` is the frequency over the bandwidth."""
    s, root = _S / centre, 10 ** (decibels / 40)
    return np.asarray((s * s + s * root / q + 1) / (s * s + s / (root * q) + 1))


def low_shelf(corner: float, decibels: float) -> np.ndarray:
    """A gain below a frequency, 6 dB an octave."""
    s, root = _S / corner, 10 ** (decibels / 40)
    return np.asarray((s + root) / (s + 1 / root))


def high_shelf(corner: float, decibels: float) -> np.ndarray:
    """A gain above a frequency, 6 dB an octave."""
    s, root = _S / corner, 10 ** (decibels / 40)
    return np.asarray((s * root + 1) / (s / root + 1))


def high_pass(corner: float, sections: int = 1, q: float = 0.71) -> np.ndarray:
    """Sections of 12 dB an octave that take away what is below a frequency."""
    s = _S / corner
    return np.asarray((s * s / (s * s + s / q + 1)) ** sections)


def low_pass(corner: float, sections: int = 1, q: float = 0.71) -> np.ndarray:
    """Sections of 12 dB an octave that take away what is above a frequency."""
    s = _S / corner
    return np.asarray((1 / (s * s + s / q + 1)) ** sections)


def at_bins(response: np.ndarray, size: int, rate: int) -> np.ndarray:
    """A response at the bins of a real Fourier transform of ``size`` samples, complex64 (size // 2 + 1,)."""
    hertz = np.arange(size // 2 + 1) * (rate / size)
    bins = np.empty(len(hertz), np.complex64)
    bins.real, bins.imag = np.interp(hertz, HERTZ, response.real), np.interp(hertz, HERTZ, response.imag)
    return bins
