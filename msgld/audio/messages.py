"""What a decoding process sends through its pipe: a start, then sound, silence and notes, then how it ended."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

_HEAD = struct.Struct("<cI")
_MOST = 1 << 28  # bytes of one message; more is no message of ours


@dataclass(frozen=True)
class Start:
    """The facts of a stream.

    Attributes:
        rate: samples per second. channels: of the sound. codec: its name in FFmpeg.
        frames: samples per channel as stated, 0 where the file does not say.
        exact: whether that many will come.
    """

    rate: int
    channels: int
    codec: str
    frames: int
    exact: bool


@dataclass(frozen=True)
class Sound:
    """Decoded samples, float32 (n, channels)."""

    samples: np.ndarray


@dataclass(frozen=True)
class Silence:
    """``frames`` of silence where the file is damaged."""

    frames: int


@dataclass(frozen=True)
class Note:
    """A line that the user should see."""

    text: str


@dataclass(frozen=True)
class Refusal:
    """Why the file cannot be read; ``unknown`` where its format was not recognised, so that another decoder may be."""

    text: str
    unknown: bool = False


@dataclass(frozen=True)
class End:
    """The file has been read to its end."""


Message = Start | Sound | Silence | Note | Refusal | End
_KINDS: dict[bytes, type] = {b"H": Start, b"Z": Silence, b"N": Note, b"R": Refusal, b"E": End}


def packed(message: Message) -> bytes:
    """A message as bytes."""
    if isinstance(message, Sound):
        kind, body = b"S", np.ascontiguousarray(message.samples, "<f4").tobytes()
    else:
        kind = next(kind for kind, cls in _KINDS.items() if type(message) is cls)
        body = json.dumps(asdict(message)).encode()
    return _HEAD.pack(kind, len(body)) + body


def unpacked(read: Callable[[int], bytes], channels: int) -> Message | None:
    """The next message.

    Args:
        read: returns that many bytes, fewer only at the end. channels: of the sound, 1 before its start.

    Returns:
        None where the bytes end without one.
    """
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
        return Sound(np.frombuffer(body, "<f4").reshape(-1, channels))
    message: Message = _KINDS[kind](**json.loads(body))
    return message
