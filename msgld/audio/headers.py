"""Compares the length of sound that WAV, AIFF, W64, CAF and AU state with the bytes of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from msgld.audio.binary import Data, big, little

_KNOWN = {
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"fact", b"PEAK", b"JUNK", b"junk", b"FLLR", b"PAD ", b"iXML",
    b"_PMX", b"acid", b"inst", b"plst", b"LGWV", b"minf", b"elm1", b"regn", b"umid", b"DISP", b"afsp", b"cart", b"SAUR",
    b"strc", b"axml", b"chna", b"levl", b"wavl", b"slnt", b"NAME", b"AUTH", b"ANNO", b"COMT", b"MARK", b"INST", b"(c) ",
    b"APPL", b"SAXL", b"MIDI", b"AESD", b"COMM", b"CHAN", b"basc", b"trns", b"cate", b"info", b"strg", b"mark", b"free",
    b"ovvw", b"uuid", b"peak", b"edct", b"midi", b"pakt", b"chan", b"kuki",
}  # fmt: skip
_OTHERS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"riff", b"caff", b".snd")
_TRAILERS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
_UNKNOWN_NEAR = 2**16  # sizes this close to the largest number state nothing


@dataclass(frozen=True)
class SoundChunk:
    """Where a header says that the sound lies.

    Attributes:
        start: first byte of the sound.
        size: bytes that the header counts; None where it counts none.
        field: place of that count.
        width: bytes of every count.
        order: of the bytes of every count.
        extra: bytes of every chunk's head that its count includes.
        lead: bytes before the sound that the count includes.
        chunks: whether other chunks may follow.
        id_size: bytes of a chunk's name.
        align: bytes to a multiple of which chunks are padded.
    """

    start: int = 0
    size: int | None = 0
    field: int = 0
    width: int = 4
    order: Literal["big", "little"] = "little"
    extra: int = 0
    lead: int = 0
    chunks: bool = True
    id_size: int = 4
    align: int = 2


_W64 = re.escape(bytes.fromhex("2e91cf11a5d628db04c10000"))
_W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_FORMATS = (
    (rb"(RIFF|RF64|BW64)....WAVE", 12, b"data", SoundChunk()),
    (rb"RIFX....WAVE", 12, b"data", SoundChunk(order="big")),
    (rb"FORM....AIF[FC]", 12, b"SSND", SoundChunk(order="big", lead=8)),
    (b"riff" + _W64, 40, _W64_DATA, SoundChunk(width=8, extra=24, id_size=16, align=8)),
    (rb"caff", 8, b"data", SoundChunk(width=8, order="big", lead=4, align=1)),
)
"""Pattern of a file's beginning, place of its first chunk, name of the chunk of sound, and what chunks look like."""


def sound_chunk(data: Data) -> SoundChunk | None:
    """The chunk of sound that a file's header states; None for other formats, or without such a chunk."""
    if data[:4] == b".snd" and len(data) >= 24:
        return SoundChunk(big(data, 4), _believed(big(data, 8), 4), 8, order="big", chunks=False)
    for pattern, first, name, form in _FORMATS:
        if re.match(pattern, data[:40], re.DOTALL):
            found = _find(data, first, name, form)
            if found is not None and data[:4] in (b"RF64", b"BW64") and data[12:16] == b"ds64":
                return replace(found, size=_believed(little(data, 28, 8), 8), field=28, width=8)
            return found
    return None


def _believed(size: int, width: int) -> int | None:
    """A count; None where a writer that did not know it put one near the largest number instead."""
    if width == 8:
        return None if size >= 2**62 else size
    return None if any(abs(size - limit) < _UNKNOWN_NEAR for limit in (2**31, 2**32)) else size


def _chunks(data: Data, at: int, form: SoundChunk) -> Iterator[tuple[bytes, int, int]]:
    """(name, place of the count, count) of chunks from ``at`` on, as far as their sizes lead within the file."""
    while at + form.id_size + form.width <= len(data):
        field = at + form.id_size
        size = int.from_bytes(data[field : field + form.width], form.order) - form.extra
        yield data[at:field], field, size
        at = field + form.width + max(size, 0)
        at += -(at if form.align == 8 else max(size, 0)) % form.align


def _find(data: Data, at: int, name: bytes, form: SoundChunk) -> SoundChunk | None:
    for chunk, field, size in _chunks(data, at, form):
        if chunk == name:
            count = _believed(size, form.width)
            counted = None if count is None else max(0, count - form.lead)
            return replace(form, start=field + form.width + form.lead, size=counted, field=field)
    return None


@dataclass(frozen=True)
class Audit:
    """Result of comparing a header with its file.

    Attributes:
        missing: bytes that the header counts and the file lacks.
        left: bytes of sound behind the counted ones.
        several: whether a second file follows the first.
    """

    missing: int = 0
    left: int = 0
    several: bool = False


def audit(data: Data, found: SoundChunk) -> Audit:
    """Compare the header's count with the bytes of the file."""
    length = len(data)
    if found.size is None:
        return Audit()
    stop = found.start + found.size
    if stop > length:
        return Audit(missing=stop - length)
    head = data[stop : stop + 64]
    padded = head[1:] if found.align == 2 and found.size % 2 and head[:1] == b"\0" else head
    if any(text[:4] in _OTHERS for text in (head, padded)) and length - stop > 40:
        return Audit(several=True)
    zeros = re.compile(rb"[^\0]").search(data, stop) is None
    if zeros or head.startswith(_TRAILERS) or _is_chunks(data, found, stop):
        return Audit()
    return Audit(left=length - stop)


def _is_chunks(data: Data, found: SoundChunk, stop: int) -> bool:
    """Whether chunks follow the sound: known ones, or any that lead to the end of the file."""
    if not found.chunks:
        return False
    aligned = stop + -(stop if found.align == 8 else found.size or 0) % found.align
    return any(_lead_to_end(data, found, at) for at in {stop, aligned})


def _lead_to_end(data: Data, found: SoundChunk, at: int) -> bool:
    end = at
    for name, field, size in _chunks(data, at, found):
        if name[:4] in _KNOWN:
            return True
        if not all(32 <= byte < 127 for byte in name[:4]) or size < 0:
            return False
        end = field + found.width + size
        if end > len(data):
            return False
    return end > at and len(data) - end < 16
