"""One picture of all tracks: their spectrograms below each other, drawn from sound that streams by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from msgld.api.drawing import Axes, draw_rows
from msgld.dsp.mel import MelConfig, band_edges, band_power, spectrum

COLUMNS = 1024
"""Most columns of a picture; it has at least half as many, however long the sound is."""
BANDS = 64
RANGE_DB = 80.0
"""From the loudest band to black."""
MARKS = (100, 1000, 5000)
"""Hertz that are named."""


def grid(rate: int) -> MelConfig:
    """A coarse analysis: bands up to 20 kHz or half the rate, windows of about 46 ms, half overlapping."""
    n_fft = 2 ** round(np.log2(0.0465 * rate))
    return MelConfig(rate, n_fft, n_fft // 2, BANDS, fmin=20.0, fmax=min(20_000.0, rate / 2))


class Coarse:
    """Band powers of one track as it streams by; halves its resolution in time whenever it gets too long."""

    def __init__(self, config: MelConfig) -> None:
        self._config = config
        self._held: np.ndarray | None = None
        self._fine = np.zeros((BANDS, 0))
        self._done = np.zeros((BANDS, 0))
        self._width = 1

    def add(self, samples: np.ndarray) -> None:
        """Append samples (channels, n), the same number of channels every time."""
        hop = self._config.hop
        # The first window begins half before the sound, so that its first samples are seen too.
        held = np.zeros((len(samples), hop), np.float32) if self._held is None else self._held
        held = np.concatenate([held, samples], axis=1)
        count = max(0, held.shape[1] // hop - 1)
        if count:
            self._gather(self._columns(held[:, : (count + 1) * hop]))
        self._held = held[:, count * hop :]

    def _columns(self, samples: np.ndarray) -> np.ndarray:
        """Band powers of the windows that lie inside the samples, mean of the channels."""
        power = spectrum(torch.from_numpy(samples), self._config).abs().square().mean(0)
        return band_power(power, self._config)[:, 1:].double().numpy()

    def _gather(self, columns: np.ndarray) -> None:
        """Average whole groups of ``width`` columns; put off the others."""
        fine = np.concatenate([self._fine, columns], axis=1)
        count = fine.shape[1] // self._width
        groups = fine[:, : count * self._width].reshape(BANDS, count, self._width).mean(2)
        self._done = np.concatenate([self._done, groups], axis=1)
        self._fine = fine[:, count * self._width :]
        while self._done.shape[1] >= COLUMNS:
            self._halve()

    def _halve(self) -> None:
        if self._done.shape[1] % 2:
            put_off = np.repeat(self._done[:, -1:], self._width, axis=1)
            self._fine = np.concatenate([put_off, self._fine], axis=1)
            self._done = self._done[:, :-1]
        self._done = (self._done[:, 0::2] + self._done[:, 1::2]) / 2
        self._width *= 2

    def powers(self) -> np.ndarray:
        """Band powers so far, (BANDS, columns), at least one column."""
        rest = self._fine.mean(1, keepdims=True) if self._fine.shape[1] else np.zeros((BANDS, 0))
        columns = np.concatenate([self._done, rest], axis=1)
        return columns if columns.shape[1] else np.zeros((BANDS, 1))


class Sketch:
    """Collects the data for a picture of several tracks, in memory that does not depend on their length."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._config = grid(rate)
        self._tracks: dict[str, Coarse] = {}
        self._samples = 0

    def add(self, stretch: Mapping[str, np.ndarray]) -> None:
        """Append the next stretch of every track: name -> (channels, n), the same names every time."""
        for name, samples in stretch.items():
            self._tracks.setdefault(name, Coarse(self._config)).add(samples)
        self._samples += next(iter(stretch.values())).shape[1]

    def draw(self, path: Path) -> None:
        """Write the picture as a PNG: a row for each track, decibels relative to the loudest band of all."""
        powers = {name: track.powers() for name, track in self._tracks.items()}
        loudest = max(float(power.max()) for power in powers.values()) or 1.0
        rows = {name: 1 + 10 * np.log10(power / loudest + 1e-12) / RANGE_DB for name, power in powers.items()}
        draw_rows(rows, Axes(self._samples / self._rate, self._marks()), path)

    def _marks(self) -> dict[str, float]:
        """Names of some frequencies, and how high they lie among the bands."""
        centres = band_edges(self._config)[:, 1]
        places = (np.interp(MARKS, centres, np.arange(BANDS)) + 0.5) / BANDS
        return {
            f"{hertz} Hz": float(at) for hertz, at in zip(MARKS, places, strict=True) if hertz < centres[-1]
        }
