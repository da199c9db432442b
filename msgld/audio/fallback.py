"""Two decoders for one file: libsndfile where it is exact and quick, FFmpeg's libraries for all else."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from msgld.audio.child import ChildDecoder, UnknownFormatError
from msgld.audio.sndfile import SndfileDecoder, UnreadableError, is_for_libsndfile
from msgld.errors import AudioReadError


class Decoder(Protocol):
    """What ``AudioReader`` needs of a decoder; the attributes are explained there.

    Attributes:
        damage: (start, stop) in frames. remarks: lines for the user. Both grow while reading.
    """

    rate: int
    channels: int
    frames: int
    exact: bool
    subtype: str

    @property
    def damage(self) -> list[tuple[int, int]]:
        """See above."""

    @property
    def remarks(self) -> list[str]:
        """See above."""

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (n, channels)."""

    def skip(self, frames: int) -> int:
        """Pass over the next ``frames`` frames; how many there were."""

    def close(self) -> None:
        """Release the file."""


def open_decoder(path: Path) -> Decoder:
    """The decoder for a file, chosen by its first bytes.

    Raises:
        AudioReadError: no decoder can read it, it is cut short, or it holds several files.
    """
    if not is_for_libsndfile(path):
        try:
            return ChildDecoder(path)
        except UnknownFormatError as error:
            return _last_resort(path, error)
    try:
        return FallbackDecoder(path, SndfileDecoder(path))
    except UnreadableError as error:
        return _second(path, error)


def _last_resort(path: Path, error: UnknownFormatError) -> Decoder:
    """Libsndfile knows a few formats that FFmpeg does not; of MP3 it knows no more, and complains on the terminal."""
    with path.open("rb") as file:
        head = file.read(3)
    if head[:1] == b"\xff" or head == b"ID3" or path.suffix.lower().startswith(".mp"):
        raise AudioReadError(str(error))
    try:
        return FallbackDecoder(path, SndfileDecoder(path))
    except UnreadableError:
        raise AudioReadError(str(error)) from None


def _second(path: Path, error: UnreadableError) -> Decoder:
    try:
        return ChildDecoder(path)
    except UnknownFormatError:
        raise AudioReadError(f"{path} is damaged or cut short ({error}); export or copy it again") from None


class FallbackDecoder:
    """Libsndfile's decoder until it fails; then FFmpeg's libraries from the same sample on."""

    def __init__(self, path: Path, first: SndfileDecoder) -> None:
        self._path, self._place = path, 0
        self._decoder: Decoder = first
        self.rate, self.channels, self.frames = first.rate, first.channels, first.frames
        self.exact, self.subtype = first.exact, first.subtype

    @property
    def damage(self) -> list[tuple[int, int]]:
        """See ``Decoder``."""
        return self._decoder.damage

    @property
    def remarks(self) -> list[str]:
        """See ``Decoder``."""
        return self._decoder.remarks

    def _fall_back(self, error: UnreadableError) -> None:
        second = _second(self._path, error)
        try:
            same = (self.rate, self.channels) == (second.rate, second.channels)
            if not same or second.skip(self._place) < self._place:
                raise AudioReadError(
                    f"{self._path} is damaged or cut short ({error}); export or copy it again"
                )
        except BaseException:
            second.close()
            raise
        second.remarks[:0] = self._decoder.remarks
        self._decoder.close()
        self._decoder = second

    def read(self, frames: int) -> np.ndarray:
        """See ``Decoder``."""
        try:
            block = self._decoder.read(frames)
        except UnreadableError as error:
            self._fall_back(error)
            block = self._decoder.read(frames)
        self._place += len(block)
        return block

    def skip(self, frames: int) -> int:
        """See ``Decoder``."""
        try:
            done = self._decoder.skip(frames)
        except UnreadableError as error:
            self._fall_back(error)
            done = self._decoder.skip(frames)
        self._place += done
        return done

    def close(self) -> None:
        """Release the file."""
        self._decoder.close()
