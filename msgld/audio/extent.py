"""How far a container says that it reaches, against the bytes that there are."""

from __future__ import annotations

import mmap
import zlib
from enum import Enum
from typing import BinaryIO

_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_FLAC = b"fLaC\0\0\0\x22"
_WAVPACK, _TTA, _FLV, _VOC = b"wvpk", b"TTA1", b"FLV\x01", b"Creative Voice File"
_FIRST_CHANNELS = 0x800  # flag of a WavPack block; blocks of further channels follow it
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"mfra", b"sidx", b"styp", b"uuid", b"meta",
          b"udta", b"pnot", b"emsg", b"prft", b"ssix", b"pdin", b"PICT")  # fmt: skip


class Extent(Enum):
    """What the bytes say of a file."""

    FINE = "fine"
    CUT = "cut"
    SEVERAL = "several"


def extent(data: memoryview) -> Extent:
    """Whether a file is as long as its container says, and holds no second file behind the first.

    MP4, Matroska, WebM, ASF (WMA), AVI, WavPack, TTA, FLV and VOC are looked at; others are fine.
    """
    head = bytes(data[:19])
    if head[4:8] in _BOXES:
        return _boxes(data)
    if head[:4] == _EBML:
        return _matroska(data)
    if head[:16] == _ASF:
        return _asf(data)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Extent.CUT if int.from_bytes(head[4:8], "little") + 8 > len(data) + 1 else Extent.FINE
    if head[:4] == _WAVPACK:
        return _wavpack(data)
    again = next((mark for mark in (_TTA, _FLV, _VOC) if head.startswith(mark)), None)
    return Extent.SEVERAL if again is not None and _begins_again(data, again) else Extent.FINE


def holds_second_flac(file: BinaryIO) -> bool:
    """Whether another FLAC file follows the first in an open one."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(_FLAC, 4) >= 0


def _find(data: memoryview, what: bytes, at: int) -> int | None:
    """Where ``what`` is found from ``at`` on."""
    while at < len(data):
        found = bytes(data[at : at + (1 << 20) + len(what) - 1]).find(what)
        if found >= 0:
            return at + found
        at += 1 << 20
    return None


def _boxes(data: memoryview) -> Extent:
    at, seen = 0, False
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8])
        if kind not in _BOXES:
            return Extent.FINE
        if kind == b"ftyp" and seen:
            return Extent.SEVERAL
        seen |= kind == b"mdat"
        size = int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else size
        if size == 0:
            return Extent.FINE
        at += max(size, 8)
    return Extent.CUT if at > len(data) else Extent.FINE


def _number(data: memoryview, at: int) -> tuple[int | None, int]:
    """A size in EBML, None where it is unknown, and its own length in bytes."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    if width > 8:
        return None, 8
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), width


def _matroska(data: memoryview) -> Extent:
    size, width = _number(data, 4)
    at = 4 + width + (size or 0)
    if size is None or bytes(data[at : at + 4]) != _SEGMENT:
        return Extent.FINE
    size, width = _number(data, at + 4)
    if size is not None and at + 4 + width + size > len(data):
        return Extent.CUT
    behind = at if size is None else at + 4 + width + size
    again = _find(data, _EBML, behind)
    kind = bytes(data[again : again + 64]) if again is not None else b""
    return Extent.SEVERAL if b"webm" in kind or b"matroska" in kind else Extent.FINE


def _asf(data: memoryview) -> Extent:
    at = _find(data[: 1 << 16], _ASF_PROPERTIES, 16)
    if at is None:
        return Extent.FINE
    size, flags = int.from_bytes(data[at + 40 : at + 48], "little"), data[at + 88]
    if flags & 1 or not size:  # being broadcast
        return Extent.FINE
    if size > len(data):
        return Extent.CUT
    return Extent.SEVERAL if _find(data, _ASF, size) is not None else Extent.FINE


def _begins_again(data: memoryview, mark: bytes) -> bool:
    """Whether the head of a file of that mark occurs again; a TTA's has a checksum, an FLV's a fixed size."""
    at = 0
    while (found := _find(data, mark, at + 1)) is not None:
        at, head = found, bytes(data[found : found + 22])
        whole = {
            _TTA: zlib.crc32(head[:18]).to_bytes(4, "little") == head[18:22],
            _FLV: head[5:13] == b"\0\0\0\x09\0\0\0\0",
        }
        if whole.get(mark, True):
            return True
    return False


def _wavpack(data: memoryview) -> Extent:
    """Blocks tell which sample they begin with; where that is the first one again, another file does."""
    start, last = 0, -1
    while (at := _find(data, _WAVPACK, start)) is not None:
        size, place = (int.from_bytes(data[at + i : at + i + 4], "little") for i in (4, 16))
        samples, flags = (int.from_bytes(data[at + i : at + i + 4], "little") for i in (20, 24))
        counts = samples and flags & _FIRST_CHANNELS
        if counts and place <= last:
            return Extent.SEVERAL
        start, last = at + 8 + size, place if counts else last
    return Extent.FINE
