"""Reads soundfonts (SF2, and SF3 with its compressed recordings): presets, instruments, recordings.

The format is SoundFont Technical Specification 2.04; chapter numbers below are its.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np

from msgld.errors import DataError

DRUM_BANK = 128
"""The bank of drum kits."""

INSTRUMENT, KEYS, VELOCITIES, SAMPLE = 41, 43, 44, 53
"""Generators that choose: an instrument, keys, velocities, a recording (8.1.2)."""

COMPRESSED = 0x10
"""Flag in the type of a recording that is a Vorbis or FLAC file (SF3)."""

PRESET = struct.Struct("<20sHHHIII")
INST = struct.Struct("<20sH")
RECORDING = struct.Struct("<20sIIIIIBbHH")
"""Rows of the tables phdr, inst and shdr (7.2, 7.6, 7.10)."""

_TABLES = (b"phdr", b"pbag", b"pmod", b"pgen", b"inst", b"ibag", b"imod", b"igen", b"shdr")


@dataclass(frozen=True)
class Zone:
    """What holds for some keys and velocities.

    Attributes:
        generators: (kind, amount as an unsigned 16-bit number), in the order of the file.
        modulators: rows of 10 bytes, as in the file.
    """

    generators: tuple[tuple[int, int], ...]
    modulators: bytes = b""

    def get(self, kind: int) -> int | None:
        """Amount of a generator, or None."""
        return next((amount for each, amount in self.generators if each == kind), None)


@dataclass(frozen=True)
class Instrument:
    """Zones that choose recordings; the first one holds for all of them if it chooses none."""

    name: str
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class Preset:
    """What a program (0 to 127) of a bank plays: zones that choose instruments."""

    name: str
    bank: int
    program: int
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class Recording:
    """A recording and how it is played (7.10).

    Attributes:
        start: first sample, in the SF3 format first byte.
        end: the one after the last.
        loop: first sample of the loop and the one after its last, counted from the recording's start.
        rate: samples per second.
        key: at which it sounds as recorded.
        cents: to be added.
        kind: 1 mono, 2 right, 4 left; ``COMPRESSED`` beside it.
    """

    name: str
    start: int
    end: int
    loop: tuple[int, int]
    rate: int
    key: int
    cents: int
    kind: int = 1


@dataclass
class SoundFont:
    """An open soundfont; recordings are read when they are asked for.

    Attributes:
        presets: by bank and program.
        instruments: in the order of the file.
        recordings: in the order of the file.
    """

    presets: dict[tuple[int, int], Preset]
    instruments: Sequence[Instrument]
    recordings: Sequence[Recording]
    samples: np.ndarray  # bytes of the chunk smpl
    _waves: dict[int, np.ndarray] = field(default_factory=dict)

    def wave(self, number: int) -> np.ndarray:
        """Samples of a recording, int16."""
        one = self.recordings[number]
        if not one.kind & COMPRESSED:
            return np.asarray(self.samples[2 * one.start : 2 * one.end]).view("<i2")
        if number not in self._waves:
            self._waves[number] = decoded(bytes(self.samples[one.start : one.end]))
        return self._waves[number]


def decoded(packed: bytes) -> np.ndarray:
    """Samples of a compressed recording, int16.

    Raises:
        DataError: it cannot be decoded.
    """
    import soundfile

    try:
        return np.asarray(soundfile.read(BytesIO(packed), dtype="int16", always_2d=True)[0][:, 0])
    except soundfile.LibsndfileError as error:
        raise DataError(f"a recording of the soundfont is damaged: {error}") from error


def open_soundfont(path: Path) -> SoundFont:
    """Open an .sf2 or .sf3 file.

    Raises:
        DataError: there is none, it cannot be read, or it is no soundfont.
    """
    with _named(path) as data:
        return parsed(data)


def chunks_at(path: Path) -> dict[bytes, np.ndarray]:
    """The chunks of an .sf2 or .sf3 file by name, as bytes that are read when they are used.

    Raises:
        DataError: as :func:`open_soundfont`.
    """
    with _named(path) as data:
        return _chunks_of(data)


@contextmanager
def _named(path: Path) -> Iterator[np.ndarray]:
    """The bytes of a file; errors within become DataError with its name."""
    try:
        yield np.memmap(path, np.uint8, "r")
    except OSError as error:
        raise DataError(f"soundfont {path} cannot be read ({error}): name an .sf2 or .sf3 file") from error
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise DataError(f"{path} is not an SF2 or SF3 soundfont, or is damaged: name another") from error


def _chunks_of(data: np.ndarray) -> dict[bytes, np.ndarray]:
    if bytes(data[:4]) != b"RIFF" or bytes(data[8:12]) != b"sfbk":
        raise ValueError("no soundfont")
    found = {name: data[first:last] for name, first, last in _chunks(data, 12, len(data))}
    if not {*_TABLES, b"smpl"} <= set(found):
        raise ValueError("tables are missing")
    return found


def parsed(data: np.ndarray) -> SoundFont:
    """The soundfont in an array of bytes.

    Raises:
        ValueError, KeyError, IndexError, struct.error: it is none.
    """
    chunks = _chunks_of(data)
    tables = {name: bytes(chunks[name]) for name in _TABLES}
    instruments = [Instrument(_text(row[0]), zones) for row, zones in
                   _with_zones(INST, tables[b"inst"], tables, b"i", 1)]  # fmt: skip
    presets = {(row[2], row[1]): Preset(_text(row[0]), row[2], row[1], zones) for row, zones in
               _with_zones(PRESET, tables[b"phdr"], tables, b"p", 3)}  # fmt: skip
    recordings = [_recording(row) for row in RECORDING.iter_unpack(tables[b"shdr"])][:-1]
    if not presets or not instruments or not recordings:
        raise ValueError("nothing in it")
    return SoundFont(presets, instruments, recordings, chunks[b"smpl"])


def _chunks(data: np.ndarray, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and the one after the last of each chunk; lists are entered."""
    while at + 8 <= end:
        name, size = struct.unpack("<4sI", bytes(data[at : at + 8]))
        if name == b"LIST":
            at += 12
            continue
        if at + 8 + size > end:
            raise ValueError("cut short")
        yield name, at + 8, at + 8 + size
        at += 8 + size
        at += size % 2 and (at >= end or not data[at])  # some files leave out the byte that makes a size even


