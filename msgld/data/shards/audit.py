"""What is measured of a stem while it streams by, and of the sum of stems beside the song's mixture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from msgld.data.stem_folders import SET_ASIDE, USED
from msgld.data.stem_folders.check import LOUDEST, is_noise

COLUMNS = 16
"""Columns of the picture for a block."""

SILENT = 1e-4
"""-80 dBFS: a stem that never rises above is silent."""

CLIPPED = 0.9999
_RUN, _RUNS = 3, 10  # samples in a row at full scale are a clipped place; so many places are said

SAME_DB, SUM_DB = -40.0, -20.0
"""Energy of the difference relative to the mixture: below the first nothing is said of a gain, below the second the
stems count as those of the mixture (lossy formats and limiters make a difference, too)."""

_LOOK = 4096
_TINY = 1e-12


class StemAudit:
    """Peak, loudness, clipping and likeness to noise of one stem.

    Attributes:
        peak: largest absolute sample.
        columns: peaks of ``COLUMNS`` parts of each block, for the picture.
    """

    def __init__(self) -> None:
        self.peak = 0.0
        self.columns: list[np.ndarray] = []
        self._energy, self._samples = 0.0, 0
        self._clipped, self._first_clipped = 0, 0
        self._looks, self._noises = 0, 0

    def add(self, block: np.ndarray) -> None:
        """Measure the next samples (2, n)."""
        loud = np.abs(block).max(axis=0)
        parts = np.array_split(loud, COLUMNS)
        self.columns.append(np.array([part.max(initial=0.0) for part in parts], np.float32))
        peak = float(self.columns[-1].max())
        self.peak = max(self.peak, peak)
        if peak >= CLIPPED:
            self._count_clipped(loud >= CLIPPED)
        if block[0, :_LOOK].any() and block.shape[1] >= _LOOK:
            self._looks += 1
            self._noises += is_noise(block[0, :_LOOK])
        self._energy += float(np.vdot(block, block))
        self._samples += block.shape[1]

    def _count_clipped(self, at: np.ndarray) -> None:
        run = np.convolve(at, np.ones(_RUN), "valid") == _RUN
        starts = np.flatnonzero(run & ~np.concatenate([[False], run[:-1]]))
        if len(starts) and not self._clipped:
            self._first_clipped = self._samples + int(starts[0])
        self._clipped += len(starts)

    @property
    def rms(self) -> float:
        """Root of the mean square of both channels."""
        return float(np.sqrt(self._energy / max(1, 2 * self._samples)))

    @property
    def fault(self) -> str:
        """Why the stem cannot be used; empty if it can."""
        if self.peak > LOUDEST:
            return f"has samples of {self.peak:.3g} times full scale"
        noise = self._looks and self._noises > self._looks / 2
        return "is white noise at full scale" if noise else ""

    def remarks(self, rate: int) -> Iterator[tuple[str, str]]:
        """What is to be said of it, and what happens."""
        if self.fault:
            yield self.fault, SET_ASIDE
        elif self.peak < SILENT:
            yield "is silent from beginning to end", USED
        elif self._clipped >= _RUNS:
            yield f"is clipped at {self._clipped} places, first at {self._first_clipped / rate:.1f} s", USED


class SumAudit:
    """Compares the sum of the stems with the mixture."""

    def __init__(self) -> None:
        self._mixture, self._sum, self._product = 0.0, 0.0, 0.0

    def add(self, mixture: np.ndarray, stems: np.ndarray) -> None:
        """The next samples of both, (2, n)."""
        self._mixture += float(np.vdot(mixture, mixture))
        self._sum += float(np.vdot(stems, stems))
        self._product += float(np.vdot(mixture, stems))

    @property
    def difference(self) -> float:
        """Energy of mixture minus sum, in dB relative to the mixture."""
        rest = self._mixture + self._sum - 2 * self._product
        return float(10 * np.log10(max(rest, _TINY) / max(self._mixture, _TINY)))

    @property
    def gain(self) -> tuple[float, float]:
        """The gain in dB that makes the sum most alike to the mixture, and the difference that is left, in dB."""
        best = max(self._product, 0.0) / max(self._sum, _TINY)
        rest = self._mixture - best * self._product
        return (
            float(20 * np.log10(max(best, _TINY))),
            float(10 * np.log10(max(rest, _TINY) / max(self._mixture, _TINY))),
        )

    @property
    def remark(self) -> str:
        """What is to be said; empty where the stems add up to the mixture."""
        if self._mixture <= _TINY:
            return "is silent from beginning to end"
        if self.difference <= SAME_DB:
            return ""
        gain, left = self.gain
        if left <= SUM_DB:
            apart = abs(gain) > 0.1
            return f"is the sum of the stems at a gain of {gain:+.1f} dB" if apart else ""
        return f"is not the sum of the stems: the difference is {self.difference:+.1f} dB of it"
