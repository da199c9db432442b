"""The separation score of MSDM's paper, under its own name: it counts silent targets, and so flatters."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgld.metrics.checks import decibels, matched

EPS = 1e-8


def msdm_si_sdr(estimate: np.ndarray, target: np.ndarray) -> Any:
    """SI-SDR with an epsilon in every power, as Mariani et al. (2024) evaluate.

    For a silent target it is 10 log10 of the epsilon over the estimate's power, so that an answer that is
    nearly silent is worth tens of dB more than the mixture. Use it beside published figures only.

    Args:
        estimate, target: (..., L).

    Returns:
        dB, a float for one signal, else (...).
    """
    estimate, target = matched(estimate=estimate, target=target)
    scale = ((estimate * target).sum(-1) + EPS) / ((target**2).sum(-1) + EPS)
    wanted = scale[..., None] * target
    ratio = ((wanted**2).sum(-1) + EPS) / (((wanted - estimate) ** 2).sum(-1) + EPS)
    return decibels(ratio)[()]


def msdm_gains(
    estimates: np.ndarray, targets: np.ndarray, rate: int, window: float = 4.0, hop: float = 2.0
) -> np.ndarray:
    """The improvement of :func:`msdm_si_sdr` in every window in which two stems or more sound.

    Args:
        estimates, targets: (S, L) or (S, channels, L), where channels count as one long signal.
        rate: samples a second. window, hop: seconds.

    Returns:
        dB, (windows, S), silent stems included.
    """
    estimates, targets = matched(estimates=estimates, targets=targets)
    mixture, length = targets.sum(0), round(window * rate)
    gains = []
    for start in range(0, max(1, targets.shape[-1] - length + 1), round(hop * rate)):
        part = slice(start, start + length)
        heard = targets[..., part].reshape(len(targets), -1)
        if (np.abs(heard).max(-1) > 0).sum() >= 2:
            before = msdm_si_sdr(np.broadcast_to(mixture[..., part].ravel(), heard.shape), heard)
            gains.append(msdm_si_sdr(estimates[..., part].reshape(heard.shape), heard) - before)
    return np.array(gains).reshape(-1, len(targets))


def msdm_average(
    estimates: np.ndarray, targets: np.ndarray, rate: int, window: float = 4.0, hop: float = 2.0
) -> float:
    """The mean of :func:`msdm_gains` over windows and stems, as in MSDM's tables: dB, NaN of no window."""
    gains = msdm_gains(estimates, targets, rate, window, hop)
    return float(gains.mean()) if len(gains) else float("nan")
