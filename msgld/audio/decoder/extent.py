"""Compares the length that a container states with the bytes of its file."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from msgld.audio.binary import Data, big, little

_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_CUT = "is cut short: bytes are missing at its end; export or copy it again"
_SEVERAL = "holds several files, one after the other; split it first"
_WAVPACK = b"wvpk"
_FIRST_CHANNELS = 0x800  # flag of a WavPack block; blocks of further channels follow it
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"mfra", b"sidx", b"styp", b"uuid", b"meta",
          b"udta", b"pnot", b"emsg", b"prft", b"ssix", b"pdin", b"PICT")  # fmt: skip
_HEADS: dict[bytes, Callable[[bytes], bool]] = {
    b"TTA1": lambda head: zlib.crc32(head[:18]).to_bytes(4, "little") == head[18:22],
    b"FLV\x01": lambda head: head[5:13] == b"\0\0\0\x09\0\0\0\0",
    b"Creative Voice File": lambda head: True,
}
"""How formats without a stated length begin, and whether 22 bytes that begin so are a whole head."""


def extent(data: Data) -> str:
    """The line about a file that is shorter than its container says, or that a second file follows; empty if neither.

    MP4, Matroska, WebM, ASF (WMA), AVI, WavPack, TTA, FLV and VOC are checked.
    """
    head = data[:19]
    if head[4:8] in _BOXES:
        return _boxes(data)
    if head[:4] == _EBML:
        return _matroska(data)
    if head[:16] == _ASF:
        return _asf(data)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _CUT if little(data, 4) + 8 > len(data) + 1 else ""
    if head[:4] == _WAVPACK:
        return _wavpack(data)
    again = any(head.startswith(mark) and _begins_again(data, mark) for mark in _HEADS)
    return _SEVERAL if again else ""


def _boxes(data: Data) -> str:
    at, seen = 0, False
    while at + 8 <= len(data):
        size, kind = big(data, at), data[at + 4 : at + 8]
        if kind not in _BOXES:
            return ""
        if kind == b"ftyp" and seen:
            return _SEVERAL
        seen |= kind == b"mdat"
        size = big(data, at + 8, 8) if size == 1 else size
        if size == 0:
            return ""
        at += max(size, 8)
    return _CUT if at > len(data) else ""


def _number(data: Data, at: int) -> tuple[int | None, int]:
    """A size in EBML, None where it is unknown, and its own length in bytes."""
    width = 9 - big(data, at, 1).bit_length()
    if width > 8:
        return None, 8
    most = (1 << 7 * width) - 1
    value = big(data, at, width) & most
    return (None if value == most else value), width


def _matroska(data: Data) -> str:
    size, width = _number(data, 4)
    at = 4 + width + (size or 0)
    if size is None or data[at : at + 4] != _SEGMENT:
        return ""
    size, width = _number(data, at + 4)
    if size is not None and at + 4 + width + size > len(data):
        return _CUT
    again = data.find(_EBML, at if size is None else at + 4 + width + size)
    kind = data[again : again + 64] if again >= 0 else b""
    return _SEVERAL if b"webm" in kind or b"matroska" in kind else ""


def _asf(data: Data) -> str:
    at = data.find(_ASF_PROPERTIES, 16, 1 << 16)
    if at < 0:
        return ""
    size, broadcast = little(data, at + 40, 8), little(data, at + 88, 1) & 1
    if broadcast or not size:
        return ""
    if size > len(data):
        return _CUT
    return _SEVERAL if data.find(_ASF, size) >= 0 else ""


def _begins_again(data: Data, mark: bytes) -> bool:
    """Whether the head of a file with that mark occurs again."""
    at = 0
    while (at := data.find(mark, at + 1)) >= 0:
        if _HEADS[mark](data[at : at + 22]):
            return True
    return False


def _wavpack(data: Data) -> str:
    """Blocks state which sample they begin with; where that is the first one again, another file begins."""
    at, last = data.find(_WAVPACK), -1
    while at >= 0:
        size, place, samples, flags = (little(data, at + offset) for offset in (4, 16, 20, 24))
        if samples and flags & _FIRST_CHANNELS:
            if place <= last:
                return _SEVERAL
            last = place
        at = data.find(_WAVPACK, at + 8 + size)
    return ""
