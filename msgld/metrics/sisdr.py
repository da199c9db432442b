"""How much of an estimate is its target, at whatever volume: SI-SDR of Le Roux et al., 2019."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgld.metrics.checks import decibels, matched

LOWEST = -60.0
"""dB of an estimate that shares nothing with its target, silence included, so that it counts in a mean."""


def si_sdr(estimate: np.ndarray, target: np.ndarray, *, zero_mean: bool = False) -> Any:
    """Scale-invariant signal-to-distortion ratio, computed in float64.

    Le Roux et al., 2019, "SDR - half-baked or well done?": 10 log10(|a s|^2 / |a s - e|^2) for an estimate e
    of the target s, where a = <e, s> / |s|^2.
    The channels of a signal count as one long vector with one scale for all, so a wrong panorama counts as
    distortion and a silent channel does no harm.

    Args:
        estimate, target: (..., channels, L), or (L,) for one mono signal.
        zero_mean: subtract the mean of each channel first.

    Returns:
        dB: a float for one signal, an array of shape (...) for several. +inf for a multiple of the target,
        ``LOWEST`` for a silent estimate or one that shares nothing with the target, NaN for a silent target,
        where nothing can be said.

    Raises:
        UsageError: shapes differ, no values, or values that are not finite.
    """
    estimate, target = matched(estimate=np.atleast_2d(estimate), target=np.atleast_2d(target))
    if zero_mean:
        estimate = estimate - estimate.mean(axis=-1, keepdims=True)
        target = target - target.mean(axis=-1, keepdims=True)
    estimate, target = _of_peak_one(estimate), _of_peak_one(target)
    power = (target**2).sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = (estimate * target).sum(axis=(-2, -1)) / power
        wanted = scale[..., None, None] * target
        distortion = ((estimate - wanted) ** 2).sum(axis=(-2, -1))
        ratio = (wanted**2).sum(axis=(-2, -1)) / distortion
    # 0 / 0: a silent estimate of a target that sounds.
    ratio = np.where((estimate == 0).all(axis=(-2, -1)) & (power > 0), 0.0, ratio)
    return np.maximum(decibels(ratio), LOWEST)[()]


def _of_peak_one(signal: np.ndarray) -> np.ndarray:
    """Signals (..., channels, L) with a largest magnitude of 1, so that no power underflows; silence as it is."""
    peak = np.abs(signal).max(axis=(-2, -1), keepdims=True)
    return np.asarray(signal / np.where(peak > 0, peak, 1.0))


def si_sdri(estimate: np.ndarray, target: np.ndarray, mixture: np.ndarray, *, zero_mean: bool = False) -> Any:
    """SI-SDR improvement: what ``estimate`` gains over taking the mixture itself for the stem, in dB.

    Arguments, returned shape and errors as for ``si_sdr``; ``mixture`` has the shape of the others.
    """
    gained = si_sdr(estimate, target, zero_mean=zero_mean)
    return gained - si_sdr(mixture, target, zero_mean=zero_mean)


def is_silent(samples: np.ndarray, floor_db: float = -50.0) -> bool:
    """Whether the RMS over all of ``samples`` lies below ``floor_db`` dB of full scale (+-1).

    A stem that does not play has no SI-SDR; this is the rule by which such stems are left out.
    """
    (samples,) = matched(samples=samples)
    return bool(decibels((samples**2).mean()) < floor_db)
