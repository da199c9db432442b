"""Do the parts sum to the whole?"""

from __future__ import annotations

import numpy as np

from msgld.metrics.checks import decibels, matched


def null_db(parts: np.ndarray, whole: np.ndarray) -> float:
    """RMS of (sum of ``parts`` - ``whole``) relative to the RMS of ``whole``, in dB; lower is better.

    Args:
        parts: (S, channels, L), stems (and residual) of one piece.
        whole: (channels, L), their mixture.

    Returns:
        -inf for a perfect null; around -140 where float32 rounds; 0 for silent parts; +inf where the whole is
        silent and the parts are not.

    Raises:
        UsageError: shapes do not match, no values, or values that are not finite.
    """
    (parts,) = matched(parts=parts)
    total, whole = matched(parts=parts.sum(axis=0), whole=whole)
    left = ((total - whole) ** 2).mean()
    if left == 0:
        return float("-inf")
    with np.errstate(divide="ignore"):
        return float(decibels(left / (whole**2).mean()))
