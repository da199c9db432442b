"""Ratios of a stem to its error: SI-SDR, which leaves the volume free, MSDM's variant of it, and two kinds of SDR."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import decibels, matched

LOWEST = -60.0
"""dB of an estimate that has nothing in common with its target, silence included, so that it counts in a mean."""

EPS = 1e-8
"""Added to every power by MSDM's evaluation."""


def si_sdr(estimate: np.ndarray, target: np.ndarray) -> Any:
    """Scale-invariant signal-to-distortion ratio, computed in float64.

    Le Roux et al., 2019, "SDR - half-baked or well done?": 10 log10(|a s|^2 / |a s - e|^2) for an estimate e
    of the target s, where a = <e, s> / |s|^2.
    The channels of a signal count as one long vector with one scale for all, so wrong panning counts as
    distortion and a silent channel does no harm.

    Args:
        estimate: (..., channels, L), or (L,) for one mono signal.
        target: of the same shape.

    Returns:
        dB: a float for one signal, an array of shape (...) for several. +inf for a multiple of the target,
        ``LOWEST`` for a silent estimate or one that has nothing in common with the target, NaN for a silent
        target.

    Raises:
        UsageError: shapes differ, there are no values, or values are not finite.
    """
    estimate, target = matched(estimate=np.atleast_2d(estimate), target=np.atleast_2d(target))
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


def si_sdri(estimate: np.ndarray, target: np.ndarray, mixture: np.ndarray) -> Any:
    """SI-SDR improvement, in dB: the gain of ``estimate`` over taking the mixture itself for the stem.

    Arguments, returned shape and errors as for ``si_sdr``; ``mixture`` has the shape of the others.
    """
    return si_sdr(estimate, target) - si_sdr(mixture, target)


def is_silent(samples: np.ndarray, floor_db: float = -50.0) -> bool:
    """Whether the RMS over all of ``samples`` lies below ``floor_db`` dB of full scale (+-1).

    A stem that does not play has no SI-SDR; this is the rule by which such stems are left out.
    """
    (samples,) = matched(samples=samples)
    return bool(decibels((samples**2).mean()) < floor_db)


def msdm_si_sdr(estimate: np.ndarray, target: np.ndarray) -> Any:
    """SI-SDR with an epsilon in every power, as Mariani et al. (2024) evaluate. It counts silent targets.

    For a silent target it is 10 log10 of the epsilon over the estimate's power, so a nearly silent estimate is worth
    tens of dB more than the mixture. Use it beside published figures only.

    Args:
        estimate: (..., L).
        target: (..., L).

    Returns:
        dB, a float for one signal, else (...).
    """
    estimate, target = matched(estimate=estimate, target=target)
    scale = ((estimate * target).sum(-1) + EPS) / ((target**2).sum(-1) + EPS)
    wanted = scale[..., None] * target
    ratio = ((wanted**2).sum(-1) + EPS) / (((wanted - estimate) ** 2).sum(-1) + EPS)
    return decibels(ratio)[()]


def msdm_gains(estimates: np.ndarray, targets: np.ndarray, rate: int) -> np.ndarray:
    """The improvement of :func:`msdm_si_sdr` in every window of 4 s, 2 s apart, in which two stems or more sound.

    The mean over windows and stems is the figure of MSDM's tables.

    Args:
        estimates: (S, L) or (S, channels, L), where channels count as one long signal.
        targets: of the same shape.
        rate: samples a second.

    Returns:
        dB, (windows, S), silent stems included.
    """
    estimates, targets = matched(estimates=estimates, targets=targets)
    mixture, length = targets.sum(0), 4 * rate
    gains = []
    for start in range(0, max(1, targets.shape[-1] - length + 1), 2 * rate):
        part = slice(start, start + length)
        true = targets[..., part].reshape(len(targets), -1)
        if (np.abs(true).max(-1) > 0).sum() >= 2:
            before = msdm_si_sdr(np.broadcast_to(mixture[..., part].ravel(), true.shape), true)
            gains.append(msdm_si_sdr(estimates[..., part].reshape(true.shape), true) - before)
    return np.array(gains).reshape(-1, len(targets))


def bss_sdr(estimates: np.ndarray, targets: np.ndarray, rate: int) -> np.ndarray:
    """The median over windows of one second of BSS Eval's SDR, version 4, stem by stem (Stöter, Liutkus, Ito, 2018).

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
        rate: samples a second. A song of a second or less is one window; the rest after the last window of a longer
            one is not counted.

    Returns:
        dB, (S,); +inf for a perfect estimate; NaN for silent stems, and for all where no window has all of the others.

    Raises:
        UsageError: shapes differ or are not (S, channels, L), there are no values, or values are not finite.
    """
    estimates, targets = matched(estimates=estimates, targets=targets)
    if targets.ndim != 3:
        raise UsageError(f"stems have shape {targets.shape}: give (stems, channels, samples)")
    return median_sdr(*(energies(part, rate) for part in (targets, estimates, targets - estimates)))


def median_sdr(targets: np.ndarray, estimates: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """The median over windows that :func:`bss_sdr` returns, from the energies (S, windows) of each."""
    sounding, guessed = targets.any(axis=1), estimates.any(axis=1)
    usable = (targets[sounding] > 0).all(axis=0) & (estimates[sounding & guessed] > 0).all(axis=0)
    values = np.full(len(targets), np.nan)
    if sounding.any() and usable.any():
        with np.errstate(divide="ignore"):
            ratios = targets[sounding][:, usable] / errors[sounding][:, usable]
        values[sounding] = np.median(decibels(ratios), axis=1)
    return values


def song_sdr(estimate: np.ndarray, target: np.ndarray) -> Any:
    """SDR of a whole song: the energy of the target over that of the error (Mitsufuji et al., 2022, arXiv:2108.13559).

    It is the score of the Music Demixing Challenges and of MoisesDB's benchmark, also called utterance-level SDR.

    Args:
        estimate: (..., channels, L).
        target: of the same shape.

    Returns:
        dB, a float for one signal, else (...). +inf for a perfect estimate, 0 for a silent one, NaN for a silent
        target.

    Raises:
        UsageError: shapes differ, there are no values, or values are not finite.
    """
    estimate, target = matched(estimate=estimate, target=target)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (target**2).sum(axis=(-2, -1)) / ((target - estimate) ** 2).sum(axis=(-2, -1))
    silent = ~target.any(axis=(-2, -1))
    return np.where(silent, np.nan, decibels(np.where(silent, 1.0, ratio)))[()]


def energies(stems: np.ndarray, samples: int) -> np.ndarray:
    """Energy (S, windows) of each whole window of stems (S, channels, L), or of all of it where there is none."""
    count = max(1, stems.shape[-1] // samples)
    whole = stems[..., : count * samples]
    return np.square(whole).reshape(*stems.shape[:2], count, -1).sum(axis=(1, 3))
