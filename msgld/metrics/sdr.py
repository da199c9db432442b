"""Ratios of signal to error in which the volume counts: BSS Eval's SDR, and the null test of a mixture."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import decibels, matched


def bss_sdr(estimates: np.ndarray, targets: np.ndarray, rate: int, window: float = 1.0) -> np.ndarray:
    """The median over windows of BSS Eval's SDR, version 4, stem by stem (Stöter, Liutkus, Ito, 2018).

    BSS Eval splits an error into spatial distortion, interference and artifacts, for which it fits filters of 512
    taps. The SDR of version 4 takes the three together: their sum is the estimate less the target, whatever the
    filters are. So a window's SDR is the energy of the target over that of the error. Unlike SI-SDR it counts a wrong
    volume.

    Windows in which any of the sounding stems is silent, in the target or in the estimate, are left out for all stems,
    as in museval. A stem whose target is silent throughout is left out altogether. A stem whose estimate is silent
    throughout, which museval refuses, has an error as large as the target: 0 dB.

    Args:
        estimates: (S, channels, L).
        targets: (S, channels, L).
        rate: samples a second.
        window: seconds of a window, and of the hop. A song no longer than a window is one window; the rest after the
            last window of a longer one is not counted.

    Returns:
        dB, (S,); +inf for a perfect estimate; NaN for silent stems, and for all where no window has all of the others.

    Raises:
        UsageError: shapes differ or are not (S, channels, L), there are no values, or values are not finite.
    """
    estimates, targets = matched(estimates=estimates, targets=targets)
    if targets.ndim != 3:
        raise UsageError(f"stems have shape {targets.shape}: give (stems, channels, samples)")
    energies, guesses, errors = (
        _energies(part, max(1, round(window * rate))) for part in (targets, estimates, targets - estimates)
    )
    sounding, guessed = energies.any(axis=1), guesses.any(axis=1)
    usable = (energies[sounding] > 0).all(axis=0) & (guesses[sounding & guessed] > 0).all(axis=0)
    values = np.full(len(targets), np.nan)
    if sounding.any() and usable.any():
        with np.errstate(divide="ignore"):
            ratios = energies[sounding][:, usable] / errors[sounding][:, usable]
        values[sounding] = np.median(decibels(ratios), axis=1)
    return values


def _energies(stems: np.ndarray, samples: int) -> np.ndarray:
    """Energy (S, windows) of each whole window of stems (S, channels, L), or of all of it where there is none."""
    count = max(1, stems.shape[-1] // samples)
    whole = stems[..., : count * samples]
    return np.square(whole).reshape(*stems.shape[:2], count, -1).sum(axis=(1, 3))


def null_db(parts: np.ndarray, whole: np.ndarray) -> float:
    """The null test: RMS of (sum of ``parts`` - ``whole``) relative to the RMS of ``whole``, in dB; lower is better.

    Args:
        parts: (S, channels, L), stems (and residual) of one piece.
        whole: (channels, L), their mixture.

    Returns:
        -inf for a perfect null; around -140 where float32 rounds; 0 for silent parts; +inf where the whole is
        silent and the parts are not.

    Raises:
        UsageError: shapes do not match, there are no values, or values are not finite.
    """
    (parts,) = matched(parts=parts)
    total, whole = matched(parts=parts.sum(axis=0), whole=whole)
    left = ((total - whole) ** 2).mean()
    if left == 0:
        return float("-inf")
    with np.errstate(divide="ignore"):
        return float(decibels(left / (whole**2).mean()))
