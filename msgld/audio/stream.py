"""The one protocol for sound, and streams over arrays, excerpts, other rates and the disk."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import numpy as np
import soxr

from msgld.errors import AudioReadError, AudioWriteError, UsageError


@runtime_checkable
class AudioStream(Protocol):
    """Sound that is read front to back.

    Attributes:
        rate: samples per second.
        channels: of every block.
        frames: samples per channel; an estimate in some compressed files, 0 where even that is unknown.
    """

    rate: int
    channels: int
    frames: int

    @property
    def remarks(self) -> Sequence[str]:
        """Remarks on the sound, a line each; complete once it has been read to its end."""
        return ()

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (channels, n)."""
        ...

    def skip(self, frames: int) -> int:
        """Pass over the next ``frames`` frames; returns how many there were, fewer only at the end."""
        done = 0
        while done < frames and (count := self.read(min(frames - done, 1 << 16)).shape[1]):
            done += count
        return done


class ArrayStream(AudioStream):
    """Samples (channels, L) in memory."""

    def __init__(self, samples: np.ndarray, rate: int) -> None:
        self._samples, self._place = samples, 0
        self.rate = rate
        self.channels, self.frames = samples.shape

    def read(self, frames: int) -> np.ndarray:
        """See :class:`AudioStream`."""
        block = self._samples[:, self._place : self._place + frames]
        self._place += block.shape[1]
        return block


class ExcerptStream(AudioStream):
    """A stretch of another stream.

    Args:
        stream: at its start; it is skipped to the start of the stretch.
        start: in seconds.
        stop: in seconds; None for the end of the stream.

    Raises:
        AudioReadError: the stretch is empty, or the stream ends before it.
    """

    def __init__(self, stream: AudioStream, start: float, stop: float | None) -> None:
        self._stream = stream
        self.rate, self.channels = stream.rate, stream.channels
        self._start, self._stop, self._done, self._ended = start, stop, 0, False
        first = round(start * self.rate)
        self._left = math.inf if stop is None else round(stop * self.rate) - first
        self.frames = int(max(0, min(stream.frames - first, self._left)))
        if self._left < 1:
            raise AudioReadError(f"the excerpt from {start:g} to {stop:g} s holds no samples")
        if stream.skip(first) < first:
            raise AudioReadError(f"the excerpt begins at {start:g} s, after the sound has ended")

    @property
    def remarks(self) -> Sequence[str]:
        """See :class:`AudioStream`."""
        if self._stop is None or not self._ended:
            return self._stream.remarks
        end = self._start + self._done / self.rate
        early = f"the sound ends at {end:.2f} s, before the excerpt's end at {self._stop:g} s"
        return (*self._stream.remarks, early)

    def read(self, frames: int) -> np.ndarray:
        """See :class:`AudioStream`."""
        wanted = int(min(frames, self._left))
        block = self._stream.read(wanted)
        self._ended = self._ended or block.shape[1] < wanted
        if self._ended and not self._done and not block.shape[1]:
            raise AudioReadError(f"the excerpt begins at {self._start:g} s, where the sound has ended")
        self._done += block.shape[1]
        self._left -= block.shape[1]
        return block


class ResampledStream(AudioStream):
    """Another stream at a given rate and with a given number of channels (see :func:`as_channels`)."""

    def __init__(self, stream: AudioStream, rate: int, channels: int) -> None:
        self._stream = stream
        self._soxr = soxr.ResampleStream(stream.rate, rate, stream.channels, dtype="float32", quality="HQ")
        self._held = np.zeros((stream.channels, 0), np.float32)
        self._ended = False
        self.rate, self.channels = rate, channels
        self.frames = round(stream.frames * rate / stream.rate)

    @property
    def remarks(self) -> Sequence[str]:
        """See :class:`AudioStream`."""
        return self._stream.remarks

    def read(self, frames: int) -> np.ndarray:
        """See :class:`AudioStream`."""
        while self._held.shape[1] < frames and not self._ended:
            self._held = np.concatenate([self._held, self._more(frames)], axis=1)
        block, self._held = self._held[:, :frames], self._held[:, frames:]
        return as_channels(block, self.channels)

    def _more(self, frames: int) -> np.ndarray:
        wanted = max(1, round(frames * self._stream.rate / self.rate))
        block = self._stream.read(wanted)
        self._ended = block.shape[1] < wanted
        if self._stream.rate == self.rate:
            return block
        return self._soxr.resample_chunk(np.ascontiguousarray(block.T), last=self._ended).T


def as_channels(samples: np.ndarray, channels: int) -> np.ndarray:
    """Samples (c, L) with another number of channels.

    Mono goes to all channels. All channels go to mono as their mean, so components of opposite polarity cancel. From
    stereo to more channels, the added ones are silent.

    Raises:
        UsageError: fewer channels, other than mono.
    """
    own = samples.shape[0]
    if own == channels:
        return samples
    if own == 1:
        return np.repeat(samples, channels, axis=0)
    if channels == 1:
        return samples.mean(axis=0, keepdims=True)
    if own > channels:
        raise UsageError(f"a sound of {own} channels does not go with one of {channels}; mix it down first")
    return np.concatenate([samples, np.zeros((channels - own, samples.shape[1]), samples.dtype)])


def stacked(waves: Iterable[np.ndarray]) -> np.ndarray:
    """Sounds (c, L) of one length with the most channels that one has, (number, channels, L)."""
    waves = list(waves)
    channels = max(len(wave) for wave in waves)
    return np.stack([as_channels(wave, channels) for wave in waves])


class Spool:
    """Sound of any length on the disk, as 32-bit floats: blocks are appended, then read back from the start.

    Attributes:
        path: of the file.
        rate: samples per second.
        channels: of every block.
        frames: samples per channel so far.
        peak: largest magnitude so far.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path, self.rate, self.channels = path, rate, channels
        self.frames, self.peak = 0, 0.0

    def append(self, block: np.ndarray) -> None:
        """Write a block (channels, n) at the end.

        Raises:
            AudioWriteError: the disk is full.
        """
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        try:
            with self.path.open("ab") as file:
                file.write(np.ascontiguousarray(block.T, "<f4").tobytes())
        except OSError as error:
            raise AudioWriteError(f"cannot write to {self.path.parent}: {error.strerror}") from error
        self.frames += block.shape[1]

    @contextmanager
    def open(self) -> Iterator[AudioStream]:
        """Read from the start."""
        with self.path.open("rb") as file:
            yield _SpoolStream(file, self)


class _SpoolStream(AudioStream):
    def __init__(self, file: BinaryIO, spool: Spool) -> None:
        self._file = file
        self.rate, self.channels, self.frames = spool.rate, spool.channels, spool.frames

    def read(self, frames: int) -> np.ndarray:
        data = self._file.read(frames * self.channels * 4)
        return np.frombuffer(data, "<f4").reshape(-1, self.channels).T
