"""What a soundfont file (SF2 or SF3) holds, read from its tables without opening a synthesiser."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from msgld.errors import DataError

KITS = 128
"""The bank of drum kits."""

_PRESET, _RECORDING = struct.Struct("<20x2H14x"), struct.Struct("<20x2I18x")
"""Program and bank of a preset; first sample of a recording and the one after its last (SoundFont 2.04, 7.2, 7.10)."""

_COMPARED = 500
"""Samples of a recording that are compared; shorter ones, as of synthesised waves, are not."""


@lru_cache(maxsize=256)
def programs_of(font: Path) -> frozenset[int | None]:
    """Return the programs (0 to 127) of a soundfont's first bank, and None if it has a drum kit.

    Raises:
        DataError: the file is not a soundfont.
    """
    presets = _PRESET.iter_unpack(_tables(font)[b"phdr"][: -_PRESET.size])
    kinds = ((None if bank == KITS else program) for program, bank in presets if bank in (0, KITS))
    return frozenset(kinds)


@lru_cache(maxsize=256)
def recordings_of(font: Path) -> frozenset[str]:
    """Return a fingerprint (12 hex digits) of how each recording begins; equal where files share recordings.

    Raises:
        DataError: the file is not a soundfont.
    """
    tables = _tables(font)
    (wave,) = struct.unpack("<Q", tables[b"smpl"])
    marks = set()
    with font.open("rb") as file:
        for first, after in _RECORDING.iter_unpack(tables[b"shdr"][: -_RECORDING.size]):
            if after - first >= _COMPARED:
                file.seek(wave + 2 * first)
                marks.add(hashlib.sha256(file.read(2 * _COMPARED)).hexdigest()[:12])
    return frozenset(marks)


def _tables(font: Path) -> dict[bytes, bytes]:
    """The tables of presets and recordings, and in place of the samples where they begin."""
    try:
        with font.open("rb") as file:
            head = file.read(12)
            if head[:4] == b"RIFF" and head[8:] == b"sfbk":
                found = {name: data for name, data in _chunks(file) if name in (b"phdr", b"shdr", b"smpl")}
                if (
                    len(found) == 3
                    and len(found[b"phdr"]) % _PRESET.size == len(found[b"shdr"]) % _RECORDING.size == 0
                ):
                    return found
    except OSError as error:
        raise DataError(f"{font} cannot be read: {error}") from error
    raise DataError(f"{font} is not an SF2 or SF3 soundfont")


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each chunk, of the samples their place; lists are entered."""
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"LIST":
            file.seek(4, 1)
            continue
        after = file.tell() + size
        yield name, struct.pack("<Q", file.tell()) if name == b"smpl" else file.read(min(size, _LONGEST))
        file.seek(after)
        if size % 2 and file.read(1) != b"\0":  # MuseScore's files leave out the byte that makes a size even
            file.seek(after)


_LONGEST = 1 << 24
"""Bytes of a table that are read; more than any soundfont has."""
