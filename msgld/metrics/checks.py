"""Checks that every metric makes of its arrays first, decibels, and many scores in a few figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from msgld.errors import UsageError


def matched(**arrays: np.ndarray) -> list[np.ndarray]:
    """The arrays in float64; they have one shape, and only finite values.

    Raises:
        UsageError: shapes differ, an array is empty, or a value is not finite; it names the array.
    """
    found = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
    first, *_ = found
    for name, array in found.items():
        if array.shape != found[first].shape:
            raise UsageError(
                f"{name} has shape {array.shape}, {first} has {found[first].shape}: give equal shapes"
            )
        if array.size == 0:
            raise UsageError(f"{name} is empty: give at least one value")
        if not np.isfinite(array).all():
            raise UsageError(f"{name} holds NaN or infinite values: give numbers")
    return list(found.values())


def decibels(ratio: np.ndarray) -> np.ndarray:
    """10 log10 of a ratio of powers; -inf at 0, and no warning about it."""
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(ratio))


@dataclass(frozen=True)
class Summary:
    """Mean, median, 95 % bootstrap interval of the mean, and number of some scores."""

    mean: float
    median: float
    low: float
    high: float
    count: int


def summary(values: Iterable[float], *, seed: int = 0, resamples: int = 2000) -> Summary:
    """Mean, median and the 95 % bootstrap interval of the mean (Efron and Tibshirani, 1993, ch. 13).

    Args:
        values: scores; NaN (no score, such as that of a silent target) is left out.
        seed: of the bootstrap; the same seed gives the same interval.
        resamples: bootstrap samples drawn.

    Returns:
        the figures; all NaN with a count of 0 where there are no values.
    """
    scores = np.array([value for value in values if not np.isnan(value)], dtype=np.float64)
    if not len(scores):
        return Summary(np.nan, np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    means = np.array([rng.choice(scores, len(scores)).mean() for _ in range(resamples)])
    # Infinite scores stay infinite: an order statistic is never a mean of two, which could be inf - inf.
    low, high = np.quantile(means, (0.025, 0.975), method="nearest")
    return Summary(float(scores.mean()), float(np.median(scores)), float(low), float(high), len(scores))
