"""Files that FFmpeg's libraries decode, in a process of its own (:mod:`msgld.audio.decoder`)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msgld.audio.decoder.messages import End, Message, Refusal, Remark, Silence, Start, unpacked
from msgld.audio.stream import AudioStream
from msgld.errors import AudioReadError

_PIPE = 1 << 20  # bytes
_APART: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}
"""Ctrl-C is for us, and we then end the decoder; if it reached the decoder, the file would look damaged."""


class UnknownFormatError(AudioReadError):
    """The decoder did not recognise the file; another one may."""


class FfmpegStream(AudioStream):
    """A file that the decoder process reads, with silence where the file is damaged.

    Args:
        path: of the file.
        number: of its audio stream, from 0.

    Attributes:
        frames: as the file states; 0 where it states none.
        exact: whether ``frames`` is the number that will be read.
        subtype: FFmpeg's name of the codec, such as ``aac``.
        damage: (start, stop) in frames of the damage that was read as silence so far.
        remarks: lines for the user so far.

    Raises:
        UnknownFormatError: not a format that it knows.
        AudioReadError: damaged, cut short, or without audio.
    """

    remarks: Sequence[str] = ()

    def __init__(self, path: Path, number: int = 0) -> None:
        self._path, self.channels = path, 1
        self.damage: list[tuple[int, int]] = []
        self._done, self._ended = 0, False
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "msgld.audio.decoder", os.path.abspath(path), str(number)],
            bufsize=_PIPE, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, **_APART,
        )  # fmt: skip
        try:
            start = self._next()
            assert isinstance(start, Start)
        except BaseException:
            self.close()
            raise
        self.rate, self.channels, self.subtype, self.frames, self.exact = start
        self._rest = np.zeros((0, self.channels), np.float32)

    def _next(self) -> Message:
        assert self._process.stdout is not None
        message = unpacked(self._process.stdout.read, self.channels)
        if message is None:
            code = self._process.wait()
            raise AudioReadError(
                f"{self._path} made its decoder stop (exit code {code}); export or copy it again"
            )
        if isinstance(message, Refusal):
            kind = UnknownFormatError if message.unknown else AudioReadError
            raise kind(f"{self._path} {message.text}")
        return message

    def read(self, frames: int) -> np.ndarray:
        """See :class:`AudioStream`. Errors as opening."""
        pieces, wanted = [self._rest[:frames]], frames - len(self._rest)
        self._rest = self._rest[frames:]
        while wanted > 0 and not self._ended:
            piece = self._more()
            pieces.append(piece[:wanted])
            self._rest = piece[wanted:]
            wanted -= len(pieces[-1])
        return np.concatenate(pieces).T

    def _more(self) -> np.ndarray:
        """Sound (n, channels) of the next message."""
        message, samples = self._next(), np.zeros((0, self.channels), np.float32)
        if isinstance(message, np.ndarray):
            samples = message
        elif isinstance(message, Silence):
            self.damage.append((self._done, self._done + message.frames))
            samples = np.zeros((message.frames, self.channels), np.float32)
        elif isinstance(message, Remark):
            self.remarks = (*self.remarks, message.text)
        elif isinstance(message, End):
            self._ended = True
        self._done += len(samples)
        return samples

    def close(self) -> None:
        """End the process, also in the middle of a file."""
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.kill()
        self._process.wait()
