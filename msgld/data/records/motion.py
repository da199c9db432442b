"""Delays that move: chorus, tremolo, second takes that are a little late and out of tune, wow and flutter of tape.

Sounds are (2, L).
"""

from __future__ import annotations

import numpy as np

from msgld.data.records.dice import Dice
from msgld.dsp.delays import delayed, swing, tremolo_gains
from msgld.dsp.dynamics import rms
from msgld.dsp.noises import noise_like
from msgld.dsp.panning import stereo_gains

LATEST_TAPE = 0.0006
"""Seconds by which tape displaces a sound at most."""


def modulated(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """A chorus, a tremolo, or a slow move from side to side."""
    kind = dice.rng.random()
    if kind < 0.55:
        return chorused(x, rate, dice)
    speed, turns = dice.octave(0.5, 8), np.array([dice.rng.random()])
    turn = swing(x.shape[-1], rate, np.array([speed]), turns, np.ones(1))
    depth = dice.depth(0.1, 0.8)
    if kind < 0.8:
        return (x * tremolo_gains(turn, depth)).astype(np.float32)
    return (x * stereo_gains(turn * depth)).astype(np.float32)


def chorused(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The sound with a late copy whose delay moves, in each channel at another place of its turn."""
    speed, depth = dice.octave(0.2, 2.5), dice.depth(0.0003, 0.0025)
    middle, start, copy = dice.octave(0.004, 0.016), dice.rng.random(), dice.depth(0.2, 1)
    made = np.empty_like(x)
    for channel, turn in enumerate((start, start + dice.between(0.2, 0.5))):
        wave = swing(x.shape[-1], rate, np.array([speed]), np.array([turn]), np.array([depth]))
        made[channel] = delayed(x[channel], (middle + np.maximum(wave, -middle)) * rate)
    return np.asarray(x + np.float32(copy) * made, np.float32)


def doubled(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The sound with one or two more takes of it at the sides: 10 to 40 ms late, up to 20 cents out of tune.

    A single take may be as loud as the sound, which then moves to the other side.
    """
    apart = dice.rng.random() < 0.4
    side = float(dice.rng.choice([-1, 1])) * dice.between(0.4, 1)
    made = x * stereo_gains(-side).astype(np.float32)[:, None] if apart else x.copy()
    for place in (side,) if apart else (side, -side):
        loud = 10 ** ((dice.between(-3, 0) if apart else dice.depth(-16, -5)) / 20)
        take = _take(x.mean(0), rate, dice)
        made += (stereo_gains(place)[:, None] * (loud * take)).astype(np.float32)
    return made


def _take(mono: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The sound once more: late by a time that wanders, which is what puts it out of tune."""
    speeds = np.array([dice.octave(0.1, 0.3), dice.octave(0.3, 0.9), dice.octave(0.9, 3)])
    cents = np.array([dice.depth(3, 12), dice.depth(2, 8), dice.depth(1, 5)])
    # A delay of w sin(2 pi f t) seconds changes the speed by up to 2 pi f w, and 0.000578 is a cent.
    wander = swing(len(mono), rate, speeds, dice.rng.random(3), 0.000578 * cents / (2 * np.pi * speeds))
    return delayed(mono, np.maximum(dice.between(0.012, 0.03) + wander, 0.004) * rate)


def tape_curve(length: int, rate: int, dice: Dice) -> np.ndarray:
    """Samples (length,) by which tape that runs unevenly is late; within ``LATEST_TAPE``."""
    speeds = np.array([dice.octave(0.4, 1.2), dice.octave(1.5, 4), dice.octave(6, 14)])
    swings = LATEST_TAPE / 3 * np.array([dice.depth(0.2, 1), dice.depth(0, 0.5), dice.depth(0, 0.15)])
    return swing(length, rate, speeds, dice.rng.random(3), swings) * rate


def taped(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """Tape that runs unevenly, and its hiss, -75 to -50 dB of the sound."""
    late = delayed(x, tape_curve(x.shape[-1], rate, dice))
    loud = np.float32(rms(x) * 10 ** (dice.depth(-75, -50) / 20))
    hiss = noise_like(x.shape[-1], dice.rng, (-0.3, 0.1))
    # The tracks of a tape hiss each for itself; the same noise from elsewhere is another noise.
    return late + loud * np.stack([hiss, np.roll(hiss, len(hiss) // 2)])
