"""Random filters of what is trained on: other tones, and other dynamics, than the soundfonts have."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

WAVES = 4
"""Cosines that a curve is made of, of half a period to two."""

QUIETEST = 1e-3
"""Power relative to its mean over time below which a stem's loudness is taken to be this."""


def slow_curves(
    shape: tuple[int, ...], places: np.ndarray, decibels: float | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Random curves in dB, (*shape, F), whose standard deviation over the spectrum is about ``decibels``.

    Args:
        places: where on the spectrum the values stand, (F,), 0 to 1.
        decibels: one number, or one for each curve, (*shape, 1).
    """
    waves = np.cos(np.pi * np.outer(np.arange(1, WAVES + 1), places)) * np.sqrt(2 / WAVES)
    return (rng.normal(size=(*shape, WAVES)) * decibels) @ waves


def tones(
    shape: tuple[int, ...], places: np.ndarray, decibels: float, rng: np.random.Generator
) -> np.ndarray:
    """Slow curves of which most are slight and a few are strong: ``decibels`` is the mean of their deviations."""
    return slow_curves(shape, places, decibels * rng.exponential(size=(*shape, 1)), rng)


def dynamics(power: Tensor, deviation: float, rng: np.random.Generator) -> Tensor:
    """Gains of amplitude over time that raise each stem's loudness to another power, (B, S, N); mean about 1.

    What decays is damped or sustained by that: x^(1 + a) for x, where a has the standard deviation ``deviation``
    and is at most twice that.

    Args:
        power: of the stems over time, (B, S, N).
    """
    drawn = np.clip(rng.normal(0, deviation, power.shape[:2]), -2 * deviation, 2 * deviation)
    exponents = torch.from_numpy(drawn).to(power)
    mean = power.mean(-1, keepdim=True).clamp_min(1e-10)
    return (power / mean).clamp_min(QUIETEST) ** (exponents.unsqueeze(-1) / 2)
