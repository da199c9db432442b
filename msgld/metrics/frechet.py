"""How far apart two sets of points lie, each taken for a Gaussian: Fréchet, 1957; Dowson and Landau, 1982."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance of the Gaussians that fit two sets of points (n, D) and (m, D).

    See :func:`gaussian_distance`. A set has to have two points; with few of them for D the covariances are known
    badly and the distance of two sets of one kind is well above 0, so only sets of one size compare.

    Raises:
        UsageError: fewer than two points, different D, or values that are not finite.
    """
    sets = [np.asarray(points, dtype=np.float64) for points in (first, second)]
    for points in sets:
        if points.ndim != 2 or len(points) < 2:
            raise UsageError(f"a set has to be at least two points (n, D), not of shape {points.shape}")
    means = matched(first=sets[0].mean(0), second=sets[1].mean(0))
    covariances = [np.atleast_2d(np.cov(points, rowvar=False, bias=True)) for points in sets]
    return gaussian_distance(means[0], covariances[0], means[1], covariances[1])


def gaussian_distance(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """|a - b|^2 + tr(A + B - 2 (A B)^(1/2)) for Gaussians N(a, A) and N(b, B) (Dowson and Landau, 1982).

    Args:
        mean, other_mean: (D,). covariance, other_covariance: (D, D), symmetric, no eigenvalue below 0.

    Returns:
        0 or more, in the square of the points' unit.
    """
    # A B is similar to the symmetric A^(1/2) B A^(1/2), whose eigenvalues are safe to compute.
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ other_covariance @ root).clip(0)).sum()
    apart = ((mean - other_mean) ** 2).sum()
    return max(0.0, float(apart + np.trace(covariance) + np.trace(other_covariance) - 2 * shared))
