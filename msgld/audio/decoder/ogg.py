"""The pages of an Ogg file: where each of several recordings begins, and whether the last one ends."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from msgld.audio.binary import Data, big, little

_MAGIC = b"OggS\0"
_FIRST, _LAST = 2, 4  # flags of a page


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """A page of the file.

    Attributes:
        start: its first byte.
        stop: its end.
        flags: whether a recording begins or ends with it.
        serial: of its stream.
        granule: place of its end, in the unit of its codec.
        packets: that end in it.
        whole: whether the file does not end within it.
    """

    start: int
    stop: int
    flags: int
    serial: int
    granule: int
    packets: int
    whole: bool

    def intact(self, data: Data) -> bool:
        """Whether its checksum is right."""
        # Ogg takes the bits of each byte the other way round than zlib does, and inverts nothing.
        body = data[self.start : self.stop].translate(_MIRRORED)
        stated, body = big(body, 22), body[:22] + bytes(4) + body[26:]
        return self.whole and zlib.crc32(body, 0xFFFFFFFF) ^ 0xFFFFFFFF == stated


def pages(data: Data) -> Iterator[Page]:
    """The pages of a file in order; bytes between them are passed over."""
    at = data.find(_MAGIC)
    while 0 <= at <= len(data) - 27:
        count = data[at + 26]
        table = data[at + 27 : at + 27 + count]
        stop = at + 27 + count + sum(table)
        whole = len(table) == count and stop <= len(data)
        following = data.find(_MAGIC, stop if whole else at + 1)
        if whole or following < 0:  # else the length of a page that is not the last one is damaged
            granule = int.from_bytes(data[at + 6 : at + 14], "little", signed=True)
            packets = sum(size < 255 for size in table)
            yield Page(at, min(stop, len(data)), data[at + 5], little(data, at + 14), granule, packets, whole)
        at = following


@dataclass
class Link:
    """One recording.

    Attributes:
        start: its first byte.
        stop: its end.
        serials: of its streams.
        last: its last page; None before the first.
        ended: whether the last page is marked as such and intact.
        first: the first page of its sound.
        torn: whether the first page of its sound is damaged, or follows damage. Where that page is whole and late, as
            in the recording of a radio station, the recording begins there.
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
        """The stated place of its end, in the unit of its codec; 0 where none is stated."""
        return self.last.granule if self.last and self.ended and len(self.serials) == 1 else 0

    @property
    def cut(self) -> bool:
        """Whether it ends within a page."""
        return self.last is not None and not self.last.whole


def links(data: Data) -> list[Link]:
    """The recordings of a file in order; a page that begins one follows others that do not."""
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
