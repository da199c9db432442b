"""Ogg Vorbis whose bytes depend on the sound alone: libsndfile draws the number of a stream at random."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile

_POLYNOMIAL, _HEAD = 0x04C11DB7, 27


def _table() -> list[int]:
    rows = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (_POLYNOMIAL if value & 0x80000000 else 0)
        rows.append(value & 0xFFFFFFFF)
    return rows


_CRC = _table()


def vorbis(wave: np.ndarray, rate: int, quality: float) -> bytes:
    """A recording (L,), int16, as an Ogg Vorbis stream. Args: quality: 0 the smallest to 1 the best."""
    stream = io.BytesIO()
    soundfile.write(stream, wave, rate, format="OGG", subtype="VORBIS", compression_level=1 - quality)
    return numbered(stream.getvalue(), 1)


def numbered(stream: bytes, number: int) -> bytes:
    """An Ogg stream with a number of its own, and checksums that fit."""
    pages, at = [], 0
    while at < len(stream):
        if stream[at : at + 4] != b"OggS":
            raise ValueError("not an Ogg stream")
        count = stream[at + 26]
        size = _HEAD + count + sum(stream[at + _HEAD : at + _HEAD + count])
        page = bytearray(stream[at : at + size])
        page[14:18], page[22:26] = struct.pack("<I", number), bytes(4)
        page[22:26] = struct.pack("<I", _checksum(page))
        pages.append(bytes(page))
        at += size
    return b"".join(pages)


def _checksum(page: bytearray) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFF00) ^ _CRC[value >> 24 ^ byte]
    return value
