"""SDR as separation campaigns report it: BSS Eval version 4, by the package museval."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched


def bss_sdr(estimates: np.ndarray, targets: np.ndarray, rate: int, window: float = 1.0) -> np.ndarray:
    """The median over windows of BSS Eval's SDR, stem by stem (Stöter, Liutkus, Ito, 2018).

    Unlike SI-SDR it counts a wrong volume. Windows in which a stem is silent say nothing of any stem, as in museval; a
    stem that is silent throughout is left out of the reckoning. A silent estimate counts: it has about 0 dB.

    Args:
        estimates, targets: (K, channels, L). rate: samples a second. window: seconds, which is the hop too.

    Returns:
        dB, (K,); NaN for silent stems, and for all where no window has all of the others.

    Raises:
        UsageError: museval is not installed or finds no ffmpeg; shapes differ, no values, or values
            that are not finite.
    """
    estimates, targets = matched(estimates=estimates, targets=targets)
    try:
        import museval
    except ImportError as error:
        raise UsageError("SDR needs the package museval: pip install 'msgld[eval]'") from error
    except RuntimeError as error:
        raise UsageError(f"SDR needs the package museval, which does not start: {error}") from error
    values = np.full(len(targets), np.nan)
    heard = np.flatnonzero(np.abs(targets).max(axis=(1, 2)) > 0)
    if len(heard):
        samples = max(1, round(window * rate))
        noise = 1e-6 * np.abs(targets).max() * np.random.default_rng(0).standard_normal(targets.shape)
        sides = (_audible(targets, noise * (targets != 0)), _audible(estimates, noise))
        references, guesses = (part[heard].transpose(0, 2, 1) for part in sides)
        frames = museval.evaluate(references, guesses, win=samples, hop=samples)[0]
        known = np.isfinite(frames).any(axis=1)
        values[heard[known]] = np.nanmedian(frames[known], axis=1)
    return values


def _audible(signals: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Signals (K, channels, L) with noise where their channels sum to zero.

    Museval takes such signals for silent and leaves out the window for all stems.
    """
    return np.asarray(np.where(signals.sum(1, keepdims=True) == 0, signals + noise, signals))
