"""The boxes of MP4 files: a size, a kind of four letters, and a content, which may be boxes again."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

HEAD = 8
"""Bytes of size and kind."""


class Box(NamedTuple):
    """Where a box lies in a file.

    Attributes:
        kind: such as ``b"moov"``.
        start: the first byte of its head.
        body: the first byte of its content.
        stop: the byte behind it.
    """

    kind: bytes
    start: int
    body: int
    stop: int


def boxes_of(file: BinaryIO, start: int, stop: int) -> Iterator[Box]:
    """The boxes that lie one after another between two bytes of a file; they end where one is damaged."""
    while start + HEAD <= stop:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(HEAD))
        body = start + HEAD
        if size == 1:  # the size did not fit into four bytes
            size, body = int.from_bytes(file.read(8), "big"), body + 8
        end = stop if size == 0 else start + size  # 0: up to the end
        if not body <= end <= stop:
            return
        yield Box(kind, start, body, end)
        start = end


def find_box(file: BinaryIO, kind: bytes, start: int, stop: int) -> Box | None:
    """The first box of a kind between two bytes of a file."""
    return next((box for box in boxes_of(file, start, stop) if box.kind == kind), None)


def content_of(data: bytes, kind: bytes) -> bytes:
    """The content of the first box of a kind in ``data``; empty where there is none."""
    box = find_box(io.BytesIO(data), kind, 0, len(data))
    return data[box.body : box.stop] if box else b""


def box_of(kind: bytes, body: bytes) -> bytes:
    """A box with a content."""
    return struct.pack(">I4s", HEAD + len(body), kind) + body
