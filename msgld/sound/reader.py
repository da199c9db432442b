"""Reading a file of any length piece by piece: libsndfile where it can, else ffmpeg."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from msgld.errors import AudioReadError
from msgld.sound.ffmpeg import INSTALL_HINT, FfmpegDecoder, find_ffmpeg

MAX_CHANNELS = 8


class Decoder(Protocol):
    """What ``AudioReader`` needs of a decoder; the attributes are explained there."""

    rate: int
    channels: int
    frames: int
    slack: float
    subtype: str

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (n, channels)."""

    def close(self) -> None:
        """Release the file."""


class SndfileDecoder:
    """A file that libsndfile reads: wav, flac, ogg, mp3, aiff, w64 and more. Lengths are exact."""

    slack = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = soundfile.SoundFile(str(path))
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.subtype = str(self._file.subtype)
        self.frames = int(self._file.frames)
        missing = _missing_bytes(self._file.extra_info)
        if missing >= 4 * self.channels:
            self._file.close()
            raise AudioReadError(f"{path} is cut short: {missing} bytes are missing; export or copy it again")

    def read(self, frames: int) -> np.ndarray:
        """See ``Decoder.read``. Raises AudioReadError where the data is damaged."""
        try:
            return np.asarray(self._file.read(frames, dtype="float32", always_2d=True))
        except soundfile.LibsndfileError as error:
            reason = error.error_string.removeprefix("Error : ").rstrip(".")
            raise AudioReadError(
                f"{self._path} is damaged or cut short ({reason}); export or copy it again"
            ) from error

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def _missing_bytes(log: str) -> int:
    """Bytes of sound that the header promises and the file lacks.

    libsndfile silently shortens such a file, but writes both sizes to its log. Writers to a pipe cannot know
    the size and put one near the largest number instead, which promises nothing.
    """
    found = re.search(r"^ *(?:data|SSND|riff) : (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    promised, held = (int(found[1]), int(found[2])) if found else (0, 0)
    placeholder = any(abs(promised - limit) < 2**16 for limit in (2**31, 2**32))
    return 0 if placeholder else max(promised - held, 0)


def _length_is_guessed(path: Path) -> bool:
    """Whether an MP3 lacks a length tag: libsndfile then guesses, and stops where the guess ends."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            size = sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        else:
            file.seek(0)
        start = file.read(4096)
    return not any(tag in start for tag in (b"Xing", b"Info", b"VBRI"))


def _open_decoder(path: Path) -> Decoder:
    try:
        decoder = SndfileDecoder(path)
        if not (decoder.subtype.startswith("MPEG") and _length_is_guessed(path)):
            return decoder
        decoder.close()
        problem = "this MP3 does not state its length"
    except soundfile.LibsndfileError as error:
        problem = error.error_string.rstrip(".").lower()
    programs = find_ffmpeg()
    if programs is None:
        raise AudioReadError(f"cannot read {path} ({problem}); if it is audio or video, {INSTALL_HINT}")
    return FfmpegDecoder(path, programs)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise AudioReadError(f"{path} is a folder; give an audio file in it")
    if not path.exists():
        raise AudioReadError(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioReadError(f"{path} is empty (0 bytes)")
    except OSError as error:
        raise AudioReadError(f"cannot open {path}: {error.strerror}") from error


class AudioReader:
    """An open file; made by ``open_audio``.

    Attributes:
        path: of the file.
        rate: samples per second.
        channels: 1 to 8.
        frames: samples per channel. An estimate where ``exact`` is False; 0 where even that is unknown.
        exact: whether ``frames`` is what will be read, to the sample.
        subtype: libsndfile's name of the sample format (``PCM_16``, ``FLOAT``, ...) or ffmpeg's of the codec.
        damage: (start, stop) in seconds of what could not be decoded and was read as silence; grows while reading.
        notes: what the user should know of how the file was read, such as its damage; grows while reading.
    """

    damage: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, decoder: Decoder) -> None:
        self.path = path
        self.rate = decoder.rate
        self.channels = decoder.channels
        self.frames = decoder.frames
        self.exact = decoder.slack == 0
        self.subtype = decoder.subtype
        self._decoder = decoder
        self._done = 0

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end, (channels, 0) after it.

        Returns:
            float32 (channels, n), n <= ``frames``; full scale is +-1.

        Raises:
            AudioReadError: damaged, cut short, without a single sample, or with samples that are no numbers.
        """
        block = np.ascontiguousarray(self._decoder.read(frames).T)
        self._check_numbers(block)
        self._done += block.shape[1]
        if block.shape[1] < frames:
            self._check_end()
        return block

    def skip(self, frames: int) -> int:
        """Pass over the next ``frames`` frames, to the sample.

        Returns:
            How many there were; fewer only at the end. Errors as :meth:`read`.
        """
        done = 0
        while done < frames and (block := self.read(min(frames - done, 1 << 18))).shape[1]:
            done += block.shape[1]
        return done

    def _check_numbers(self, block: np.ndarray) -> None:
        bad = ~np.isfinite(block).all(axis=0)
        if bad.any():
            seconds = (self._done + int(bad.argmax())) / self.rate
            raise AudioReadError(
                f"{self.path} has samples that are not numbers (NaN or infinite), first at {seconds:.3f} s; "
                "export it again"
            )

    def _check_end(self) -> None:
        if self._done == 0:
            raise AudioReadError(f"{self.path} holds no samples")
        if self._done < self.frames - self._decoder.slack:
            raise AudioReadError(
                f"{self.path} is cut short: {self._done / self.rate:.2f} of {self.frames / self.rate:.2f} s "
                "could be read; export or copy it again"
            )


@contextmanager
def open_audio(path: str | Path) -> Iterator[AudioReader]:
    """Open a file for reading piece by piece, in memory that does not depend on its length.

    Raises:
        AudioReadError: missing, a folder, empty, not audio, more than 8 channels; the line says what to do.
    """
    path = Path(path)
    _check_file(path)
    decoder = _open_decoder(path)
    try:
        if not 1 <= decoder.channels <= MAX_CHANNELS:
            raise AudioReadError(
                f"{path} has {decoder.channels} channels, at most {MAX_CHANNELS} can be read; split it first"
            )
        if decoder.slack == 0 and decoder.frames == 0:
            raise AudioReadError(f"{path} holds no samples")
        yield AudioReader(path, decoder)
    finally:
        decoder.close()


def blocks(path: str | Path, frames: int) -> Iterator[np.ndarray]:
    """The file in pieces of ``frames`` frames, the last shorter: float32 (channels, n). Errors as reading."""
    with open_audio(path) as reader:
        while (block := reader.read(frames)).shape[1]:
            yield block
