"""Ratios of stems to their errors over a song that is added stretch by stretch, so that memory holds none of it."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import decibels, matched
from msgld.metrics.sdr import LOWEST, energies, median_sdr


class RunningRatios:
    """The figures of :func:`si_sdri`, :func:`song_sdr` and :func:`bss_sdr`, from sums over the song, in float64.

    Args:
        stems: S, their number.
        rate: samples a second.
    """

    def __init__(self, stems: int, rate: int) -> None:
        self._rate, self._samples, self._full = rate, 0, True
        self._targets, self._estimates, self._errors, self._products, self._mixed = np.zeros((5, stems))
        self._mixture = 0.0
        self._windows: list[np.ndarray] = []

    def add(self, estimates: np.ndarray, targets: np.ndarray, mixture: np.ndarray) -> None:
        """Add the next stretch; all but the last one are whole seconds, since BSS Eval takes windows of one.

        Args:
            estimates: (S, channels, n).
            targets: (S, channels, n).
            mixture: (channels, n).

        Raises:
            UsageError: shapes differ, values are not finite, or the stretch before was none of whole seconds.
        """
        estimates, targets = matched(estimates=estimates, targets=targets)
        (mixture,) = matched(mixture=mixture)
        if mixture.shape != targets.shape[1:]:
            raise UsageError(f"mixture has shape {mixture.shape}, stems {targets.shape}: give equal lengths")
        if not self._full:
            raise UsageError("only the last stretch may be of another length than whole seconds")
        length, errors = targets.shape[-1], targets - estimates
        self._full = length % self._rate == 0
        if length >= self._rate or not self._windows:
            self._windows.append(
                np.stack([energies(part, self._rate) for part in (targets, estimates, errors)])
            )
        self._samples += mixture.size
        axes = (-2, -1)
        self._targets += np.square(targets).sum(axes)
        self._estimates += np.square(estimates).sum(axes)
        self._errors += np.square(errors).sum(axes)
        self._products += (estimates * targets).sum(axes)
        self._mixed += (mixture * targets).sum(axes)
        self._mixture += float(np.square(mixture).sum())

    def silent(self, floor_db: float = -50.0) -> np.ndarray:
        """Which targets :func:`msgld.metrics.is_silent` calls silent, bool (S,)."""
        return decibels(self._targets / max(1, self._samples)) < floor_db

    def si_sdri(self) -> np.ndarray:
        """As :func:`si_sdri`, (S,)."""
        mixture = np.full(len(self._targets), self._mixture)
        return self._si_sdr(self._products, self._estimates) - self._si_sdr(self._mixed, mixture)

    def _si_sdr(self, products: np.ndarray, powers: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = products**2 / self._targets
            ratio = wanted / np.maximum(powers - wanted, 0.0)
        ratio = np.where((powers == 0) & (self._targets > 0), 0.0, ratio)
        return np.maximum(decibels(ratio), LOWEST)

    def song_sdr(self) -> np.ndarray:
        """As :func:`song_sdr`, (S,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self._targets / self._errors
        silent = self._targets == 0
        return np.where(silent, np.nan, decibels(np.where(silent, 1.0, ratio)))

    def bss_sdr(self, stems: np.ndarray) -> np.ndarray:
        """As :func:`bss_sdr` of some of the stems, bool (S,); NaN for the others, (S,)."""
        values = np.full(len(self._targets), np.nan)
        if stems.any() and self._windows:
            values[stems] = median_sdr(*np.concatenate(self._windows, axis=-1)[:, stems])
        return values
