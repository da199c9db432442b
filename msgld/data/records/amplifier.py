"""Amplifiers with their cabinets, for guitars, basses and electric pianos: mono, driven, through a loudspeaker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msgld.data.records.dice import Dice, Range
from msgld.dsp.dynamics import biased_tanh, rms, sounding_rms
from msgld.dsp.filters import at_bins, bell, fast_length, high_pass, low_pass
from msgld.dsp.panning import gains_like


@dataclass(frozen=True)
class Amplifier:
    """What an amplifier is like.

    Attributes:
        drive: of its stage from mild to strong, dB above where it begins to bend.
        low: lowest frequency of its loudspeaker, hertz.
        high: highest frequency, hertz.
        clean: frequency below which the clean sound is kept beside the amplifier's, hertz; 0 for none.
    """

    drive: Range = (-12.0, 12.0)
    low: Range = (60.0, 120.0)
    high: Range = (3500.0, 8000.0)
    clean: float = 0.0


AMPLIFIERS = {
    "bass": Amplifier((-14.0, 14.0), (30.0, 60.0), (2000.0, 6000.0), 130.0),
    "guitar": Amplifier((-14.0, 30.0), (65.0, 130.0), (3200.0, 6500.0)),
    "piano": Amplifier((-14.0, 10.0), (50.0, 110.0), (3500.0, 8000.0)),
    "vocals": Amplifier((-10.0, 8.0), (120.0, 400.0), (2500.0, 5000.0)),
}
"""Stem -> its amplifier."""


def amplified(x: np.ndarray, rate: int, stem: str, dice: Dice) -> np.ndarray:
    """The sound (2, L) as an amplifier and a microphone before it give it; its balance of channels stays."""
    amplifier = AMPLIFIERS.get(stem, Amplifier())
    mono = x.mean(0)
    if rms(mono) < 0.3 * rms(x):  # what cancels has no mono sound
        mono = x[int(np.square(x).sum(1).argmax())]
    size = fast_length(len(mono) + rate // 10)
    spectrum = np.fft.rfft(mono, size)
    before = high_pass(dice.octave(40, 150)) * bell(dice.octave(500, 1600), dice.depth(2, 10), 0.7)
    after = _driven(spectrum * at_bins(before, size, rate), size, amplifier, dice)
    after = after * at_bins(cabinet(amplifier, dice), size, rate)
    if amplifier.clean:
        low = at_bins(low_pass(amplifier.clean), size, rate)
        after = after * (1 - low) + spectrum * low
    sound = np.fft.irfft(after, size)[: len(mono)]
    return (gains_like(x, stem)[:, None] * sound).astype(np.float32)


def cabinet(amplifier: Amplifier, dice: Dice) -> np.ndarray:
    """The response of a loudspeaker in its box: a band with a bump below and some peaks and notches above."""
    low, high = dice.octave(*amplifier.low), dice.octave(*amplifier.high)
    response = high_pass(low, q=dice.between(0.7, 1.5)) * low_pass(high, 2, q=dice.between(0.6, 0.9))
    for _ in range(int(dice.rng.integers(3, 8))):
        response = response * bell(dice.octave(200, 6000), dice.between(-9, 6), dice.octave(1, 6))
    return response * bell(dice.octave(2000, 4000), dice.between(0, 6), 1.0)


def _driven(spectrum: np.ndarray, size: int, amplifier: Amplifier, dice: Dice) -> np.ndarray:
    """The spectrum of a sound after the stage that bends it, at twice the rate, so that little is aliased."""
    sound = np.fft.irfft(2 * spectrum, 2 * size)
    loud = sounding_rms(sound)
    drive = np.float32(10 ** (dice.depth(*amplifier.drive) / 20) / loud)
    bent = biased_tanh(sound * drive, dice.depth(0, 0.6)) / drive
    return np.fft.rfft(bent * np.float32(loud / rms(bent)))[: size // 2 + 1] * np.float32(0.5)
