"""What happens to a stem before ears are given it: amplifiers, studios, rooms, bleed, codecs and separation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from msgld.data.codecs import coded
from msgld.dsp.dynamics import rms
from msgld.dsp.filters import filtered
from msgld.dsp.noises import noise_like
from msgld.dsp.stft import istft, stft
from msgld.training.listener.effects import (
    Rng,
    cabinet,
    compressed,
    cut_band,
    driven,
    equaliser,
    moved,
    roomed,
)

WINDOW, HOP = 1024, 256
"""Of the spectra that a separation masks, samples."""


@dataclass(frozen=True)
class Degradation:
    """Probabilities of what happens to a stem, each 0 to 1, and ranges.

    Attributes:
        none: nothing but its loudness changes.
        amplified: through a saturating stage, and perhaps a cabinet.
        equalised: tilt and bells.
        compressed: its peaks are lowered.
        modulated: chorus or tremolo.
        roomed: in a room.
        separated: cut out of the mixture by a mask with faults.
        bleed: other stems are added.
        bleed_db: their loudness against the stem, dB.
        noise: noise is added.
        noise_db: its loudness against the stem, dB.
        cut: low-pass or high-pass.
        coded: through a lossy codec.
        gain_db: loudness is uniform within +- this about the reference.
    """

    none: float = 0.2
    amplified: float = 0.3
    equalised: float = 0.75
    compressed: float = 0.4
    modulated: float = 0.12
    roomed: float = 0.45
    separated: float = 0.35
    bleed: float = 0.4
    bleed_db: tuple[float, float] = (-30.0, -10.0)
    noise: float = 0.4
    noise_db: tuple[float, float] = (-60.0, -22.0)
    cut: float = 0.3
    coded: float = 0.08
    gain_db: float = 6.0


def degraded(x: np.ndarray, others: np.ndarray, rate: int, how: Degradation, rng: Rng) -> np.ndarray:
    """A stem as it may come to ears, at a loudness of about 0.1 RMS.

    Args:
        x: the stem, mono (L,).
        others: the sum of the other stems, (L,).
        rate: samples per second.
        how: probabilities.
        rng: of all that is drawn.
    """
    if rng.random() >= how.none:
        x = _changed(x, others, rate, how, rng)
    gain = 0.1 * 10 ** (rng.uniform(-how.gain_db, how.gain_db) / 20) / max(rms(x), 1e-5)
    return (x * np.float32(gain)).astype(np.float32)


def _changed(x: np.ndarray, others: np.ndarray, rate: int, how: Degradation, rng: Rng) -> np.ndarray:
    """The stem as it is recorded, separated or mixed, and sent."""
    x = _played(x, rate, how, rng)
    if rms(others) > 1e-6:
        if rng.random() < how.separated:
            x = separated(x, others, rng)
        if rng.random() < how.bleed:
            x = x + others * _relative(x, others, how.bleed_db, rng)
    if rng.random() < how.noise:
        noise = noise_like(len(x), rng)
        x = x + noise * _relative(x, noise, how.noise_db, rng)
    if rng.random() < how.cut:
        x = filtered(x, cut_band(rate, rng))
    return coded(x, rate, rng) if rng.random() < how.coded else x


def _played(x: np.ndarray, rate: int, how: Degradation, rng: Rng) -> np.ndarray:
    """The stem as it is recorded: amplifier, then equaliser, compressor and modulation in any order, then room."""
    if rng.random() < how.amplified:
        x = driven(x, rng)
        x = filtered(x, cabinet(rate, rng)) if rng.random() < 0.7 else x
    steps: list[tuple[float, Callable[[np.ndarray], np.ndarray]]] = [
        (how.equalised, lambda y: filtered(y, equaliser(rate, rng))),
        (how.compressed, lambda y: compressed(y, rate, rng)),
        (how.modulated, lambda y: moved(y, rate, rng)),
    ]
    for index in rng.permutation(len(steps)).tolist():
        probability, effect = steps[index]
        x = effect(x) if rng.random() < probability else x
    return roomed(x, rate, rng) if rng.random() < how.roomed else x


def separated(x: np.ndarray, others: np.ndarray, rng: Rng) -> np.ndarray:
    """The stem as a mask cuts it out of the mixture; the mask is blurred and has faults."""
    spectra = stft(torch.from_numpy(np.stack([x, others])), WINDOW, HOP, last=True)
    power = spectra.abs().pow(float(rng.uniform(0.8, 2.0)))
    blurred = torch.nn.functional.avg_pool2d(power, (5, 3), 1, (2, 1), count_include_pad=False)
    power = torch.lerp(power, blurred, float(rng.uniform(0, 1)))
    mask = power[0] / (power.sum(0) + 1e-9)
    faults = torch.from_numpy(rng.standard_normal(mask.shape, dtype=np.float32))
    mask = (mask + float(rng.uniform(0, 0.15)) * faults).clamp(0, 1)
    return istft(mask * spectra.sum(0, keepdim=True), WINDOW, HOP, len(x))[0].numpy()


def _relative(x: np.ndarray, added: np.ndarray, decibels: tuple[float, float], rng: Rng) -> np.float32:
    """The gain of a sound that brings it to a loudness relative to another's."""
    return np.float32(rms(x) / rms(added) * 10 ** (rng.uniform(*decibels) / 20))
