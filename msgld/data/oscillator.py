"""Sounds beyond General MIDI: an oscillator whose every trait is drawn, which plays the notes of a stem.

Ears that have been trained on a few soundfonts take overtones of other instruments for notes. Two single periods are
drawn, a bright and a dark one; each note fades from one to the other, with an attack, a decay, vibrato and noise of its
instrument.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.dsp.panning import stereo_gains
from msgld.music.midi.parts import Part, crop

TABLE = 4096
"""Samples of a period; it is read without interpolation."""

PARTIALS = 64
"""Partials of a period, fewer for high notes."""

TAIL = 2.0
"""Seconds for which a note's release is audible."""


class Oscillator:
    """An instrument.

    Args:
        seed: of its traits.
        rate: samples per second.
        sung: whether it glides and sways as a voice does.
    """

    def __init__(self, seed: int, rate: int, sung: bool = False) -> None:
        rng = np.random.default_rng([seed, 11])
        self.rate, self.rng = rate, rng
        number = np.arange(1, PARTIALS + 1)
        slope = rng.uniform(3, 14)
        shape = rng.normal(0, rng.uniform(0, 7), PARTIALS) - slope * np.log2(number)
        if rng.random() < 0.4:  # plucked or struck at one place, as a string is
            shape += 20 * np.log10(np.abs(np.sin(np.pi * number * rng.uniform(0.05, 0.5))) + 0.03)
        if rng.random() < 0.25:  # a closed pipe or a square wave
            shape -= rng.uniform(5, 35) * (number % 2 == 0)
        self.bright = 10 ** (shape / 20)
        self.dark = self.bright * 10 ** (-rng.uniform(0, 12) * np.log2(number) / 20)
        self.phases = rng.uniform(0, 2 * np.pi, PARTIALS)
        held = sung or rng.random() < 0.5
        self.attack = np.exp(rng.uniform(np.log(0.001), np.log(0.06 if held else 0.008)))
        self.decay = None if held else np.exp(rng.uniform(np.log(0.12), np.log(3.0)))
        self.fading = np.exp(rng.uniform(np.log(0.05), np.log(2.0)))
        self.release = np.exp(rng.uniform(np.log(0.02), np.log(0.4)))
        self.voices = int(rng.choice([1, 1, 2, 3]))
        self.detune = rng.uniform(1, 14)
        sways = sung or (held and rng.random() < 0.5)
        self.vibrato, self.speed = (rng.uniform(5, 45) if sways else 0.0), rng.uniform(4.5, 7)
        glides = rng.random() < (0.7 if sung else 0.1)
        self.glide, self.glided = (rng.uniform(-1.5, 0.7) if glides else 0.0), rng.uniform(0.01, 0.05)
        self.noise = 10 ** (rng.uniform(-60, -18) / 20)

    def render(self, piece: Sequence[Part], start: float, seconds: float) -> np.ndarray:
        """As :meth:`msgld.data.render.Renderer.render`; a note from before ``start`` is played from its beginning."""
        samples = round(seconds * self.rate)
        total = np.zeros((2, samples), np.float32)
        for part in piece:
            cropped = crop(part, start, seconds, TAIL)
            bent = part.bend.semitones[np.maximum(np.searchsorted(part.bend.time, cropped.onset, "right") - 1, 0)] \
                if len(part.bend.time) else np.zeros(len(cropped))  # fmt: skip
            for index in range(len(cropped)):
                hertz = 440 * 2 ** ((cropped.pitch[index] + bent[index] - 69) / 12)
                wave = self._note(hertz, float(cropped.duration[index]))
                loud = (cropped.velocity[index] / 127) ** 2 * cropped.gain[index]
                gains = 0.25 * loud * stereo_gains(float(cropped.pan[index]))
                _add(total, gains[:, None] * wave, round((cropped.onset[index] - start) * self.rate))
        return total

    def _note(self, hertz: float, duration: float) -> np.ndarray:
        """One note of some seconds, (L,)."""
        time = (
            np.arange(round((min(duration, 10.0) + 4 * self.release) * self.rate), dtype=np.float32)
            / self.rate
        )
        partials = max(1, min(PARTIALS, int(0.45 * self.rate / hertz)))
        waves = [_period(levels[:partials], self.phases[:partials]) for levels in (self.bright, self.dark)]
        cents = self.vibrato * np.sin(2 * np.pi * self.speed * time) * np.minimum(1, time / 0.3)
        cents = cents + 100 * self.glide * np.exp(-time / self.glided)
        turns = np.cumsum(2 ** (cents / 1200)) * (hertz / self.rate)
        bright = np.exp(-time / self.fading)
        sound = np.zeros(len(time))
        for voice in range(self.voices):
            apart = 2 ** (self.detune * (voice - (self.voices - 1) / 2) / 1200)
            place = ((turns * apart + self.rng.random()) * TABLE).astype(np.int64) % TABLE
            sound += bright * waves[0][place] + (1 - bright) * waves[1][place]
        sound = sound / self.voices + self.noise * self.rng.standard_normal(len(time)) * bright
        envelope = np.minimum(1, time / self.attack)
        if self.decay is not None:
            envelope = envelope * np.exp(-time / self.decay)
        return sound * envelope * np.exp(-np.maximum(time - duration, 0) / self.release)


def _period(amplitudes: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """A period of RMS 1, (TABLE,)."""
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(1j * phases)
    wave = np.fft.irfft(spectrum)
    return wave / np.sqrt(np.mean(np.square(wave)))


def _add(total: np.ndarray, sound: np.ndarray, at: int) -> None:
    """Add a sound (2, l) to another one (2, L) at a sample that may lie before it."""
    first = max(0, -at)
    last = min(sound.shape[1], total.shape[1] - at)
    if last > first:
        total[:, at + first : at + last] += sound[:, first:last].astype(np.float32)
