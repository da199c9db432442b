"""The null test: whether the parts of a piece sum to the whole."""

from __future__ import annotations

import numpy as np


def null_db(parts: np.ndarray, whole: np.ndarray) -> float:
    """RMS of the sum of ``parts`` (S, channels, L) less ``whole``, in dB of the RMS of ``whole``; lower is better."""
    left = np.square(np.asarray(parts, np.float64).sum(0) - whole).mean()
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(left / np.square(whole, dtype=np.float64).mean())) if left else -np.inf
