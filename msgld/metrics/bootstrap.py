"""Many scores in a few figures: their mean with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """A sample of scores in five figures.

    Attributes:
        mean: of the values.
        median: of the values.
        low: lower end of the 95 % bootstrap interval of the mean.
        high: its upper end.
        count: number of values.
    """

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
