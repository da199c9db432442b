"""How far apart do two sets of points lie? The Fréchet distance of Gaussians, and a kernel distance without bias."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance of the Gaussians that fit two sets of points (n, D) and (m, D).

    See :func:`gaussian_distance`. With few points for D the covariances are poorly known, and the distance of two sets
    of one kind is well above 0; so compare only sets of one size.

    Raises:
        UsageError: fewer than two points in a set, different D, or values that are not finite.
    """
    sets = _sets(first, second)
    means = [points.mean(0) for points in sets]
    covariances = [np.atleast_2d(np.cov(points, rowvar=False, bias=True)) for points in sets]
    return gaussian_distance(means[0], covariances[0], means[1], covariances[1])


def gaussian_distance(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """|a - b|^2 + tr(A + B - 2 (A B)^(1/2)) for Gaussians N(a, A) and N(b, B) (Dowson and Landau, 1982).

    Args:
        mean: (D,).
        covariance: (D, D), symmetric, no eigenvalue below 0.
        other_mean: (D,).
        other_covariance: (D, D), symmetric, no eigenvalue below 0.

    Returns:
        0 or more, in the square of the points' unit.
    """
    # A B is similar to the symmetric A^(1/2) B A^(1/2), whose eigenvalues are safe to compute.
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ other_covariance @ root).clip(0)).sum()
    apart = ((mean - other_mean) ** 2).sum()
    return max(0.0, float(apart + np.trace(covariance) + np.trace(other_covariance) - 2 * shared))


def kernel_distance(made: np.ndarray, true: np.ndarray, bandwidth: float | None = None) -> float:
    """Squared maximum mean discrepancy of two sets (n, D) and (m, D), unbiased (Gretton et al., 2012, eq. 3).

    With a Gaussian kernel whose bandwidth is the median distance inside ``true``, times 100, it is the KAD of Chung
    et al. (2025) once the points are embeddings of sounds. Unlike the Fréchet distance it is right on average
    for any number of points; so it can be a little below 0.

    Args:
        made: (n, D).
        true: (m, D).
        bandwidth: of the kernel; the median distance inside ``true`` by default.

    Raises:
        UsageError: fewer than two points in a set, different D, or values that are not finite.
    """
    sets = _sets(made, true)
    inner = squared_distances(sets[1], sets[1])
    width = bandwidth or float(np.median(np.sqrt(inner[~np.eye(len(inner), dtype=bool)]))) or 1.0

    def similar(squared: np.ndarray) -> np.ndarray:
        return np.exp(-squared / (2 * width**2))

    def mean_of_others(squared: np.ndarray) -> float:
        count = len(squared)
        return float((similar(squared).sum() - count) / (count * (count - 1)))

    across = float(similar(squared_distances(*sets)).mean())
    return 100 * (mean_of_others(squared_distances(sets[0], sets[0])) + mean_of_others(inner) - 2 * across)


def squared_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared distances of all pairs of points (n, D) and (m, D), (n, m)."""
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    return squares.clip(0)


def _sets(first: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    """Both sets in float64, checked."""
    sets = [matched(points=points)[0] for points in (first, second)]
    for points in sets:
        if points.ndim != 2 or len(points) < 2:
            raise UsageError(f"a set has to be two points or more, (n, D), not of shape {points.shape}")
    if sets[0].shape[1] != sets[1].shape[1]:
        sizes = " and ".join(str(points.shape[1]) for points in sets)
        raise UsageError(f"the points have {sizes} dimensions: give equal ones")
    return sets
