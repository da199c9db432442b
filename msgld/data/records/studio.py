"""Compressors, sibilants and saturation, on sound (2, L). Both channels get the same gains; nothing is delayed."""

from __future__ import annotations

import numpy as np

from msgld.data.records.dice import Dice
from msgld.dsp.dynamics import (
    biased_tanh,
    compressor_gains,
    followed,
    over_samples,
    peaks_of,
    rms,
    sounding_rms,
)
from msgld.dsp.filters import filtered


def compressed(x: np.ndarray, rate: int, squeeze: float, dice: Dice) -> np.ndarray:
    """A compressor whose ratio is at most ``squeeze``."""
    threshold = sounding_rms(x) * 10 ** (dice.depth(2, -16) / 20)
    attack, release = dice.octave(0.002, 0.05), dice.octave(0.04, 0.5)
    gains = compressor_gains(x, rate, dice.depth(1.5, squeeze), threshold, attack, release)
    return (x * gains).astype(np.float32)


def crushed(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The sound with a copy that a fast and strong compressor has made even, as loud as itself at most."""
    threshold = sounding_rms(x) * 10 ** (dice.between(-30, -14) / 20)
    gains = compressor_gains(
        x, rate, dice.between(6, 20), threshold, dice.octave(0.0005, 0.02), dice.octave(0.05, 0.3)
    )
    even = (x * gains).astype(np.float32)
    return x + even * np.float32(10 ** (dice.depth(-15, 0) / 20) * rms(x) / rms(even))


def deessed(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The treble is turned down while it is loud against the whole sound: sibilants."""
    edge, hertz = dice.octave(4000, 7000), np.linspace(0, rate / 2, 512)
    treble = filtered(x, 1 / (1 + (edge / np.maximum(hertz, 1)) ** 8))
    threshold = sounding_rms(x) * 10 ** (dice.depth(-8, -22) / 20)
    follow = followed(peaks_of(treble), rate, 0.001, dice.octave(0.02, 0.08))
    gains = np.maximum(np.maximum(follow / threshold, 1) ** -dice.depth(0.2, 0.8), 0.2)
    return (x + treble * over_samples(gains - 1, x.shape[-1])).astype(np.float32)


def saturated(x: np.ndarray, dice: Dice) -> np.ndarray:
    """Tubes or transformers, softly: a curve that may bend one side more, which leaves a constant to be filtered."""
    drive = np.float32(10 ** (dice.depth(-16, 2) / 20) / sounding_rms(x))
    bias = dice.between(0, 0.4) if dice.rng.random() < 0.6 else 0.0
    return np.asarray(biased_tanh(x * drive, bias) / drive, np.float32)
