"""Sample-rate conversion with an exact length."""

from __future__ import annotations

import math

import numpy as np
import soxr


def resample(samples: np.ndarray, rate_in: int, rate_out: int) -> np.ndarray:
    """Convert ``samples`` from one rate to another (soxr, high quality, linear phase).

    Args:
        samples: float array (..., L), such as (channels, L) or (stems, channels, L).
        rate_in: samples per second, above 0.
        rate_out: samples per second, above 0.

    Returns:
        float32 (..., L * rate_out / rate_in), rounded to the nearest sample, halves up. Time 0 stays at sample 0. At
        equal rates the samples come back as they are.
    """
    if rate_in == rate_out:
        return np.asarray(samples, dtype=np.float32)
    length = (2 * samples.shape[-1] * rate_out + rate_in) // (2 * rate_in)
    flat = samples.reshape(math.prod(samples.shape[:-1]), samples.shape[-1])
    out = np.zeros((len(flat), length), np.float32)
    if length:
        converted = soxr.resample(np.ascontiguousarray(flat.T, np.float32), rate_in, rate_out, quality="HQ")
        kept = min(length, len(converted))  # soxr may end one sample to either side
        out[:, :kept] = converted[:kept].T
    return out.reshape(*samples.shape[:-1], length)
