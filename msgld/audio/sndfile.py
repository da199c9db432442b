"""Files that libsndfile reads to the sample: WAV, RF64, AIFF, W64, CAF, AU and FLAC."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from msgld.audio.binary import Window
from msgld.audio.headers import Audit, SoundChunk, audit, sound_chunk
from msgld.audio.stream import AudioStream
from msgld.errors import AudioReadError

MAGIC = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"riff", b"caff", b".snd", b"fLaC")
"""First bytes of the files that libsndfile reads best."""

_SECOND_FLAC = b"fLaC\0\0\0\x22"
_SEEKABLE = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_GUESSED = ("MPEG", "VORBIS", "OPUS")  # formats whose length libsndfile guesses, or takes as stated

_UNKNOWN_LENGTH = 1 << 60  # frames; libsndfile's number for a FLAC that does not state its length


class UnreadableError(Exception):
    """Libsndfile cannot read the file; the text says why, and another decoder may try."""


class SndfileStream(AudioStream):
    """A file that libsndfile reads; its length is exact.

    Attributes:
        exact: whether ``frames`` is the number that will be read.
        subtype: libsndfile's name of the sample format.
        damage: empty, see :class:`msgld.audio.read.FileStream`.
        remarks: lines for the user.

    Raises:
        UnreadableError: from everything, where another decoder may try.
        AudioReadError: cut short, or several files in one.
    """

    exact = True
    damage: Sequence[tuple[int, int]] = ()
    remarks: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        self._window: Window | None = None
        size, found, facts = _audited(path)
        if facts.several:
            raise AudioReadError(f"{path} holds several files, one after the other; split it first")
        if found is not None and facts.left:
            count = min(size - found.start + found.extra + found.lead, 2 ** (8 * found.width) - 1)
            self._window = Window(path, 0, size, count.to_bytes(found.width, found.order), found.field)
            self.remarks = ("the header counts fewer samples than there are: all were read",)
        try:
            self._file = soundfile.SoundFile(self._window or _name(path))
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
        if self.subtype.startswith(_GUESSED):
            raise UnreadableError("it is no uncompressed sound")
        if self.frames >= _UNKNOWN_LENGTH or (self.frames == 0 and self._file.format == "FLAC"):
            raise UnreadableError("its length is not stated")

    def read(self, frames: int) -> np.ndarray:
        """See :class:`AudioStream`."""
        try:
            return np.asarray(self._file.read(frames, dtype="float32", always_2d=True)).T
        except soundfile.LibsndfileError as error:
            raise UnreadableError(error.error_string.removeprefix("Error : ").rstrip(".")) from error

    def skip(self, frames: int) -> int:
        """See :class:`AudioStream`."""
        place = self._file.tell()
        target = min(place + frames, self.frames)
        if not self.subtype.startswith(_SEEKABLE):
            return super().skip(target - place)
        with suppress(soundfile.LibsndfileError):
            if self._file.seek(target) == target:
                return target - place
        raise UnreadableError("it cannot be searched")

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        self._release()

    def _release(self) -> None:
        if self._window is not None:
            self._window.close()


def _name(path: Path) -> str | bytes:
    """A path as soundfile opens it whatever bytes it has: text on Windows, bytes on other systems."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


def _audited(path: Path) -> tuple[int, SoundChunk | None, Audit]:
    """The file's size, and how its header compares with its bytes."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] == b"fLaC":
            return len(data), None, Audit(several=data.find(_SECOND_FLAC, 4) >= 0)
        found = sound_chunk(data)
        return len(data), found, Audit() if found is None else audit(data, found)
