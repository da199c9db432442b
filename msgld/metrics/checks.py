"""Checks that every metric makes of its arrays first."""

from __future__ import annotations

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
