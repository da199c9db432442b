"""The frames of MP3, MP2 and AAC streams, found in the bytes themselves, and how many are lost where bytes are damaged.

Such a stream has no clock: only an unbroken count of its frames tells what sounds when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_LAYER_1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW_1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHAIN = 3  # frames in a row that are no coincidence
_FOREIGN = 8  # the same of frames of another rate or number of channels
_JUNK = 1 << 20  # bytes before the first frame that are searched

Bytes = bytes | memoryview


@dataclass(frozen=True)
class Header:
    """What a frame's header says.

    Attributes:
        size: bytes of the whole frame. samples: per channel, that it holds.
        key: what stays the same in all frames of a stream: codec, rate, and channels as the header tells them.
    """

    size: int
    samples: int
    key: tuple[str, int, int]


def mpeg_header(data: Bytes, at: int) -> Header | None:
    """The header of an MPEG audio frame at ``at``; None where there is none."""
    head = bytes(data[at : at + 4])
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    low = version != 3
    table = (_LOW_1 if low else _LAYER_1, _LOW if low else _LAYER_2, _LOW if low else _LAYER_3)[layer - 1]
    hertz, kilobits = _RATES[version][rate], table[bitrate - 1]
    samples = 384 if layer == 1 else 576 if layer == 3 and low else 1152
    size = (
        (12000 * kilobits // hertz + padding) * 4
        if layer == 1
        else samples * 125 * kilobits // hertz + padding
    )
    return Header(size, samples, (f"mp{layer}", hertz, 1 if head[3] >> 6 == 3 else 2))


def adts_header(data: Bytes, at: int) -> Header | None:
    """The header of an AAC frame at ``at``; None where there is none."""
    head = bytes(data[at : at + 7])
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate, size = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_AAC_RATES) or size < 8:
        return None
    blocks, channels = (head[6] & 3) + 1, (head[2] & 1) << 2 | head[3] >> 6
    return Header(size, 1024 * blocks, (f"aac{blocks}", _AAC_RATES[rate], channels))


Parse = Callable[[Bytes, int], Header | None]


@dataclass(frozen=True)
class Frame:
    """A frame of the stream: its header and the bytes [start, stop), fewer than its size where it is damaged."""

    header: Header
    start: int
    stop: int


@dataclass(frozen=True)
class Damage:
    """Bytes [start, stop) in which frames are lost; ``head`` is what may be the first of them."""

    start: int
    stop: int
    head: Frame | None = None


def tag_length(data: Bytes, at: int) -> int:
    """Bytes of a tag (ID3, APE, Lyrics3) at ``at``; 0 where there is none."""
    head = bytes(data[at : at + 32])
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 128:
        size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        return 10 + size + (10 if head[5] & 16 else 0)
    if head[:8] == b"APETAGEX" and len(head) == 32:
        header = bool(head[23] & 0x20)  # the size counts the items and the footer
        return int.from_bytes(head[12:16], "little") + (32 if header else 0)
    if head[:3] == b"TAG" and len(data) - at in (128, 128 + 227):
        return len(data) - at
    if head[:11] == b"LYRICSBEGIN":
        end = bytes(data[at : at + 200_000]).find(b"LYRICS200")
        return end + 9 if end > 0 else 0
    return 0


def _end_of_tags(data: Bytes, at: int) -> int:
    while at < len(data) and (length := tag_length(data, at)):
        at = min(at + length, len(data))
    return at


def _chained(data: Bytes, at: int, parse: Parse, key: tuple[str, int, int] | None, links: int) -> bool:
    """Whether ``links`` frames of one kind follow one another from ``at``, or reach the end or a tag."""
    for link in range(links):
        if link and (at >= len(data) or tag_length(data, at)):
            return True
        header = parse(data, at)
        if header is None or (key is not None and header.key != key):
            return False
        key, at = header.key, at + header.size
    return True


def _search(
    data: Bytes, at: int, stop: int, parse: Parse, key: tuple[str, int, int] | None, links: int = _CHAIN
) -> int | None:
    """The first place in [at, stop) where so many frames begin to follow one another."""
    while at < stop:
        at = _find(data, at, stop)
        if at < stop and _chained(data, at, parse, key, links):
            return at
        at += 1
    return None


def _find(data: Bytes, at: int, stop: int) -> int:
    """The next byte 0xFF, or ``stop``."""
    while at < stop:
        found = bytes(data[at : min(at + 65536, stop)]).find(b"\xff")
        if found >= 0:
            return at + found
        at += 65536
    return stop


def first_frame(data: Bytes, parse: Parse) -> int | None:
    """Where the stream begins, after tags and up to a megabyte of other bytes; None where there is no stream."""
    start = _end_of_tags(data, 0)
    return _search(data, start, min(len(data), start + _JUNK), parse, None)


def grid(data: Bytes, start: int, parse: Parse) -> Iterator[Frame | Damage]:
    """Frames and damage in order, from a frame at ``start`` to the end of the bytes; tags are passed over.

    A stretch of damage at the end means bytes that are no frames.
    """
    at = start
    first = parse(data, start)
    assert first is not None
    key = first.key
    while (at := _end_of_tags(data, at)) < len(data):
        header = parse(data, at)
        known = header is not None and header.key == key
        if header is not None and (
            _chained(data, at, parse, None, 2) if known else _chained(data, at, parse, None, 4)
        ):
            key = header.key
            yield Frame(header, at, min(at + header.size, len(data)))
            at += header.size
            continue
        resumed = _search(data, at + 1, len(data), parse, key)
        if resumed is None:
            resumed = _search(data, at + 1, len(data), parse, None, _FOREIGN)
        stop = len(data) if resumed is None else resumed
        whole = header is not None and known and at + header.size <= stop
        yield Damage(at, stop, Frame(header, at, at + header.size) if whole and header else None)
        at = stop


def lost_frames(length: int, sizes: range | tuple[int, int], mean: float) -> int | None:
    """How many frames ``length`` bytes have held; None where more than one number is possible, or none.

    Args:
        sizes: of the smallest and the largest intact frame of the stream. mean: of all of them.
    """
    least, most = sizes[0], sizes[-1]
    if most - least <= 1:  # a constant bit rate
        count = round(length / mean)
        return count if count and count * least <= length <= count * most else None
    fitting = [
        count
        for count in range(1, 2 + length // least)
        if 0.9 * count * least <= length <= 1.1 * count * most
    ]
    return fitting[0] if len(fitting) == 1 else None
