"""Sound of any length kept on the disk, as plain 32-bit floats, until its level is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from msgld.audio.songs import Reader
from msgld.errors import AudioWriteError


class Spool:
    """Blocks (channels, n) are appended, then read back from the start."""

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path = path
        self.rate = rate
        self.channels = channels
        self.frames = 0
        self.peak = 0.0

    def append(self, block: np.ndarray) -> None:
        """Write a block at the end; AudioWriteError where the disk is full."""
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        try:
            with self.path.open("ab") as file:
                file.write(np.ascontiguousarray(block.T, "<f4").tobytes())
        except OSError as error:
            raise AudioWriteError(f"cannot write to {self.path.parent}: {error.strerror}") from error
        self.frames += block.shape[1]

    @contextmanager
    def open(self) -> Iterator[Reader]:
        """Read from the start."""
        with self.path.open("rb") as file:
            yield _SpoolReader(file, self)


class _SpoolReader:
    def __init__(self, file: BinaryIO, spool: Spool) -> None:
        self._file = file
        self.rate, self.channels, self.frames = spool.rate, spool.channels, spool.frames

    def read(self, frames: int) -> np.ndarray:
        data = self._file.read(frames * self.channels * 4)
        return np.frombuffer(data, "<f4").reshape(-1, self.channels).T
