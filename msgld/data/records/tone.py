"""Equalisers as responses (:mod:`msgld.dsp.filters`), and their use on sound (2, L)."""

from __future__ import annotations

import numpy as np

from msgld.data.records.dice import Dice, Range
from msgld.dsp.filters import at_bins, bell, fast_length, high_pass, high_shelf, low_pass, low_shelf


def channel_equaliser(dice: Dice, low_cut: Range) -> np.ndarray:
    """A low cut, two shelves and up to four bells, as on a mixing desk."""
    response = low_shelf(dice.octave(70, 400), dice.swing(3)) * high_shelf(
        dice.octave(2500, 12_000), dice.swing(4)
    )
    if dice.rng.random() < 0.6:
        response = response * high_pass(dice.octave(*low_cut), int(dice.rng.integers(1, 3)))
    if dice.rng.random() < 0.15:
        response = response * low_pass(dice.octave(5000, 16_000))
    for _ in range(int(dice.rng.integers(1, 5))):
        response = response * bell(dice.octave(70, 11_000), dice.swing(4.5), dice.octave(0.4, 5))
    return response


def bus_equaliser(dice: Dice) -> np.ndarray:
    """Wide and gentle: two shelves and one or two bells, and now and then no lowest or highest octave."""
    response = low_shelf(dice.octave(50, 200), dice.swing(2)) * high_shelf(
        dice.octave(4000, 14_000), dice.swing(2.5)
    )
    for _ in range(int(dice.rng.integers(1, 3))):
        response = response * bell(dice.octave(100, 8000), dice.swing(2), dice.octave(0.3, 1.2))
    if dice.rng.random() < 0.25:
        response = response * high_pass(dice.octave(20, 50))
    if dice.rng.random() < 0.2:
        response = response * low_pass(dice.octave(9000, 18_000), 2)
    return response


def tape_tone(dice: Dice) -> np.ndarray:
    """The bump of a tape head, and treble that is lost."""
    bump = bell(dice.octave(45, 110), dice.depth(0.5, 3), 1.2)
    return bump * low_pass(dice.depth(17_000, 6000), q=0.6)


def through(
    x: np.ndarray, rate: int, response: np.ndarray | None = None, impulse: np.ndarray | None = None
) -> np.ndarray:
    """Sound (..., L) through a response, with its copies by an impulse response (2, n) added; float32, as long."""
    length = x.shape[-1]
    size = fast_length(length + max(rate // 10, 0 if impulse is None else impulse.shape[1]))
    spectrum = np.fft.rfft(x, size)
    if response is not None:
        spectrum *= at_bins(response, size, rate)
    if impulse is not None:
        spectrum *= 1 + np.fft.rfft(impulse, size)
    return np.fft.irfft(spectrum, size)[..., :length].astype(np.float32)
