"""Reading a file of any length piece by piece: by libsndfile where it is exact, else by FFmpeg's libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from msgld.audio.ffmpeg import FfmpegStream, UnknownFormatError
from msgld.audio.sndfile import MAGIC, SndfileStream, UnreadableError
from msgld.audio.stream import AudioStream
from msgld.errors import AudioReadError

MAX_CHANNELS = 8
LOUDEST = 1e10
"""Times full scale. Integers of 32 bits that were written as floats stay below; damaged samples seldom do."""

_MOST_REMARKS = 5  # places of damage that are named one by one

T = TypeVar("T")
_Decoder = SndfileStream | FfmpegStream


def _decoder(path: Path, number: int) -> _Decoder:
    """The decoder for a file, chosen by its first bytes; beyond the first stream it is FFmpeg's."""
    if number:
        return FfmpegStream(path, number)
    with path.open("rb") as file:
        head = file.read(4)
    if head in MAGIC:
        try:
            return SndfileStream(path)
        except UnreadableError as error:
            return _second_decoder(path, error)
    try:
        return FfmpegStream(path)
    except UnknownFormatError:
        # Libsndfile knows a few more formats; of MP3 it knows no more, and complains on the terminal.
        if not (head[:1] == b"\xff" or head[:3] == b"ID3" or path.suffix.lower().startswith(".mp")):
            with suppress(UnreadableError):
                return SndfileStream(path)
        raise


def _second_decoder(path: Path, error: UnreadableError) -> FfmpegStream:
    try:
        return FfmpegStream(path)
    except UnknownFormatError:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: UnreadableError) -> AudioReadError:
    return AudioReadError(f"{path} is damaged or cut short ({error}); export or copy it again")


class FileStream(AudioStream):
    """An open file, made by :func:`open_file`. Where libsndfile fails, FFmpeg reads on from the same sample.

    Attributes:
        path: of the file.
        channels: 1 to 8.
        frames: samples per channel. An estimate where ``exact`` is False; 0 where even that is unknown.
        exact: whether ``frames`` is the number that will be read, to the sample.
        subtype: libsndfile's name of the sample format (``PCM_16``, ``FLOAT``, ...) or FFmpeg's of the codec.
    """

    def __init__(self, path: Path, number: int = 0) -> None:
        self.path = path
        self._decoder = _decoder(path, number)
        self.rate, self.channels = self._decoder.rate, self._decoder.channels
        self.frames, self.exact = self._decoder.frames, self._decoder.exact
        self.subtype = self._decoder.subtype
        self._done = 0

    def read(self, frames: int) -> np.ndarray:
        """See :class:`AudioStream`; full scale is +-1.

        Raises:
            AudioReadError: damaged, cut short, without a single sample, or with samples that are not numbers.
        """
        block = np.ascontiguousarray(self._try(lambda decoder: decoder.read(frames)))
        self._check_numbers(block)
        self._count(block.shape[1], frames)
        return block

    def skip(self, frames: int) -> int:
        """See :class:`AudioStream`. Errors as :meth:`read`."""
        done = self._try(lambda decoder: decoder.skip(frames))
        self._count(done, frames)
        return done

    def _try(self, act: Callable[[_Decoder], T]) -> T:
        try:
            return act(self._decoder)
        except UnreadableError as error:
            self._fall_back(error)
            return act(self._decoder)

    def _fall_back(self, error: UnreadableError) -> None:
        second = _second_decoder(self.path, error)
        try:
            same = (self.rate, self.channels) == (second.rate, second.channels)
            if not same or second.skip(self._done) < self._done:
                raise _damaged(self.path, error)
        except BaseException:
            second.close()
            raise
        second.remarks = (*self._decoder.remarks, *second.remarks)
        self._decoder.close()
        self._decoder = second

    @property
    def damage(self) -> tuple[tuple[float, float], ...]:
        """(start, stop) in seconds of what could not be decoded and was read as silence so far."""
        joined: list[tuple[int, int]] = []
        for start, stop in self._decoder.damage:
            if joined and joined[-1][1] == start:
                start = joined.pop()[0]
            joined.append((start, stop))
        return tuple((start / self.rate, stop / self.rate) for start, stop in joined)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks so far on how the file was read, such as its damage."""
        places = self.damage
        lines = [f"damaged from {start:.2f} to {stop:.2f} s: silence was put there" for start, stop in places]
        if len(places) > _MOST_REMARKS:
            seconds = sum(stop - start for start, stop in places)
            lines = [
                f"damaged in {len(places)} places from {places[0][0]:.2f} to {places[-1][1]:.2f} s, "
                f"{seconds:.2f} s in all: silence was put there"
            ]
        return (*self._decoder.remarks, *lines)

    def _check_numbers(self, block: np.ndarray) -> None:
        bad = ~np.isfinite(block).all(axis=0)
        if bad.any():
            seconds = (self._done + int(bad.argmax())) / self.rate
            raise AudioReadError(
                f"{self.path} has samples that are not numbers (NaN or infinite), first at {seconds:.3f} s; "
                "export it again"
            )
        if (peak := np.abs(block).max(initial=0.0)) > LOUDEST:
            raise AudioReadError(
                f"{self.path} has samples of up to {peak:.0e}, where full scale is 1; export it again"
            )

    def _count(self, done: int, wanted: int) -> None:
        """Count frames that were read, and check the length at the end."""
        self._done += done
        if done == wanted:
            return
        if self._done == 0:
            raise AudioReadError(f"{self.path} holds no samples")
        if self.exact and self._done < self.frames:
            raise AudioReadError(
                f"{self.path} is cut short: {self._done / self.rate:.2f} of {self.frames / self.rate:.2f} s "
                "could be read; export or copy it again"
            )

    def close(self) -> None:
        """Release the file."""
        self._decoder.close()


@contextmanager
def open_file(path: str | Path, number: int = 0) -> Iterator[FileStream]:
    """Open a file for reading piece by piece, in memory that does not depend on its length.

    Args:
        path: of the file.
        number: of the audio stream where the file holds several, from 0.

    Raises:
        AudioReadError: missing, a folder, empty, not audio, without that stream, or more than 8 channels.
    """
    path = Path(path)
    _check_file(path)
    stream = FileStream(path, number)
    try:
        if not 1 <= stream.channels <= MAX_CHANNELS:
            raise AudioReadError(
                f"{path} has {stream.channels} channels, at most {MAX_CHANNELS} can be read; split it first"
            )
        if stream.exact and stream.frames == 0:
            raise AudioReadError(f"{path} holds no samples")
        yield stream
    finally:
        stream.close()


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise AudioReadError(f"{path} is a folder; give an audio file in it")
    if not path.exists():
        raise AudioReadError(f"there is no file {path}")
    if not path.is_file():
        raise AudioReadError(
            f"{path} is a pipe or a device, which can be read only once: save it to a file first"
        )
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioReadError(f"{path} is empty (0 bytes)")
    except OSError as error:
        raise AudioReadError(f"cannot open {path}: {error.strerror}") from error