def _with_zones(
    rows: struct.Struct, table: bytes, tables: dict[bytes, bytes], letter: bytes, bag: int
) -> Iterator[tuple[tuple[bytes, int, int], tuple[Zone, ...]]]:
    """Each row but the last, and its zones; ``bag`` is the place of the first zone's number in a row."""
    bags = np.frombuffer(tables[letter + b"bag"], "<u2").reshape(-1, 2).tolist()
    generators = np.frombuffer(tables[letter + b"gen"], "<u2").reshape(-1, 2).tolist()
    modulators = tables[letter + b"mod"]
    listed = list(rows.iter_unpack(table))
    for row, following in pairwise(listed):
        zones = []
        for number in range(row[bag], following[bag]):
            (first, mod), (last, mod_end) = bags[number], bags[number + 1]
            kinds = tuple((kind, amount) for kind, amount in generators[first:last])
            zones.append(Zone(kinds, modulators[10 * mod : 10 * mod_end]))
        yield row, tuple(zones)


def _recording(row: tuple[bytes, int, int, int, int, int, int, int, int, int]) -> Recording:
    name, start, end, first, last, rate, key, cents, _, kind = row
    zero = 0 if kind & COMPRESSED else start
    return Recording(_text(name), start, end, (first - zero, last - zero), rate, key, cents, kind)


def _text(name: bytes) -> str:
    return name.split(b"\0")[0].decode("latin-1").strip()
