"""What WAV, AIFF, W64, CAF and AU say of the bytes of their sound, and what is really there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

_KNOWN = {
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"fact", b"PEAK", b"JUNK", b"junk", b"FLLR", b"PAD ", b"iXML",
    b"_PMX", b"acid", b"inst", b"plst", b"LGWV", b"minf", b"elm1", b"regn", b"umid", b"DISP", b"afsp", b"cart", b"SAUR",
    b"strc", b"axml", b"chna", b"levl", b"wavl", b"slnt", b"NAME", b"AUTH", b"ANNO", b"COMT", b"MARK", b"INST", b"(c) ",
    b"APPL", b"SAXL", b"MIDI", b"AESD", b"COMM", b"CHAN", b"basc", b"trns", b"cate", b"info", b"strg", b"mark", b"free",
    b"ovvw", b"uuid", b"peak", b"edct", b"midi", b"pakt", b"chan", b"kuki",
}  # fmt: skip
_OTHERS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"riff", b"caff", b".snd")
_TRAILERS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_UNKNOWN_NEAR = 2**16  # sizes so near to the largest ones are no promise


@dataclass(frozen=True)
class Promise:
    """Where the sound lies.

    Attributes:
        start: its first byte. size: bytes that the header counts; None where it counts none.
        field: the place of that count, ``width`` bytes of byte order ``order``. ``extra`` bytes of every
            chunk's head, and ``lead`` bytes before the sound, are included in it.
        chunks: whether other chunks may follow, of what ``id_size`` and ``size_size``, padded to ``align``.
    """

    start: int
    size: int | None
    field: int
    width: int
    order: str
    extra: int = 0
    lead: int = 0
    chunks: bool = True
    id_size: int = 4
    align: int = 2


def promise(file: BinaryIO) -> Promise | None:
    """What the header of an open file says; None for other formats, or without a chunk of sound."""
    file.seek(0)
    head = file.read(40)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _riff(file, "big" if head[:4] == b"RIFX" else "little", head[:4] in (b"RF64", b"BW64"))
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _find(file, 12, b"SSND", Promise(0, 0, 0, 4, "big", lead=8))
    if head[:4] == b"riff" and head[4:16] == bytes.fromhex("2e91cf11a5d628db04c10000"):
        return _find(
            file, 40, b"data" + _W64_TAIL, Promise(0, 0, 0, 8, "little", extra=24, id_size=16, align=8)
        )
    if head[:4] == b"caff":
        return _find(file, 8, b"data", Promise(0, 0, 0, 8, "big", lead=4, align=1))
    if head[:4] == b".snd" and len(head) >= 24:
        size = _believed(int.from_bytes(head[8:12], "big"), 4)
        return Promise(int.from_bytes(head[4:8], "big"), size, 8, 4, "big", chunks=False)
    return None


def _believed(size: int, width: int) -> int | None:
    """A count, or None where a writer that could not know it has put one near the largest number instead."""
    if width == 8:
        return None if size >= 2**62 else size
    return None if any(abs(size - limit) < _UNKNOWN_NEAR for limit in (2**31, 2**32)) else size


def _chunks(file: BinaryIO, at: int, form: Promise) -> Iterator[tuple[bytes, int, int]]:
    """(name, place of the count, count) of chunks from ``at`` on, as far as their sizes lead within the file."""
    length = file.seek(0, io.SEEK_END)
    while at < length:
        file.seek(at)
        head = file.read(form.id_size + form.width)
        if len(head) < form.id_size + form.width:
            return
        size = int.from_bytes(head[form.id_size :], form.order) - form.extra  # type: ignore[arg-type]
        yield head[: form.id_size], at + form.id_size, size
        at += form.id_size + form.width + max(size, 0)
        at += -(at if form.align == 8 else max(size, 0)) % form.align


def _find(
    file: BinaryIO, at: int, name: bytes, form: Promise, known_size: int | None = None
) -> Promise | None:
    for chunk, place, size in _chunks(file, at, form):
        if chunk == name:
            count = _believed(size, form.width) if known_size is None else known_size
            counted = None if count is None else max(0, count - form.lead)
            return replace(form, start=place + form.width + form.lead, size=counted, field=place)
    return None


def _riff(file: BinaryIO, order: str, long: bool) -> Promise | None:
    form = Promise(0, 0, 0, 4, order)
    if not long:
        return _find(file, 12, b"data", form)
    file.seek(12)
    head = file.read(24)
    if head[:4] != b"ds64":
        return _find(file, 12, b"data", form)
    size = _believed(int.from_bytes(head[16:24], "little"), 8)
    found = _find(file, 12, b"data", form, known_size=size if size is not None else -1)
    if found is None:
        return None
    return Promise(found.start, size, 28, 8, order)


@dataclass(frozen=True)
class Audit:
    """What comes of comparing a header with its file.

    Attributes:
        missing: bytes that are promised and not there.
        left: bytes of sound behind the promised ones.
        several: whether a second file follows the first.
    """

    missing: int = 0
    left: int = 0
    several: bool = False


def audit(file: BinaryIO, found: Promise) -> Audit:
    """Compare the promise with the bytes of the file."""
    length = file.seek(0, io.SEEK_END)
    if found.size is None:
        return Audit()
    stop = found.start + found.size
    if stop > length:
        return Audit(missing=stop - length)
    file.seek(stop)
    head = file.read(64)
    padded = head[1:] if found.align == 2 and found.size % 2 and head[:1] == b"\0" else head
    if any(text[:4] in _OTHERS for text in (head, padded)) and length - stop > 40:
        return Audit(several=True)
    if (
        not head
        or head.startswith(_TRAILERS)
        or _is_chunks(file, found, stop, length)
        or _is_zero(file, stop)
    ):
        return Audit()
    return Audit(left=length - stop)


def _is_chunks(file: BinaryIO, found: Promise, stop: int, length: int) -> bool:
    """Whether what follows the sound are chunks: known ones, or any that lead to the end of the file."""
    if not found.chunks:
        return False
    aligned = stop + -(stop if found.align == 8 else found.size or 0) % found.align
    return any(_lead_to_end(file, found, at, length) for at in {stop, aligned})


def _lead_to_end(file: BinaryIO, found: Promise, at: int, length: int) -> bool:
    end = at
    for name, place, size in _chunks(file, at, found):
        if name[:4] in _KNOWN:
            return True
        if not all(32 <= byte < 127 for byte in name[:4]) or size < 0:
            return False
        end = place + found.width + size
        if end > length:
            return False
    return end > at and length - end < 16


def _is_zero(file: BinaryIO, at: int) -> bool:
    """Whether there is nothing but zeros from ``at`` on."""
    file.seek(at)
    return all(not block.strip(b"\0") for block in iter(lambda: file.read(1 << 20), b""))


class Corrected(io.RawIOBase):
    """A sound file that reads as if its header counted all bytes up to the end."""

    def __init__(self, path: Path, found: Promise) -> None:
        self._file = path.open("rb")
        length = self._file.seek(0, io.SEEK_END)
        count = min(length - found.start + found.extra + found.lead, 2 ** (8 * found.width) - 1)
        self._patch, self._at = count.to_bytes(found.width, found.order), found.field
        self._file.seek(0)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with the next bytes; how many."""
        place = self._file.tell()
        view = memoryview(buffer).cast("B")
        count = self._file.readinto(view)
        for index, byte in enumerate(self._patch, self._at - place):
            if 0 <= index < count:
                view[index] = byte
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as files do."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
