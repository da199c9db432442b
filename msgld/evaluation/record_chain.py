"""A chain of effects as records go through it: the frozen test of ears and of separation on sound that is not clean.

Equaliser, compressor, saturation, room, limiter, then MP3 at 128 kbit/s. The settings of each sound follow from a seed.
A song's stems go through a harder chain one by one, and their mixture through limiter and MP3.
Nothing may be trained with this code (``tests/evaluation/test_record_chain.py``), and it must not change: figures
measured through it would no longer compare.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msgld.audio.read import open_file
from msgld.audio.write import AudioWriter
from msgld.dsp.resample import resample
from msgld.stems import RATE

_SECTION = 1 << 18


@dataclass(frozen=True)
class Chain:
    """Ranges of the settings; the defaults are those for ears.

    Attributes:
        bells: of the equaliser.
        bell_db: farthest gain of each.
        shelf_db: farthest gain of the low shelf and of the high one.
        threshold_db: of the compressor, lowest and highest.
        drive_db: of the saturation, lowest and highest.
        room_seconds: of the reverberation, shortest and longest.
        room_db: by which it is softer than the sound, least and most.
        limited_db: by which peaks are taken down, least and most.
    """

    bells: int = 2
    bell_db: float = 6.0
    shelf_db: float = 4.0
    threshold_db: tuple[float, float] = (-24.0, -14.0)
    drive_db: tuple[float, float] = (0.0, 12.0)
    room_seconds: tuple[float, float] = (0.25, 0.9)
    room_db: tuple[float, float] = (9.0, 18.0)
    limited_db: tuple[float, float] = (3.0, 8.0)


EARS = Chain()
HARD = Chain(3, 10.0, 7.0, (-32.0, -18.0), (0.0, 24.0), (0.4, 2.2), (2.0, 11.0))
"""Of the stems of a song."""


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
    for effect in (*_ALONE, _limited):
        sound = effect(sound, rate, rng, EARS)
    sound = _coded(sound, rate)
    after = float(np.sqrt(np.mean(sound**2)))
    return np.asarray(sound * before / max(after, 1e-12), np.float32)


def song_on_a_record(stems: np.ndarray, seed: int, rate: int = RATE) -> tuple[np.ndarray, np.ndarray]:
    """A song as it would be on a record.

    Args:
        stems: (S, channels, L), one or two channels.
        seed: of the settings, any integer >= 0.
        rate: samples per second.

    Returns:
        Its stems, float32 (S, channels, L), each as loud as before but for the limiter of the mixture, whose gain over
        time they share; and the mixture (channels, L), their sum as MP3.
    """
    processed = np.stack([_alone(stem, [seed, number], rate) for number, stem in enumerate(stems)])
    mixture = processed.sum(0)
    limited = _limited(mixture, rate, np.random.default_rng([seed, len(stems)]), HARD)
    gains = np.abs(limited).max(0) / np.abs(mixture).max(0).clip(1e-9)
    processed = processed * gains
    return processed.astype(np.float32), _coded(processed.sum(0), rate).astype(np.float32)


def _alone(stem: np.ndarray, seed: list[int], rate: int) -> np.ndarray:
    """One stem through the effects that each has of its own, as loud as before."""
    sound, rng = np.asarray(stem, np.float64), np.random.default_rng(seed)
    before = float(np.sqrt(np.mean(sound**2)))
    if before < 1e-7:
        return np.zeros(sound.shape)
    sound = sound / before * 0.1
    for effect in _ALONE:
        sound = effect(sound, rate, rng, HARD)
    return np.asarray(sound * before / max(float(np.sqrt(np.mean(sound**2))), 1e-12))


def _equalised(sound: np.ndarray, rate: int, rng: np.random.Generator, chain: Chain) -> np.ndarray:
    """Bells, a low shelf and a high one, as gains of the whole spectrum."""
    hertz = np.fft.rfftfreq(sound.shape[1], 1 / rate).clip(1)
    decibels = np.zeros(len(hertz))
    for _ in range(chain.bells):
        centre, width = np.exp(rng.uniform(np.log(120), np.log(6000))), rng.uniform(0.4, 1.2)
        decibels += rng.uniform(-chain.bell_db, chain.bell_db) * np.exp(
            -0.5 * (np.log2(hertz / centre) / width) ** 2
        )
    decibels += rng.uniform(-chain.shelf_db, chain.shelf_db) / (1 + (hertz / 150) ** 2)
    decibels += rng.uniform(-chain.shelf_db, chain.shelf_db) / (1 + (5000 / hertz) ** 2)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * 10 ** (decibels / 20), sound.shape[1]))


def _compressed(sound: np.ndarray, rate: int, rng: np.random.Generator, chain: Chain) -> np.ndarray:
    """Four to one above a threshold; the loudness is followed in blocks of 5 ms that fall in 120 ms."""
    block = round(0.005 * rate)
    padded = np.pad(sound, ((0, 0), (0, -sound.shape[1] % block)))
    peaks = np.abs(padded).max(0).reshape(-1, block).max(1)
    fall, level, levels = np.exp(-0.005 / 0.12), 0.0, []
    for peak in peaks:
        level = max(float(peak), level * fall)
        levels.append(level)
    threshold = 10 ** (rng.uniform(*chain.threshold_db) / 20)
    gains = np.minimum(1.0, (np.array(levels).clip(1e-9) / threshold) ** (1 / 4 - 1))
    places = (np.arange(len(gains)) + 0.5) * block
    return np.asarray(sound * np.interp(np.arange(sound.shape[1]), places, gains))


def _saturated(sound: np.ndarray, rate: int, rng: np.random.Generator, chain: Chain) -> np.ndarray:
    """A soft curve that is not quite symmetrical."""
    drive = 10 ** (rng.uniform(*chain.drive_db) / 20)
    bias = rng.uniform(0, 0.15)
    return np.asarray((np.tanh(drive * sound + bias) - np.tanh(bias)) / drive)


def _in_a_room(sound: np.ndarray, rate: int, rng: np.random.Generator, chain: Chain) -> np.ndarray:
    """Reverberation, begun after 10 ms."""
    seconds, softer = rng.uniform(*chain.room_seconds), 10 ** (-rng.uniform(*chain.room_db) / 20)
    length = round(seconds * rate)
    tail = rng.standard_normal((len(sound), length)) * 10 ** (-3 * np.arange(length) / length)
    tail *= softer / np.sqrt((tail**2).sum(1, keepdims=True))
    response = np.zeros((len(sound), round(0.01 * rate) + length))
    response[:, 0] = 1
    response[:, -length:] += tail
    size = sound.shape[1] + response.shape[1]
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return np.asarray(wet[:, : sound.shape[1]])


def _limited(sound: np.ndarray, rate: int, rng: np.random.Generator, chain: Chain) -> np.ndarray:
    """The peaks are taken down; 2 ms ahead and 60 ms after."""
    ceiling = np.abs(sound).max() * 10 ** (-rng.uniform(*chain.limited_db) / 20)
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


_ALONE = (_equalised, _compressed, _saturated, _in_a_room)


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
