"""Instruments that nobody has built: sums of partials whose every trait is drawn anew for each soundfont.

A separator that has heard few kinds of guitar takes a new one for a piano. Real recordings are few; these are as many
as one likes, and keep to what makes a family: plucked and struck strings decay, high partials first, pipes, reeds,
bows and oscillators hold, each with its own attack, slope, resonances, beating and noise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from soundfonts.samples import frequency_of, levelled
from soundfonts.write import Preset, Zone

RATE = 32_000
KEYS = range(24, 106, 7)
"""Of the notes that are made; between them they are played faster or slower."""

LOOP = 2.0
"""Seconds of what is repeated of held notes. Their frequencies are multiples of 1 / LOOP, so it repeats exactly."""

Uniform = tuple[float, float]
"""From where to where."""


@dataclass(frozen=True)
class Family:
    """From where to where the traits of a family's instruments lie.

    Attributes:
        programs: of General MIDI that it plays.
        slope: dB per octave of the partials.
        attack: seconds until it is at its loudest.
        decay: seconds in which note 60's first partial falls by 60 dB; None for held notes.
        damping: how much sooner each further partial falls.
        stiffness: log10 of the inharmonicity B in f_k = k f sqrt(1 + B k^2).
        plucked: where on the string, a share of its length; 0 leaves no gaps in the spectrum.
        odd: how much weaker even partials are, dB.
        voices: strings or oscillators. detune: cents between them.
        vibrato: cents. noise: level of the breath, the bow or the knock, dB below the tone.
        drive: of a distorting amplifier, dB; 0 is none.
        level: relative loudness.
    """

    programs: Sequence[int]
    slope: Uniform
    attack: Uniform
    decay: Uniform | None = None
    damping: Uniform = (0.05, 0.3)
    stiffness: Uniform = (-6.0, -4.0)
    plucked: Uniform = (0.0, 0.0)
    odd: Uniform = (0.0, 0.0)
    voices: Sequence[int] = (1,)
    detune: Uniform = (0.0, 0.0)
    vibrato: Uniform = (0.0, 0.0)
    noise: Uniform = (-60.0, -35.0)
    drive: Uniform = (0.0, 0.0)
    level: float = 1.0


def families() -> dict[str, Family]:
    """All families by name."""
    tables = json.loads(Path(__file__).with_name("families.json").read_text("utf-8"))
    return {name: Family(**table) for name, table in tables.items()}


def soundfont(seed: int) -> list[Preset]:
    """An instrument of each family, by all the family's programs."""
    presets = []
    for number, (name, family) in enumerate(families().items()):
        zones = levelled(zones_of(family, np.random.default_rng([seed, number])), 0.2 * family.level)
        presets += [Preset(name, program, zones) for program in family.programs]
    return presets


def zones_of(family: Family, rng: np.random.Generator, keys: Sequence[int] = KEYS) -> list[Zone]:
    """An instrument of the family, over all keys; those named are played, the others take the nearest one's sound."""
    instrument = Instrument(family, rng)
    lows = [0, *(key - 3 for key in keys[1:]), 128]
    return [
        Zone(instrument.play(key), RATE, key, (low, high - 1), loop=instrument.loop, release=0.2)
        for key, (low, high) in zip(keys, pairwise(lows), strict=True)
    ]


