"""Files that libsndfile reads to the sample: WAV, RF64, AIFF, W64, CAF, AU and FLAC."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from msgld.audio.extent import holds_second_flac
from msgld.audio.headers import Audit, Corrected, Promise, audit, promise
from msgld.errors import AudioReadError

_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"riff", b"caff", b".snd", b"fLaC")
_SEEKABLE = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_BELIEVED = ("MPEG", "VORBIS", "OPUS")
"""Of these formats libsndfile guesses the length, or believes what is stated."""

_UNKNOWN_LENGTH = 1 << 60  # frames; libsndfile's number for a FLAC that does not state its length


class UnreadableError(Exception):
    """Libsndfile cannot read the file; the text says why, and another decoder may try."""


def is_for_libsndfile(path: Path) -> bool:
    """Whether libsndfile reads such a file best, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


class SndfileDecoder:
    """A file that libsndfile reads.

    Attributes:
        rate, channels: of the sound. frames: its length, which is exact.
        subtype: libsndfile's name of the sample format.
        remarks: lines for the user.

    Raises:
        UnreadableError: from everything, where another decoder may try.
        AudioReadError: cut short, or several files in one.
    """

    exact = True

    def __init__(self, path: Path) -> None:
        self.damage: list[tuple[int, int]] = []
        self.remarks: list[str] = []
        self._virtual: Corrected | None = None
        found, facts = _audited(path)
        if facts.several:
            raise AudioReadError(f"{path} holds several files, one after the other; split it first")
        try:
            if found is not None and facts.left:
                self._virtual = Corrected(path, found)
            self._file = soundfile.SoundFile(_name(path) if self._virtual is None else self._virtual)
        except soundfile.LibsndfileError as error:
            self._release()
            raise UnreadableError(error.error_string.rstrip(".").lower()) from error
        self.rate, self.channels = int(self._file.samplerate), int(self._file.channels)
        self.frames, self.subtype = int(self._file.frames), str(self._file.subtype)
        try:
            self._check(path, facts)
        except BaseException:
            self.close()
            raise

    def _check(self, path: Path, facts: Audit) -> None:
        if facts.missing >= 4 * self.channels:
            raise AudioReadError(
                f"{path} is cut short: {facts.missing} bytes are missing; export or copy it again"
            )
        if self.subtype.startswith(_BELIEVED):
            raise UnreadableError("it is no uncompressed sound")
        if self.frames >= _UNKNOWN_LENGTH or (self.frames == 0 and self._file.format == "FLAC"):
            raise UnreadableError("its length is not stated")
        if self._virtual is not None:
            self.remarks.append("the header counts fewer samples than there are: all were read")

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (n, channels)."""
        try:
            return np.asarray(self._file.read(frames, dtype="float32", always_2d=True))
        except soundfile.LibsndfileError as error:
            raise UnreadableError(error.error_string.removeprefix("Error : ").rstrip(".")) from error

    def skip(self, frames: int) -> int:
        """Pass over frames; how many there were. Errors as :meth:`read`."""
        place = self._file.tell()
        target = min(place + frames, self.frames)
        if self.subtype.startswith(_SEEKABLE):
            with suppress(soundfile.LibsndfileError):
                if self._file.seek(target) == target:
                    return target - place
            raise UnreadableError("it cannot be searched")
        while (left := target - self._file.tell()) > 0 and len(self.read(min(left, 1 << 18))):
            pass
        return int(self._file.tell()) - place

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        self._release()

    def _release(self) -> None:
        if self._virtual is not None:
            self._virtual.close()


def _name(path: Path) -> str | bytes:
    """A path as soundfile opens it whatever bytes it has: Windows has text, other systems have bytes."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


def _audited(path: Path) -> tuple[Promise | None, Audit]:
    with path.open("rb") as file:
        if file.read(4) == b"fLaC":
            return None, Audit(several=holds_second_flac(file))
        found = promise(file)
        return found, Audit() if found is None else audit(file, found)
