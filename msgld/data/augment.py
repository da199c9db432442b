"""Augments rendered stems, each by itself: equalisers, rooms, saturation, gain, stereo width.

Random numbers do not depend on the clip, and every stem has a generator of its own: switching an effect off for one
stem leaves the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from msgld.data.source import Clip, Source, checked, origin_of
from msgld.dsp.panning import stereo_gains

Range = tuple[float, float]


@dataclass(frozen=True)
class Augmentation:
    """The effects on a stem: their probabilities (0 to 1), and the ranges of their values.

    Attributes:
        equalise: probability of a smooth random curve.
        boost: standard deviation of its points, an octave apart, dB.
        reverb: probability of a convolution with decaying noise.
        decay: seconds in which it falls by 60 dB.
        wet: its energy against the dry sound, dB.
        saturate: probability of the tanh of the stem.
        drive: peak before it, dB above 1.
        gain: probability of a change of gain.
        level: this gain, dB.
        place: probability of another stereo image.
        width: its width, 0 mono, 1 as it is.
        pan: its farthest place to a side, 0 to 1.
        drop: probability that the stem is silent.
    """

    equalise: float = 0.5
    boost: float = 4.0
    reverb: float = 0.4
    decay: Range = (0.2, 2.0)
    wet: Range = (-24.0, -6.0)
    saturate: float = 0.2
    drive: Range = (-6.0, 12.0)
    gain: float = 0.8
    level: Range = (-9.0, 6.0)
    place: float = 0.5
    width: Range = (0.3, 1.5)
    pan: float = 0.3
    drop: float = 0.05


def augment(clip: Clip, seed: int, settings: Augmentation = Augmentation()) -> Clip:
    """The clip with each present stem changed at random; no peak of the mixture is above 1.

    One stem at least keeps sounding. The same clip and seed give the same result.
    """
    seeds = np.random.SeedSequence(seed).spawn(len(clip.stems) + 1)
    kept = np.random.default_rng(seeds[-1]).random(len(clip.stems)) >= settings.drop
    sounding = np.any(clip.stems, axis=(1, 2))
    if not (kept & sounding).any():
        kept[:] = True
    stems = np.zeros_like(clip.stems)
    for k in np.flatnonzero(kept & sounding):
        stems[k] = _stem(clip.stems[k], clip.rate, settings, np.random.default_rng(seeds[k]))
    peak = float(np.abs(stems.sum(axis=0)).max(initial=0.0))
    return replace(clip, stems=stems / np.float32(max(peak, 1.0)), meta=clip.meta | {"augmented": 1.0})


def _stem(x: np.ndarray, rate: int, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Change one stem (2, L) in the order of a studio: drive, tone, room, place, level."""
    uses = rng.random(5) < (a.saturate, a.equalise, a.reverb, a.place, a.gain)
    if uses[0]:
        x = saturate(x, rng.uniform(*a.drive))
    curve = rng.normal(0, a.boost, _POINTS) if uses[1] else None
    room = (rng.uniform(*a.decay), rng.uniform(*a.wet)) if uses[2] else None
    if uses[1] or uses[2]:
        x = filter_and_room(x, rate, curve, room, rng)
    if uses[3]:
        x = place(x, rng.uniform(*a.width), rng.uniform(-1, 1) * a.pan)
    return x * np.float32(10 ** (rng.uniform(*a.level) / 20)) if uses[4] else x


_POINTS = 10  # points of the equaliser, from 31 Hz on, an octave apart


def saturate(x: np.ndarray, drive: float) -> np.ndarray:
    """The ``tanh`` of the sound scaled to a peak ``drive`` dB above 1, at its old loudness (RMS)."""
    peak = np.abs(x).max(initial=0.0)
    if peak == 0:
        return x
    y = np.tanh(x * np.float32(10 ** (drive / 20) / peak))
    return y * np.sqrt(np.mean(np.square(x)) / np.mean(np.square(y)))


def place(x: np.ndarray, width: float, pan: float) -> np.ndarray:
    """The sound (2, L) with its side signal scaled by ``width`` and moved by ``pan`` (-1 to 1, equal power)."""
    left, right = stereo_gains(pan).astype(np.float32)
    middle, side = 0.5 * (x[0] + x[1]), np.float32(0.5 * width) * (x[0] - x[1])
    return np.stack([left * (middle + side), right * (middle - side)])


def filter_and_room(
    x: np.ndarray,
    rate: int,
    curve: np.ndarray | None,
    room: tuple[float, float] | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Apply an equaliser and a reverb (decay in seconds, wet level in dB) in one pass through the Fourier domain."""
    tail = round(room[0] * rate) if room else rate // 10
    size = _fast(x.shape[1] + tail)
    spectrum = np.fft.rfft(x, size)
    if curve is not None:
        spectrum *= _curve(curve, spectrum.shape[1], rate)
    if room is not None:
        spectrum *= 1 + np.fft.rfft(_impulse(room[0], room[1], tail, rate, rng), size)
    return np.fft.irfft(spectrum, size)[:, : x.shape[1]].astype(np.float32)


def _curve(points: np.ndarray, bins: int, rate: int) -> np.ndarray:
    """The equaliser's gain (a factor) at each bin, its dB interpolated by cosines over octaves."""
    octaves = np.linspace(0, _POINTS - 1, 32 * _POINTS)
    low = np.minimum(octaves.astype(int), _POINTS - 2)
    blend = 0.5 - 0.5 * np.cos(np.pi * (octaves - low))
    gains = 10 ** ((points[low] * (1 - blend) + points[low + 1] * blend) / 20)
    return np.interp(np.linspace(0, rate / 2, bins), 31.25 * 2**octaves, gains).astype(np.float32)


def _impulse(decay: float, wet: float, samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A room (2, samples): noise that falls 60 dB in ``decay`` seconds, its energy ``wet`` dB of the dry."""
    t = np.arange(samples, dtype=np.float32) / rate
    noise = rng.standard_normal((2, samples), dtype=np.float32) * np.exp(
        t * np.float32(-np.log(1000) / decay)
    )
    # The first reflections come after the sound itself.
    noise[:, : round(rng.uniform(0.002, 0.02) * rate)] = 0
    return noise * np.float32(10 ** (wet / 20) / np.sqrt(np.sum(np.square(noise[0]))))


def _fast(length: int) -> int:
    """A length at least as long whose Fourier transform is quick."""
    block = 1 << max(5, length.bit_length() - 4)
    return -(-length // block) * block


class Augmented:
    """Another source, whose clips are augmented with a probability."""

    def __init__(self, source: Source, probability: float) -> None:
        self.source, self.probability = source, probability
        self.stems = source.stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """The source's clip of this seed, augmented or not; BadClip before effects hide bad samples."""
        clip = checked(self.source.clip(seed, seconds), self.stems)
        drawn = np.random.default_rng([seed, 3]).random()
        return augment(clip, seed) if drawn < self.probability else clip

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where the source cannot tell."""
        return origin_of(self.source, seed)
