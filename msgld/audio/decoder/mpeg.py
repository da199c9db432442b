"""The frames of MP3, MP2 and AAC streams, found in the bytes themselves, and how many are lost where bytes are damaged.

Such a stream has no clock: only an unbroken count of its frames tells what sounds when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgld.audio.binary import Data, big, little

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KILOBITS = {
    (1, False): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (2, False): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, False): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (1, True): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, True): _LOW,
    (3, True): _LOW,
}
"""Bit rates by layer, and whether the sample rate is one of MPEG 2 or 2.5."""

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHAIN = 3  # frames in a row that are no coincidence
_FOREIGN = 8  # the same for frames of another rate or number of channels
_JUNK = 1 << 20  # bytes before the first frame that are searched

Key = tuple[str, int, int]
"""What stays the same in all frames of a stream: codec, rate, and channels as the header states them."""


@dataclass(frozen=True)
class Header:
    """A frame's header.

    Attributes:
        size: bytes of the whole frame.
        samples: per channel, in the frame.
        key: see :data:`Key`.
    """

    size: int
    samples: int
    key: Key


Parse = Callable[[Data, int], Header | None]
"""Reads the header at a place; None where there is none."""


def mpeg_header(data: Data, at: int) -> Header | None:
    """The header of an MPEG audio frame at ``at``; None where there is none."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    low = version != 3
    hertz, kilobits = _RATES[version][rate], _KILOBITS[layer, low][bitrate - 1]
    samples = 384 if layer == 1 else 576 if layer == 3 and low else 1152
    slots, slot = (12_000, 4) if layer == 1 else (125 * samples, 1)
    size = (slots * kilobits // hertz + padding) * slot
    return Header(size, samples, (f"mp{layer}", hertz, 1 if head[3] >> 6 == 3 else 2))


def adts_header(data: Data, at: int) -> Header | None:
    """The header of an AAC frame at ``at``; None where there is none."""
    head = data[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate, size = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_AAC_RATES) or size < 8:
        return None
    blocks, channels = (head[6] & 3) + 1, (head[2] & 1) << 2 | head[3] >> 6
    return Header(size, 1024 * blocks, (f"aac{blocks}", _AAC_RATES[rate], channels))


PARSERS: dict[str, Parse] = {"mp3": mpeg_header, "aac": adts_header}
"""By FFmpeg's names of the formats."""


@dataclass(frozen=True)
class Frame:
    """A frame of the stream: its header and the bytes [start, stop), fewer than its size where the file ends."""

    header: Header
    start: int
    stop: int

    @property
    def whole(self) -> bool:
        """Whether all of its bytes are there."""
        return self.stop - self.start == self.header.size


@dataclass(frozen=True)
class Damage:
    """Bytes [start, stop) in which frames are lost; ``head`` is what may be the first of them."""

    start: int
    stop: int
    head: Frame | None = None


def tag_length(data: Data, at: int) -> int:
    """Bytes of a tag (ID3, APE, Lyrics3) at ``at``; 0 where there is none."""
    head = data[at : at + 32]
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 128:
        size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        return 10 + size + (10 if head[5] & 16 else 0)
    if head[:8] == b"APETAGEX" and len(head) == 32:
        header = head[23] & 0x20  # the size counts the items and the footer
        return little(head, 12) + (32 if header else 0)
    if head[:3] == b"TAG" and len(data) - at in (128, 128 + 227):
        return len(data) - at
    if head[:11] == b"LYRICSBEGIN":
        end = data.find(b"LYRICS200", at, at + 200_000)
        return end + 9 - at if end > at else 0
    return 0


def _end_of_tags(data: Data, at: int) -> int:
    while at < len(data) and (length := tag_length(data, at)):
        at = min(at + length, len(data))
    return at


def _chained(data: Data, at: int, parse: Parse, key: Key | None, links: int) -> bool:
    """Whether ``links`` frames of one kind follow one another from ``at``, or reach the end or a tag."""
    for link in range(links):
        if link and (at >= len(data) or tag_length(data, at)):
            return True
        header = parse(data, at)
        if header is None or (key is not None and header.key != key):
            return False
        key, at = header.key, at + header.size
    return True


def _search(data: Data, at: int, stop: int, parse: Parse, key: Key | None, links: int) -> int | None:
    """The first place in [at, stop) where so many frames begin to follow one another."""
    while (at := data.find(b"\xff", at, stop)) >= 0:
        if _chained(data, at, parse, key, links):
            return at
        at += 1
    return None


def first_frame(data: Data, parse: Parse) -> int | None:
    """Where the stream begins, after tags and up to a megabyte of other bytes; None where there is no stream."""
    start = _end_of_tags(data, 0)
    return _search(data, start, start + _JUNK, parse, None, _CHAIN)


def grid(data: Data, start: int, parse: Parse) -> Iterator[Frame | Damage]:
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
        if header is not None and _chained(data, at, parse, None, 2 if known else 4):
            key = header.key
            yield Frame(header, at, min(at + header.size, len(data)))
            at += header.size
            continue
        stop = _search(data, at + 1, len(data), parse, key, _CHAIN)
        if stop is None:
            stop = _search(data, at + 1, len(data), parse, None, _FOREIGN)
        stop = len(data) if stop is None else stop
        whole = header is not None and known and at + header.size <= stop
        yield Damage(at, stop, Frame(header, at, at + header.size) if whole and header else None)
        at = stop


def lost_frames(length: int, sizes: tuple[int, int], mean: float) -> int | None:
    """How many frames ``length`` damaged bytes held; None where no number is possible, or more than one.

    ``sizes`` are those of the smallest and the largest intact frame, ``mean`` is that of all.
    """
    least, most = sizes
    if most - least <= 1:  # a constant bit rate
        count = round(length / mean)
        return count if count and count * least <= length <= count * most else None
    counts = range(1, 2 + length // least)
    fitting = [count for count in counts if 0.9 * count * least <= length <= 1.1 * count * most]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True)
class Tag:
    """The statements of an encoder in the first frame (Xing, Info or VBRI).

    Attributes:
        frames: that follow; 0 where that is not stated.
        size: bytes, with the tag's own frame; 0 where that is not stated.
        delay: samples to leave out at the start; None where that is not stated.
        padding: samples to leave out at the end.
    """

    frames: int
    size: int
    delay: int | None = None
    padding: int = 0


def read_tag(data: Data, frame: Frame) -> Tag | None:
    """The tag that a frame holds instead of sound; None where it holds sound."""
    body = data[frame.start : frame.stop]
    if not frame.header.key[0].startswith("mp") or len(body) < 60:
        return None
    if body[36:40] == b"VBRI":
        return Tag(big(body, 50), big(body, 46))
    low, mono = not body[1] & 8, frame.header.key[2] == 1
    at = 4 + ((9 if mono else 17) if low else (17 if mono else 32))
    if body[at : at + 4] not in (b"Xing", b"Info"):
        return None
    flags, at = body[at + 7], at + 8
    frames = big(body, at) if flags & 1 else 0
    at += 4 * (flags & 1)
    size = big(body, at) if flags & 2 else 0
    at += 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    if body[at : at + 4] not in (b"LAME", b"Lavf", b"Lavc") or len(body) < at + 24:
        return Tag(frames, size)
    trims = big(body, at + 21, 3)
    return Tag(frames, size, trims >> 12, trims & 4095)
