"""Mono sound of any length on the disk, at a rate of choice: written block by block, then seen as one array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr

from msgld.audio.stream import AudioStream, Spool

BLOCK = 1 << 18
"""Frames that are read at once."""


class Tape:
    """Blocks of a sound go in, its mean over the channels comes out at another rate.

    Args:
        path: of the file, which is made.
        rate: samples per second of the blocks.
        wanted: samples per second of the tape.
    """

    def __init__(self, path: Path, rate: int, wanted: int) -> None:
        self._spool = Spool(path, wanted, 1)
        self._soxr = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="HQ")
        self._same = rate == wanted

    @property
    def rate(self) -> int:
        """Samples per second."""
        return self._spool.rate

    def append(self, block: np.ndarray) -> None:
        """Add a block (channels, n)."""
        self._add(block.mean(0, dtype=np.float32), False)

    def wave(self) -> np.ndarray:
        """The whole of it, float32 (1, L), read from the disk as it is used; nothing is added afterwards."""
        self._add(np.zeros(0, np.float32), True)
        if not self._spool.frames:
            return np.zeros((1, 0), np.float32)
        return np.memmap(self._spool.path, np.dtype("<f4"), "c", shape=(1, self._spool.frames))

    def _add(self, samples: np.ndarray, last: bool) -> None:
        if not self._same:
            samples = self._soxr.resample_chunk(np.ascontiguousarray(samples), last=last)
        if len(samples):
            self._spool.append(samples[None])


def taped(stream: AudioStream, path: Path, wanted: int) -> np.ndarray:
    """A stream, read to its end, as a wave (1, L) of a :class:`Tape`."""
    tape = Tape(path, stream.rate, wanted)
    while (block := stream.read(BLOCK)).shape[1]:
        tape.append(block)
    return tape.wave()


def mixed(waves: list[np.ndarray], path: Path, rate: int, wanted: int) -> np.ndarray:
    """The sum of waves (1, L) at ``rate``, the shorter ones followed by silence, as a wave of a :class:`Tape`."""
    tape, length = Tape(path, rate, wanted), max(wave.shape[1] for wave in waves)
    for place in range(0, length, BLOCK):
        block = np.zeros((1, min(BLOCK, length - place)), np.float32)
        for wave in waves:
            piece = wave[:, place : place + BLOCK]
            block[:, : piece.shape[1]] += piece
        tape.append(block)
    return tape.wave()
