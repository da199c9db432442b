"""Peaks of sound for drawing waveforms: the least and the greatest sample of each block."""

from __future__ import annotations

import numpy as np

BLOCK = 256
"""Frames of a block."""


class Peaks:
    """Gathers peaks of all channels together from sound that streams by."""

    def __init__(self) -> None:
        self._held = np.zeros((0, 0), np.float32)
        self._parts: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """The next samples, (channels, n)."""
        held = block if not self._held.size else np.concatenate([self._held, block], axis=1)
        count = held.shape[1] // BLOCK
        if count:
            self._parts.append(extremes(held[:, : count * BLOCK].reshape(len(held), count, BLOCK)))
        self._held = held[:, count * BLOCK :]

    def all(self) -> np.ndarray:
        """The peaks so far, int8 (blocks, 2), full scale +-127; the last block may be shorter."""
        rest = [extremes(self._held[:, None, :])] if self._held.shape[1:] and self._held.shape[1] else []
        parts = [*self._parts, *rest]
        return np.concatenate(parts) if parts else np.zeros((0, 2), np.int8)


def extremes(samples: np.ndarray) -> np.ndarray:
    """Least and greatest of samples (channels, columns, n) in each column, int8 (columns, 2)."""
    both = np.stack([samples.min(axis=(0, 2)), samples.max(axis=(0, 2))], axis=1)
    rounded = np.clip(np.rint(127 * np.nan_to_num(both)), -127, 127)
    return np.asarray(rounded, np.int8)


def columns(peaks: np.ndarray, count: int) -> np.ndarray:
    """Peaks (blocks, 2) drawn in ``count`` columns over their whole length, int8 (count, 2); silent without any."""
    if not len(peaks):
        return np.zeros((count, 2), np.int8)
    edges = np.linspace(0, len(peaks), count + 1)
    first = np.minimum(edges[:-1].astype(np.int64), len(peaks) - 1)
    if count >= len(peaks):
        return peaks[first]
    least = np.minimum.reduceat(peaks[:, 0], first)
    most = np.maximum.reduceat(peaks[:, 1], first)
    return np.stack([least, most], axis=1)
