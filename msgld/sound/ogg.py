"""The pages of an Ogg file: where each of several recordings begins, and whether the last one ends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAGIC = b"OggS\0"
_FIRST, _LAST = 2, 4  # flags of a page


@dataclass(frozen=True)
class Page:
    """A page at [start, stop) of the file; ``whole`` unless the file ends in it."""

    start: int
    stop: int
    flags: int
    serial: int
    whole: bool


def pages(data: memoryview) -> Iterator[Page]:
    """The pages of a file in order; bytes between them are passed over."""
    at = 0
    while at + 27 <= len(data):
        if bytes(data[at : at + 5]) != _MAGIC:
            found = _find(data, at + 1)
            if found is None:
                return
            at = found
            continue
        count = data[at + 26]
        table = bytes(data[at + 27 : at + 27 + count])
        stop = at + 27 + count + sum(table)
        whole = len(table) == count and stop <= len(data)
        if not whole and (found := _find(data, at + 1)) is not None:
            at = found  # the damaged length of a page that is not the last
            continue
        serial = int.from_bytes(data[at + 14 : at + 18], "little")
        yield Page(at, min(stop, len(data)), data[at + 5], serial, whole)
        at = stop


def _find(data: memoryview, at: int) -> int | None:
    while at < len(data):
        found = bytes(data[at : at + 65536 + 4]).find(_MAGIC)
        if found >= 0:
            return at + found
        at += 65536
    return None


@dataclass(frozen=True)
class Links:
    """The recordings of a file, one after the other.

    Attributes:
        bounds: (start, stop) in bytes of each. cut: whether the file ends within a page.
        ended: whether the last one has its last page.
    """

    bounds: tuple[tuple[int, int], ...]
    cut: bool
    ended: bool


def links(data: memoryview) -> Links:
    """Split a file where pages that begin a recording follow others."""
    starts, previous, last = [0], None, None
    ended: set[int] = set()
    for page in pages(data):
        first = bool(page.flags & _FIRST)
        if first and previous is not None and not previous.flags & _FIRST:
            starts.append(page.start)
            ended = set()
        if page.flags & _LAST:
            ended.add(page.serial)
        previous = last = page
    stops = [*starts[1:], len(data)]
    return Links(tuple(zip(starts, stops, strict=True)), last is not None and not last.whole, bool(ended))


class Slice(io.RawIOBase):
    """Bytes [start, stop) of an open file as a file of their own."""

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        self._file, self._start, self._length, self._place = file, start, stop - start, 0
        self.name = "slice.ogg"

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size``."""
        rest = max(0, self._length - self._place)
        self._file.seek(self._start + self._place)
        data = self._file.read(rest if size < 0 else min(size, rest))
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as files do."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The place."""
        return self._place

    def close(self) -> None:
        """Close the file, too."""
        self._file.close()
        super().close()
