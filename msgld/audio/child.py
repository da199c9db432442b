"""Reading a file that is decoded in a process of its own (:mod:`decode`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from msgld.audio.messages import End, Message, Note, Refusal, Silence, Sound, Start, unpacked
from msgld.errors import AudioReadError

_APART: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}
"""Ctrl-C is for us, who then end the decoder: struck itself it would look as if the file were damaged."""

_PIPE = 1 << 20  # bytes


class UnknownFormatError(AudioReadError):
    """The decoder did not recognise the file; another one may."""


class ChildDecoder:
    """What FFmpeg's libraries decode, sample by sample, with silence where the file is damaged.

    Attributes:
        rate, channels: of the sound.
        frames: the length that the file states; 0 where it states none. exact: whether that many come.
        subtype: FFmpeg's name of the codec, such as ``aac``.
        damage: (start, stop) in frames of what was read as silence so far.
        remarks: lines for the user so far.

    Raises:
        UnknownFormatError: not a format that it knows. AudioReadError: damaged, cut short, or without audio.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damage: list[tuple[int, int]] = []
        self.remarks: list[str] = []
        self._done, self._rest, self._ended = 0, np.zeros((0, 1), np.float32), False
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "msgld.audio.decode", os.path.abspath(path)], bufsize=_PIPE, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **_APART,
        )  # fmt: skip
        self.channels = 1
        try:
            start = self._next()
            assert isinstance(start, Start)
        except BaseException:
            self.close()
            raise
        self.rate, self.channels, self.subtype = start.rate, start.channels, start.codec
        self.frames, self.exact = start.frames, start.exact
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
        """The next ``frames`` frames, fewer only at the end: float32 (n, channels). Errors as opening."""
        pieces, wanted = [self._rest[:frames]], frames - len(self._rest)
        self._rest = self._rest[frames:]
        while wanted > 0 and not self._ended:
            piece = self._more()
            pieces.append(piece[:wanted])
            self._rest = piece[wanted:]
            wanted -= len(pieces[-1])
        return np.concatenate(pieces)

    def _more(self) -> np.ndarray:
        """What the next message holds of the sound."""
        message, samples = self._next(), np.zeros((0, self.channels), np.float32)
        if isinstance(message, Sound):
            samples = message.samples
        elif isinstance(message, Silence):
            self.damage.append((self._done, self._done + message.frames))
            samples = np.zeros((message.frames, self.channels), np.float32)
        elif isinstance(message, Note):
            self.remarks.append(message.text)
        elif isinstance(message, End):
            self._ended = True
        self._done += len(samples)
        return samples

    def skip(self, frames: int) -> int:
        """Pass over frames; how many there were."""
        done = 0
        while done < frames and (count := len(self.read(min(frames - done, 1 << 16)))):
            done += count
        return done

    def close(self) -> None:
        """End the process, also in the middle of a file."""
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.kill()
        self._process.wait()
