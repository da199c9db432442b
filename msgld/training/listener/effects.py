"""Effects drawn at random, on sound, float32 (L,) or (channels, L), which leave every onset where it is."""

from __future__ import annotations

import numpy as np

from msgld.dsp.delays import tremolo_gains
from msgld.dsp.dynamics import compressor_gains, rms
from msgld.dsp.filters import fast_length

Rng = np.random.Generator


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
    return (y - y.mean(-1, keepdims=True, dtype=np.float32)).astype(np.float32)


def compressed(x: np.ndarray, rate: int, rng: Rng) -> np.ndarray:
    """The sound through a compressor that looks at its peaks."""
    ratio, threshold = rng.uniform(2, 12), rms(x) * 10 ** (rng.uniform(-14, 4) / 20)
    attack, release = rng.uniform(0.001, 0.03), rng.uniform(0.03, 0.4)
    return (x * compressor_gains(x, rate, ratio, threshold, attack, release)).astype(np.float32)


def roomed(x: np.ndarray, rate: int, rng: Rng) -> np.ndarray:
    """The sound in a room: a few early reflections, then noise that decays, high frequencies first.

    Each channel has reflections and noise of its own.
    """
    decay, wet = np.exp(rng.uniform(np.log(0.12), np.log(2.5))), 10 ** (rng.uniform(-22, -3) / 20)
    samples, length = x.shape[-1], round(min(decay, 1.5) * rate)
    time = np.arange(length, dtype=np.float32) / rate
    tail = rng.standard_normal((*x.shape[:-1], length), dtype=np.float32) * np.exp(-6.9 * time / decay)
    dark = np.exp(-6.9 * time / (decay * rng.uniform(0.2, 0.7)))
    smooth = np.apply_along_axis(np.convolve, -1, tail, np.ones(5, np.float32) / 5, "same")
    tail = smooth + (tail - smooth) * dark
    tail[..., : round(rng.uniform(0.002, 0.03) * rate)] = 0
    for _ in range(rng.integers(0, 9)):
        at = round(rng.uniform(0.002, 0.06) * rate)
        if at < length:
            tail[..., at] += rng.normal(0, 6, x.shape[:-1])
    tail *= np.float32(wet) / np.sqrt(np.sum(np.square(tail), -1, keepdims=True) + np.float32(1e-12))
    tail[..., 0] += 1
    size = fast_length(samples + length)
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(tail, size), size)[..., :samples].astype(
        np.float32
    )


def moved(x: np.ndarray, rate: int, rng: Rng) -> np.ndarray:
    """The sound with a chorus, or a tremolo."""
    time, speed = np.arange(x.shape[-1]) / rate, rng.uniform(0.3, 7)
    turn = np.sin(2 * np.pi * (speed * time + rng.random()))
    if rng.random() < 0.4:
        return (x * tremolo_gains(turn, rng.uniform(0.1, 0.7))).astype(np.float32)
    depth = rng.uniform(0.0005, 0.003) / max(1.0, speed)
    late = np.apply_along_axis(lambda y: np.interp(time - 0.002 - depth * (1 + turn), time, y), -1, x)
    return (x + rng.uniform(0.2, 1.0) * late).astype(np.float32)
