"""The pages of an Ogg file: where each of several recordings begins, and whether the last one ends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAGIC = b"OggS\0"
_FIRST, _LAST = 2, 4  # flags of a page


def _checksums() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_TABLE = _checksums()


@dataclass(frozen=True)
class Page:
    """A page at [start, stop) of the file, in which so many packets end; ``whole`` unless the file ends in it."""

    start: int
    stop: int
    flags: int
    serial: int
    granule: int
    packets: int
    whole: bool

    def intact(self, data: memoryview) -> bool:
        """Whether its checksum is right; slow, so for single pages."""
        body = bytearray(data[self.start : self.stop])
        stated, value = int.from_bytes(body[22:26], "little"), 0
        body[22:26] = bytes(4)
        for byte in body:
            value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
        return self.whole and value == stated


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
        granule = int.from_bytes(data[at + 6 : at + 14], "little", signed=True)
        packets = sum(size < 255 for size in table)
        yield Page(at, min(stop, len(data)), data[at + 5], serial, granule, packets, whole)
        at = stop


def _find(data: memoryview, at: int) -> int | None:
    while at < len(data):
        found = bytes(data[at : at + 65536 + 4]).find(_MAGIC)
        if found >= 0:
            return at + found
        at += 65536
    return None


@dataclass
class Link:
    """One recording: its bytes [start, stop).

    Attributes:
        serials: of its streams. last: its last page, None before the first.
        ended: whether that is marked as the last one and intact.
        first: the first page of its sound.
        torn: whether that is damaged, or comes after damage. Where it is whole and late, as in what was recorded
            of a radio station, the recording begins there.
    """

    start: int
    stop: int
    serials: set[int]
    last: Page | None = None
    ended: bool = False
    first: Page | None = None
    torn: bool = False

    @property
    def granule(self) -> int:
        """The place of its end as stated, in the unit of its codec; 0 where it is not."""
        return self.last.granule if self.last and self.ended and len(self.serials) == 1 else 0

    @property
    def cut(self) -> bool:
        """Whether it ends within a page."""
        return self.last is not None and not self.last.whole


def links(data: memoryview) -> list[Link]:
    """The recordings of a file, one after the other; a page that begins one follows others that do not."""
    found = [Link(0, len(data), set())]
    for page in pages(data):
        last = found[-1].last
        if page.flags & _FIRST and last is not None and not last.flags & _FIRST:
            found[-1].stop = page.start
            found.append(Link(page.start, len(data), set()))
        link, previous = found[-1], found[-1].last
        if page.granule > 0 and previous is not None and previous.granule == 0:
            link.first = page
            link.torn = not (page.start == previous.stop and page.intact(data))
        link.serials.add(page.serial)
        link.last = page
    for link in found:
        link.ended = link.last is not None and bool(link.last.flags & _LAST) and link.last.intact(data)
    return found


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
