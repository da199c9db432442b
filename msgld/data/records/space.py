"""Impulse responses (2, n) of what follows a sound: rooms, plates, echoes, and the rooms of other microphones.

The sound itself is not part of them. Loudness is their energy against the sound's, dB.
"""

from __future__ import annotations

import numpy as np

from msgld.data.records.dice import Dice
from msgld.dsp.filters import at_bins, bell, fast_length, high_pass, low_pass
from msgld.dsp.panning import stereo_gains

LONGEST = 2.5
"""Seconds after which tails have faded out."""

EDGES = (0.0, 250.0, 1000.0, 4000.0, 9000.0)
"""Lower edges of the bands that decay each in its own time, hertz."""


def room(rate: int, dice: Dice) -> np.ndarray:
    """Early reflections, then a short tail whose treble, and often bass, is gone first."""
    middle = dice.octave(0.15, 0.9)
    times = middle * np.array(
        [dice.between(0.6, 1.4), dice.between(0.9, 1.3), 1, dice.between(0.5, 0.9), 0.4]
    )
    tail = decaying(times, rate, dice)
    begin = dice.octave(0.002, 0.02)
    tail[:, : round(begin * rate)] = 0
    tail /= np.sqrt(np.square(tail).sum() / 2)
    tail += reflections(tail.shape[1], rate, begin, dice) * np.float32(10 ** (dice.between(-10, 3) / 20))
    return as_loud(tail, dice.depth(-28, -5))


def plate(rate: int, dice: Dice) -> np.ndarray:
    """Dense from the beginning and bright, without bass, after a pause."""
    middle = dice.octave(0.8, 3)
    times = middle * np.array([dice.between(0.8, 1.2), 1.1, 1, dice.between(0.6, 1), dice.between(0.3, 0.8)])
    tail = decaying(times, rate, dice)
    tail = _shaped(tail, rate, high_pass(dice.octave(100, 500)) * low_pass(dice.octave(3000, 14_000), q=0.6))
    pause = round(dice.depth(0, 0.08) * rate)
    return as_loud(np.pad(tail, ((0, 0), (pause, 0)))[:, : tail.shape[1]], dice.depth(-28, -7))


def echo(rate: int, dice: Dice) -> np.ndarray:
    """Repetitions at equal times, each softer and darker; they may go from side to side."""
    late, again = dice.octave(0.07, 0.5), dice.between(0, 0.6)
    sides = dice.between(0, 0.9) if dice.rng.random() < 0.4 else 0.0
    impulse = np.zeros((2, round(LONGEST * rate)), np.float32)
    for number in range(1, int(LONGEST / late) + 1):
        place = round(number * late * rate)
        if place < impulse.shape[1]:
            impulse[:, place] = stereo_gains(sides * (-1) ** number) * again ** (number - 1)
    tone = high_pass(dice.octave(80, 400)) * low_pass(dice.octave(1500, 9000))
    return as_loud(_shaped(impulse, rate, tone), dice.depth(-26, -8))


def bleed(rate: int, dice: Dice) -> np.ndarray:
    """What another microphone in the room picks up of a stem: late, dull, far away."""
    tail = decaying(dice.octave(0.15, 0.7) * np.array([1.2, 1.1, 1, 0.7, 0.4]), rate, dice)
    late = round(dice.between(0.004, 0.015) * rate)
    tail = np.pad(tail / np.sqrt(np.square(tail).sum() / 2), ((0, 0), (late, 0)))[:, : tail.shape[1]]
    tail[:, late] += (stereo_gains(dice.between(-0.6, 0.6)) * dice.between(0.3, 2)).astype(np.float32)
    tone = low_pass(dice.octave(1500, 10_000)) * bell(dice.octave(200, 2000), dice.swing(5), 1)
    return as_loud(_shaped(tail, rate, tone), dice.depth(-36, -16))


def decaying(times: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """Noise (2, n) that falls by 60 dB in the given seconds, one time for each band of ``EDGES``.

    Neighbouring bands overlap by an octave's cosine; channels are independent.
    """
    length = fast_length(round(min(float(times.max()), LONGEST) * rate))
    hertz = np.arange(length // 2 + 1) * (rate / length)
    spectra = dice.rng.standard_normal((2, len(hertz), 2), dtype=np.float32).view(np.complex64)[..., 0]
    clock, made = np.arange(length, dtype=np.float32) / rate, np.zeros((2, length), np.float32)
    above = [_rising(hertz, edge) for edge in EDGES] + [np.zeros(len(hertz), np.float32)]
    for number, time in enumerate(times):
        band = spectra * np.sqrt(np.maximum(above[number] - above[number + 1], 0))
        made += np.fft.irfft(band, length) * np.exp(clock * np.float32(-np.log(1000) / time))
    fade = np.linspace(1, 0, length // 8, dtype=np.float32)
    made[:, -len(fade) :] *= fade
    return made.astype(np.float32)


def reflections(length: int, rate: int, begin: float, dice: Dice) -> np.ndarray:
    """Four to fourteen reflections (2, length) of energy 1 within 60 ms, at other times in each channel."""
    made = np.zeros((2, length), np.float32)
    for _ in range(int(dice.rng.integers(4, 15))):
        time = begin + dice.octave(0.002, 0.05)
        gain = stereo_gains(dice.between(-0.8, 0.8)) * dice.rng.choice([-1, 1]) * begin / time
        for channel in (0, 1):
            place = round((time + dice.between(-0.0004, 0.0004)) * rate)
            if place < length:
                made[channel, place] += gain[channel]
    return made / np.float32(np.sqrt(np.square(made).sum() / 2) + 1e-9)


def as_loud(impulse: np.ndarray, decibels: float) -> np.ndarray:
    """The impulse response with this energy per channel, dB of the sound's."""
    energy = np.square(impulse).sum() / 2
    return (impulse * np.float32(10 ** (decibels / 20) / np.sqrt(energy + 1e-12))).astype(np.float32)


def together(impulses: list[np.ndarray]) -> np.ndarray | None:
    """The sum of impulse responses of any lengths; None of none."""
    if not impulses:
        return None
    made = np.zeros((2, max(one.shape[1] for one in impulses)), np.float32)
    for one in impulses:
        made[:, : one.shape[1]] += one
    return made


def _rising(hertz: np.ndarray, edge: float) -> np.ndarray:
    """From 0 an octave below an edge to 1 an octave above it, a cosine in octaves; 1 everywhere for the edge 0."""
    if not edge:
        return np.ones(len(hertz), np.float32)
    octaves = np.clip(np.log2(np.maximum(hertz, 1) / edge), -1, 1)
    return (0.5 + 0.5 * np.sin(np.pi / 2 * octaves)).astype(np.float32)


def _shaped(impulse: np.ndarray, rate: int, response: np.ndarray) -> np.ndarray:
    size = fast_length(impulse.shape[1] + 2048)
    bins = np.fft.rfft(impulse, size) * at_bins(response, size, rate)
    return np.fft.irfft(bins, size)[:, : impulse.shape[1]].astype(np.float32)
