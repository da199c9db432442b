"""Effects on mono sound, float32 (L,), which leave every onset where it is."""

from __future__ import annotations

import numpy as np

BLOCK = 64
"""Samples over which a compressor measures loudness."""

Rng = np.random.Generator


def rms(x: np.ndarray) -> float:
    """Root mean square, at least 1e-9."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)) + 1e-18))


def filtered(x: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """The sound with the gains (factors) of a linear scale of frequency, whose ends are 0 and half the rate.

    Phases stay as they are; the filter is short against a frame.
    """
    size = _fast(len(x) + 2048)
    curve = np.interp(np.linspace(0, 1, size // 2 + 1), np.linspace(0, 1, len(gains)), gains)
    return np.fft.irfft(np.fft.rfft(x, size) * curve, size)[: len(x)].astype(np.float32)


def equaliser(rate: int, rng: Rng, points: int = 512) -> np.ndarray:
    """Gains of a tilt and a few bells, (points,)."""
    hertz = np.maximum(np.linspace(0, rate / 2, points), 20)
    octaves = np.log2(hertz / 640)
    decibels = rng.normal(0, 2.5) * octaves
    for _ in range(rng.integers(1, 6)):
        middle, width = rng.uniform(-4, 4), rng.uniform(0.15, 1.5)
        decibels += rng.normal(0, 7) * np.exp(-0.5 * ((octaves - middle) / width) ** 2)
    return 10 ** (np.clip(decibels, -36, 24) / 20)


def cabinet(rate: int, rng: Rng, points: int = 2048) -> np.ndarray:
    """Gains of a loudspeaker's box: a band with resonances."""
    hertz = np.maximum(np.linspace(0, rate / 2, points), 20)
    low, high = rng.uniform(60, 160), rng.uniform(2500, 6000)
    gains = 1 / np.sqrt(1 + (low / hertz) ** 6) / np.sqrt(1 + (hertz / high) ** rng.uniform(6, 16))
    ripple = np.interp(np.log2(hertz), np.linspace(4, 14, 60), rng.normal(0, 3, 60))
    return gains * 10 ** (ripple / 20)


def cut_band(rate: int, rng: Rng, points: int = 512) -> np.ndarray:
    """Gains of a low-pass or a high-pass."""
    hertz = np.maximum(np.linspace(0, rate / 2, points), 1)
    order = rng.uniform(4, 24)
    if rng.random() < 0.65:
        return 1 / np.sqrt(1 + (hertz / np.exp(rng.uniform(np.log(1500), np.log(9000)))) ** order)
    return 1 / np.sqrt(1 + (np.exp(rng.uniform(np.log(35), np.log(200))) / hertz) ** (order / 2))


def driven(x: np.ndarray, rng: Rng) -> np.ndarray:
    """The sound through a stage that saturates, evenly or on one side more, softly or hard."""
    drive = 10 ** (rng.uniform(-6, 36) / 20)
    bias = rng.uniform(-0.4, 0.4) if rng.random() < 0.5 else 0.0
    y = x * np.float32(drive / (4 * rms(x))) + np.float32(bias)
    y = np.tanh(y) if rng.random() < 0.7 else np.clip(y, -1, 1)
    return (y - np.float32(y.mean())).astype(np.float32)


def compressed(x: np.ndarray, rate: int, rng: Rng) -> np.ndarray:
    """The sound through a compressor that looks at its peaks."""
    ratio, threshold = rng.uniform(2, 12), rms(x) * 10 ** (rng.uniform(-14, 4) / 20)
    attack, release = rng.uniform(0.001, 0.03), rng.uniform(0.03, 0.4)
    count = -(-len(x) // BLOCK)
    peaks = np.abs(np.pad(x, (0, count * BLOCK - len(x)))).reshape(count, BLOCK).max(1)
    rise, fall = (float(1 - np.exp(-BLOCK / (rate * time))) for time in (attack, release))
    follow, level = np.empty(count), 0.0
    for index, peak in enumerate(peaks.tolist()):
        level += (rise if peak > level else fall) * (peak - level)
        follow[index] = level
    gains = np.maximum(follow / threshold, 1) ** (1 / ratio - 1)
    return (x * np.interp(np.arange(len(x)), (np.arange(count) + 0.5) * BLOCK, gains)).astype(np.float32)


def roomed(x: np.ndarray, rate: int, rng: Rng) -> np.ndarray:
    """The sound in a room: a few early reflections, then noise that decays, high frequencies first."""
    decay, wet = np.exp(rng.uniform(np.log(0.12), np.log(2.5))), 10 ** (rng.uniform(-22, -3) / 20)
    length = round(min(decay, 1.5) * rate)
    time = np.arange(length, dtype=np.float32) / rate
    tail = rng.standard_normal(length, dtype=np.float32) * np.exp(-6.9 * time / decay)
    dark = np.exp(-6.9 * time / (decay * rng.uniform(0.2, 0.7)))
    smooth = np.convolve(tail, np.ones(5, np.float32) / 5, "same")
    tail = smooth + (tail - smooth) * dark
    tail[: round(rng.uniform(0.002, 0.03) * rate)] = 0
    for _ in range(rng.integers(0, 9)):
        at = round(rng.uniform(0.002, 0.06) * rate)
        if at < length:
            tail[at] += rng.normal(0, 6)
    tail *= np.float32(wet / np.sqrt(np.sum(np.square(tail)) + 1e-12))
    tail[0] += 1
    size = _fast(len(x) + length)
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(tail, size), size)[: len(x)].astype(np.float32)


def moved(x: np.ndarray, rate: int, rng: Rng) -> np.ndarray:
    """The sound with a chorus, or a tremolo."""
    time, speed = np.arange(len(x)) / rate, rng.uniform(0.3, 7)
    turn = np.sin(2 * np.pi * (speed * time + rng.random()))
    if rng.random() < 0.4:
        return (x * (1 - rng.uniform(0.1, 0.7) * (0.5 + 0.5 * turn))).astype(np.float32)
    depth = rng.uniform(0.0005, 0.003) / max(1.0, speed)
    delayed = np.interp(time - 0.002 - depth * (1 + turn), time, x)
    return (x + rng.uniform(0.2, 1.0) * delayed).astype(np.float32)


def noise_like(samples: int, rng: Rng) -> np.ndarray:
    """Noise of a random colour, or hum, of RMS 1."""
    size = _fast(samples)
    bins = np.arange(1, size // 2 + 2)
    spectrum = rng.standard_normal(len(bins)) + 1j * rng.standard_normal(len(bins))
    spectrum *= bins ** (-rng.uniform(0, 1.2))
    noise = np.fft.irfft(spectrum, size)[:samples]
    return (noise / rms(noise)).astype(np.float32)


def _fast(length: int) -> int:
    """A length at least as long whose Fourier transform is quick."""
    block = 1 << max(5, length.bit_length() - 4)
    return -(-length // block) * block
