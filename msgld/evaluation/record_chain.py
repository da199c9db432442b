"""A chain of effects as records go through it: the frozen test of ears on sound that is not clean.

Equaliser, compressor, saturation, room, limiter, then MP3 at 128 kbit/s. The settings of each sound follow from a seed.
Nothing may be trained with this code (``tests/evaluation/test_record_chain.py``), and it must not change: figures
measured through it would no longer compare.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from msgld.audio.read import open_file
from msgld.audio.write import AudioWriter
from msgld.dsp.resample import resample
from msgld.stems import RATE

_SECTION = 1 << 18


def through_a_record(samples: np.ndarray, seed: int, rate: int = RATE) -> np.ndarray:
    """A sound as it would be on a record.

    Args:
        samples: (channels, L), one or two channels.
        seed: of the settings, any integer >= 0.
        rate: samples per second.

    Returns:
        float32 (channels, L), as loud as before (RMS), not moved in time.
    """
    rng = np.random.default_rng(seed)
    sound = np.asarray(samples, np.float64)
    before = float(np.sqrt(np.mean(sound**2)))
    if before == 0:
        return np.zeros(sound.shape, np.float32)
    sound = sound / before * 0.1
    for effect in (_equalised, _compressed, _saturated, _in_a_room, _limited):
        sound = effect(sound, rate, rng)
    sound = _coded(sound, rate)
    after = float(np.sqrt(np.mean(sound**2)))
    return np.asarray(sound * before / max(after, 1e-12), np.float32)


def _equalised(sound: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Two bells of up to 6 dB, a low shelf and a high one of up to 4 dB, as gains of the whole spectrum."""
    hertz = np.fft.rfftfreq(sound.shape[1], 1 / rate).clip(1)
    decibels = np.zeros(len(hertz))
    for _ in range(2):
        centre, width = np.exp(rng.uniform(np.log(120), np.log(6000))), rng.uniform(0.4, 1.2)
        decibels += rng.uniform(-6, 6) * np.exp(-0.5 * (np.log2(hertz / centre) / width) ** 2)
    decibels += rng.uniform(-4, 4) / (1 + (hertz / 150) ** 2)
    decibels += rng.uniform(-4, 4) / (1 + (5000 / hertz) ** 2)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * 10 ** (decibels / 20), sound.shape[1]))


def _compressed(sound: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Four to one above a threshold; the loudness is followed in blocks of 5 ms that fall in 120 ms."""
    block = round(0.005 * rate)
    padded = np.pad(sound, ((0, 0), (0, -sound.shape[1] % block)))
    peaks = np.abs(padded).max(0).reshape(-1, block).max(1)
    fall, level, levels = np.exp(-0.005 / 0.12), 0.0, []
    for peak in peaks:
        level = max(float(peak), level * fall)
        levels.append(level)
    threshold = 10 ** (rng.uniform(-24, -14) / 20)
    gains = np.minimum(1.0, (np.array(levels).clip(1e-9) / threshold) ** (1 / 4 - 1))
    places = (np.arange(len(gains)) + 0.5) * block
    return np.asarray(sound * np.interp(np.arange(sound.shape[1]), places, gains))


def _saturated(sound: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A soft curve that is not quite symmetrical."""
    drive = 10 ** (rng.uniform(0, 12) / 20)
    bias = rng.uniform(0, 0.15)
    return np.asarray((np.tanh(drive * sound + bias) - np.tanh(bias)) / drive)


def _in_a_room(sound: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Reverberation of 0.25 to 0.9 s, 9 to 18 dB softer than the sound, begun after 10 ms."""
    seconds, softer = rng.uniform(0.25, 0.9), 10 ** (-rng.uniform(9, 18) / 20)
    length = round(seconds * rate)
    tail = rng.standard_normal((len(sound), length)) * 10 ** (-3 * np.arange(length) / length)
    tail *= softer / np.sqrt((tail**2).sum(1, keepdims=True))
    response = np.zeros((len(sound), round(0.01 * rate) + length))
    response[:, 0] = 1
    response[:, -length:] += tail
    size = sound.shape[1] + response.shape[1]
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return np.asarray(wet[:, : sound.shape[1]])


def _limited(sound: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """The peaks, 3 to 8 dB of them, are taken down; 2 ms ahead and 60 ms after."""
    ceiling = np.abs(sound).max() * 10 ** (-rng.uniform(3, 8) / 20)
    block = round(0.002 * rate)
    padded = np.pad(sound, ((0, 0), (0, -sound.shape[1] % block)))
    peaks = np.abs(padded).max(0).reshape(-1, block).max(1)
    needed = np.minimum(1.0, ceiling / peaks.clip(1e-9))
    gain, gains, rise = 1.0, [], 1 - np.exp(-0.002 / 0.06)
    ahead = np.minimum(needed, np.minimum(np.roll(needed, -1), np.roll(needed, 1)))
    for least in ahead:
        gain = min(float(least), gain + (1 - gain) * rise)
        gains.append(gain)
    places = (np.arange(len(gains)) + 0.5) * block
    held = np.interp(np.arange(sound.shape[1]), places, np.array(gains))
    return np.clip(sound * held, -ceiling, ceiling) * (0.5 / ceiling)


def _coded(sound: np.ndarray, rate: int) -> np.ndarray:
    """Written as MP3 and read again; the encoder's delay is taken out by the reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.mp3"
        with AudioWriter(path, RATE, len(sound), bitrate=128, frames=sound.shape[1]) as writer:
            writer.write(resample(sound.astype(np.float32), rate, RATE))
        with open_file(path) as stream:
            blocks = []
            while (block := stream.read(_SECTION)).shape[1]:
                blocks.append(block)
    read = resample(np.concatenate(blocks, 1), RATE, rate)[:, : sound.shape[1]]
    return np.asarray(np.pad(read, ((0, 0), (0, sound.shape[1] - read.shape[1]))), np.float64)
