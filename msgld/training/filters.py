"""Random filters of what is trained on: slow curves over the spectrum."""

from __future__ import annotations

import numpy as np

WAVES = 4
"""Cosines that a curve is made of, of half a period to two."""


def slow_curves(
    shape: tuple[int, ...], places: np.ndarray, decibels: float, rng: np.random.Generator
) -> np.ndarray:
    """Random curves in dB, (*shape, F), whose standard deviation over the spectrum is about ``decibels``.

    Args:
        places: where on the spectrum the values stand, (F,), 0 to 1.
    """
    waves = np.cos(np.pi * np.outer(np.arange(1, WAVES + 1), places)) * np.sqrt(2 / WAVES)
    return rng.normal(0, decibels, (*shape, WAVES)) @ waves
