"""Messages of the decoder through its pipe: a start, then sound, silence and remarks, then how it ended."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_HEAD = struct.Struct("<cI")
_MOST = 1 << 28  # bytes of one message; a larger one is not ours


class Start(NamedTuple):
    """The facts of a stream.

    Attributes:
        rate: samples per second.
        channels: of the sound.
        codec: its name in FFmpeg.
        frames: samples per channel as stated; 0 where the file does not say.
        exact: whether that many will come.
    """

    rate: int
    channels: int
    codec: str
    frames: int
    exact: bool


class Silence(NamedTuple):
    """``frames`` of silence where the file is damaged."""

    frames: int


class Remark(NamedTuple):
    """A line that the user should see."""

    text: str


class Refusal(NamedTuple):
    """Why the file cannot be read; ``unknown`` where its format was not recognised and another decoder may know it."""

    text: str
    unknown: bool = False


class End(NamedTuple):
    """The file has been read to its end."""


Message = Start | np.ndarray | Silence | Remark | Refusal | End
"""One of these, or samples: float32 (n, channels)."""

_KINDS = {b"H": Start, b"Z": Silence, b"N": Remark, b"R": Refusal, b"E": End}


class RefusedError(Exception):
    """The file cannot be read; see :class:`Refusal`."""

    def __init__(self, text: str, unknown: bool = False) -> None:
        super().__init__(text)
        self.refusal = Refusal(text, unknown)


def packed(message: Message) -> bytes:
    """A message as bytes."""
    if isinstance(message, np.ndarray):
        kind, body = b"S", np.ascontiguousarray(message, "<f4").tobytes()
    else:
        kind = next(kind for kind, cls in _KINDS.items() if isinstance(message, cls))
        body = json.dumps(message).encode()
    return _HEAD.pack(kind, len(body)) + body


def unpacked(read: Callable[[int], bytes], channels: int) -> Message | None:
    """The next message; None where the bytes, which ``read`` returns in given numbers, end without one."""
    head = read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    if size > _MOST or (kind != b"S" and kind not in _KINDS):
        return None
    body = read(size)
    if len(body) < size:
        return None
    if kind == b"S":
        return np.frombuffer(body, "<f4").reshape(-1, channels)
    message: Message = _KINDS[kind](*json.loads(body))
    return message
