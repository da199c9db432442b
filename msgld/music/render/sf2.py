"""Writes SF2 files in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

from msgld.music.render.soundfont import (
    COMPRESSED,
    INST,
    PRESET,
    RECORDING,
    Instrument,
    Preset,
    Recording,
    Zone,
)  # fmt: skip

SILENCE = 46
"""Zeros after each recording (7.10)."""


def sf2_bytes(
    presets: Sequence[Preset],
    instruments: Sequence[Instrument],
    recordings: Sequence[Recording],
    waves: Sequence[np.ndarray],
    name: str = "msgld",
    comment: str = "",
) -> bytes:
    """A soundfont as an SF2 file.

    Args:
        presets: whose zones choose instruments by their place in ``instruments``.
        instruments: whose zones choose recordings by their place in ``recordings``.
        recordings: their places in a file are written anew.
        waves: of the recordings, int16.
        name: of the soundfont.
        comment: a longer text, such as its licence.
    """
    blocks, headers, at = [], [], 0
    for one, wave in zip(recordings, waves, strict=True):
        blocks += [np.ascontiguousarray(wave, "<i2").tobytes(), bytes(2 * SILENCE)]
        headers.append(RECORDING.pack(_name(one.name), at, at + len(wave), at + one.loop[0], at + one.loop[1],
                                      one.rate, one.key, one.cents, 0, one.kind & ~COMPRESSED))  # fmt: skip
        at += len(wave) + SILENCE
    headers.append(RECORDING.pack(b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))
    head = [(one.name, (one.program, one.bank), one.zones) for one in presets]
    inner = [(one.name, (), one.zones) for one in instruments]
    info = [chunk(b"ifil", struct.pack("<HH", 2, 1)), _text(b"isng", "EMU8000"), _text(b"INAM", name)]
    info += [_text(b"ICMT", comment)] if comment else []
    lists = [
        (b"INFO", info),
        (b"sdta", [chunk(b"smpl", b"".join(blocks))]),
        (b"pdta", [*_tables(b"p", PRESET, head), *_tables(b"i", INST, inner), chunk(b"shdr", b"".join(headers))]),
    ]  # fmt: skip
    body = b"sfbk" + b"".join(chunk(b"LIST", kind + b"".join(parts)) for kind, parts in lists)
    return chunk(b"RIFF", body)


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a RIFF file, filled to an even size."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _text(name: bytes, text: str) -> bytes:
    data = text.encode("ascii", "replace")[:65_000]
    return chunk(name, data + bytes(2 - len(data) % 2))


def _name(text: str) -> bytes:
    return text.encode("latin-1", "replace")[:19]


def _tables(
    letter: bytes, rows: struct.Struct, listed: Iterable[tuple[str, tuple[int, ...], Sequence[Zone]]]
) -> list[bytes]:
    """The table of presets or instruments, of their zones, and of those zones' modulators and generators."""
    head: list[tuple[bytes | int, ...]] = []
    bags: list[tuple[int, int]] = []
    generators: list[tuple[int, int]] = []
    modulators: list[int] = []
    for name, numbers, zones in listed:
        head.append((_name(name), *numbers, len(bags)))
        for zone in zones:
            bags.append((len(generators), len(modulators) // 10))
            generators += zone.generators
            modulators += zone.modulators
    bags.append((len(generators), len(modulators) // 10))
    is_preset = letter == b"p"
    head.append((b"EOP" if is_preset else b"EOI", *((0, 0) if is_preset else ()), len(bags) - 1))
    filling = (0, 0, 0) if is_preset else ()
    return [
        chunk(b"phdr" if is_preset else b"inst", b"".join(rows.pack(*row, *filling) for row in head)),
        chunk(letter + b"bag", np.array(bags, "<u2").tobytes()),
        chunk(letter + b"mod", bytes(modulators) + bytes(10)),
        chunk(letter + b"gen", np.array([*generators, (0, 0)], "<u2").tobytes()),
    ]