class Instrument:
    """Traits drawn from a family's, the same over all its notes.

    Attributes:
        loop: samples of its notes that are repeated; None where notes die away.
    """

    def __init__(self, family: Family, rng: np.random.Generator) -> None:
        def drawn(trait: Uniform) -> float:
            return float(rng.uniform(*trait))

        self.slope, self.attack, self.damping = (
            drawn(family.slope),
            drawn(family.attack),
            drawn(family.damping),
        )
        self.plucked, self.odd, self.noise = drawn(family.plucked), drawn(family.odd), drawn(family.noise)
        self.voices, self.detune = int(rng.choice(family.voices)), drawn(family.detune)
        self.vibrato, self.drive = drawn(family.vibrato), drawn(family.drive)
        self.speed = round(drawn((4.5, 7.0)) * LOOP) / LOOP
        self.decay = drawn(family.decay) if family.decay else None
        self.stiffness = 10 ** drawn(family.stiffness) if family.decay else 0.0
        self.body, self._seed = Body(rng), int(rng.integers(2**31))
        self._onset = 3 * self.attack + 0.1
        ends = (round(self._onset * RATE), round((self._onset + LOOP) * RATE))
        self.loop = None if self.decay else ends

    def play(self, key: int) -> np.ndarray:
        """A note, mono float32 (L,)."""
        rng, first = np.random.default_rng([self._seed, key]), frequency_of(key)
        # A low note falls more slowly than a high one.
        fall = None if self.decay is None else self.decay * 2 ** ((60 - key) / 18)
        seconds = self._onset + LOOP if fall is None else min(4.0, max(0.6, fall))
        time = np.arange(round(seconds * RATE)) / RATE
        apart = self.detune * (np.arange(self.voices) - (self.voices - 1) / 2)
        wave = sum(
            (self._string(time, first * 2 ** (cents / 1200), fall, rng) for cents in apart),
            np.zeros(len(time)),
        )
        if self.drive:
            wave = driven(wave, self.drive)
        wave = (wave + self._noise(time, wave, first, rng)) * np.minimum(1, time / self.attack)
        if fall is not None:
            fade = min(len(wave), RATE // 10)
            wave[-fade:] *= np.linspace(1, 0, fade)
        return wave.astype(np.float32)

    def _string(
        self, time: np.ndarray, first: float, fall: float | None, rng: np.random.Generator
    ) -> np.ndarray:
        """One of its strings or oscillators."""
        number = np.arange(1, max(2, min(60, int(0.45 * RATE / first))))
        frequency = first * number * np.sqrt(1 + self.stiffness * number**2)
        if fall is None:
            frequency = np.rint(frequency * LOOP) / LOOP
        amplitude = self._amplitudes(number, frequency)
        # Of the phase, for the first partial, in radians; 1731 cents are a factor of e.
        sway = self.vibrato / 1731 * first / self.speed * np.sin(2 * np.pi * self.speed * time)
        wave = np.zeros(len(time))
        for k, f, a, phase in zip(
            number, frequency, amplitude, rng.uniform(0, 2 * np.pi, len(number)), strict=True
        ):
            if f < 0.48 * RATE and a > 1e-4 * amplitude.max():
                wave += a * self._course(time, k, fall) * np.sin(2 * np.pi * f * time + k * sway + phase)
        return wave

    def _amplitudes(self, number: np.ndarray, frequency: np.ndarray) -> np.ndarray:
        amplitude = number ** (self.slope / 6.02) * self.body.gains(frequency)
        if self.plucked:
            amplitude *= np.abs(np.sin(np.pi * number * self.plucked))
        amplitude[1::2] *= 10 ** (-self.odd / 20)
        return amplitude

    def _course(self, time: np.ndarray, k: int, fall: float | None) -> np.ndarray:
        """How loud partial k is over time: of decaying notes high ones end sooner, of held ones they come later."""
        if fall is None:
            return 1 - np.exp(-3 * time / self.attack / (1 + 0.1 * k))
        return 10 ** (-3 * time * (1 + self.damping * (k - 1)) / fall)

    def _noise(
        self, time: np.ndarray, wave: np.ndarray, first: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Breath or bow as long as a note is held, repeated with the loop; of a string the knock of its beginning."""
        if self.loop:
            grain = np.resize(rng.standard_normal(round(LOOP * RATE))[::-1], len(time))[::-1]
        else:
            spectrum = np.fft.rfft(rng.standard_normal(len(time)))
            dark = 1 + (np.fft.rfftfreq(len(time), 1 / RATE) / first / rng.uniform(3, 12)) ** 2
            grain = np.fft.irfft(spectrum / dark, len(time)) * np.exp(-time / 0.015)
        return grain * 10 ** (self.noise / 20) * rms(wave) / max(1e-9, rms(grain[: RATE // 20]))


class Body:
    """Resonances of a body or a cabinet: a few peaks and dips of up to 12 dB, and where its sound ends."""

    def __init__(self, rng: np.random.Generator) -> None:
        count = int(rng.integers(3, 8))
        self.centres = np.exp(rng.uniform(np.log(90), np.log(7000), count))
        self.widths, self.heights = rng.uniform(0.1, 0.7, count), rng.uniform(-12, 12, count)
        self.end = float(np.exp(rng.uniform(np.log(3000), np.log(16_000))))

    def gains(self, frequencies: np.ndarray) -> np.ndarray:
        """Of frequencies in Hz."""
        octaves = np.log2(np.maximum(frequencies[:, None], 20) / self.centres)
        decibels = (self.heights * np.exp(-0.5 * (octaves / self.widths) ** 2)).sum(1)
        return 10 ** (decibels / 20) / np.sqrt(1 + (frequencies / self.end) ** 4)


def driven(wave: np.ndarray, drive: float) -> np.ndarray:
    """Through an amplifier that distorts by so many dB, and a cabinet that ends at 5 kHz."""
    loud = wave / max(1e-9, float(np.abs(wave).max())) * 10 ** (drive / 20)
    spectrum = np.fft.rfft(np.tanh(loud + 0.2))
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    return np.fft.irfft(spectrum / (1 + (frequency / 5000) ** 4) * (frequency > 20), len(wave))


def rms(wave: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(wave))))
