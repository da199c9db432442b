"""Distances between log-mel spectrograms."""

from __future__ import annotations

import numpy as np

from msgld.metrics.checks import matched


def log_mel_l1(estimate: np.ndarray, target: np.ndarray) -> float:
    """Mean absolute difference of two log-mel arrays of one shape, such as (..., M, N), in their own unit.

    Raises:
        UsageError: shapes differ, no values, or values that are not finite.
    """
    estimate, target = matched(estimate=estimate, target=target)
    return float(np.abs(estimate - target).mean())


def log_mel_mse(estimate: np.ndarray, target: np.ndarray) -> float:
    """Mean squared difference of two log-mel arrays; arguments and errors as for ``log_mel_l1``."""
    estimate, target = matched(estimate=estimate, target=target)
    return float(((estimate - target) ** 2).mean())
