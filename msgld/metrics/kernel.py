"""How far apart two sets of points lie, without taking them for Gaussians and without bias in small sets."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched


def kernel_distance(made: np.ndarray, true: np.ndarray, bandwidth: float | None = None) -> float:
    """Squared maximum mean discrepancy of two sets (n, D) and (m, D), unbiased (Gretton et al., 2012, eq. 3).

    With a Gaussian kernel whose bandwidth is the median distance within ``true``, times 100, it is the KAD of Chung
    et al. (2025) once the points are embeddings of sounds. Unlike the Fréchet distance it is right on average
    for any number of points; so it can be a little below 0.

    Args:
        bandwidth: of the kernel; the median distance within ``true`` by default.

    Raises:
        UsageError: fewer than two points in a set, different D, or values that are not finite.
    """
    sets = [np.asarray(points, dtype=np.float64) for points in (made, true)]
    for points in sets:
        if points.ndim != 2 or len(points) < 2:
            raise UsageError(f"a set has to be at least two points (n, D), not of shape {points.shape}")
        matched(points=points)
    if sets[0].shape[1] != sets[1].shape[1]:
        raise UsageError(
            f"the points have {sets[0].shape[1]} and {sets[1].shape[1]} dimensions: give equal ones"
        )
    within = squared_distances(sets[1], sets[1])
    width = bandwidth or float(np.median(np.sqrt(within[~np.eye(len(within), dtype=bool)]))) or 1.0

    def similar(squared: np.ndarray) -> np.ndarray:
        return np.exp(-squared / (2 * width**2))

    def mean_of_others(squared: np.ndarray) -> float:
        count = len(squared)
        return float((similar(squared).sum() - count) / (count * (count - 1)))

    across = similar(squared_distances(*sets)).mean()
    return 100 * (
        mean_of_others(squared_distances(sets[0], sets[0])) + mean_of_others(within) - 2 * float(across)
    )


def squared_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared distances of all pairs of points (n, D) and (m, D), (n, m)."""
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    return squares.clip(0)
