"""Writes SoundFont 2 files (SoundFont Technical Specification 2.04, chapters 4 to 8)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msgld.music.render.sf2 import chunk

RECORDING = struct.Struct("<20s5IBbHH")
"""Name, first sample, after the last, loop's first, after its last, rate, key, cents, link, type (7.10)."""

_SILENCE = 46
"""Zeros after each sample (7.10)."""

_PAN, _RELEASE, _KEYS, _VELOCITIES, _ATTENUATION = 17, 38, 43, 44, 48
_INSTRUMENT, _SAMPLE, _MODES, _EXCLUSIVE, _ROOT = 41, 53, 54, 57, 58


@dataclass(frozen=True)
class Zone:
    """A recording, and where it sounds.

    Attributes:
        wave: mono, float in [-1, 1].
        rate: samples per second.
        root: key at which it sounds as recorded, not always a whole number.
        keys, velocities: first and last of those that it plays.
        loop: first sample and the one after the last, of what is repeated while a key is held.
        pan: -1 left to 1 right.
        release: seconds in which it fades once the key is let go.
        choke: a note of the same number (not 0) ends this one, as a closed hi-hat ends an open one.
    """

    wave: np.ndarray
    rate: int
    root: float
    keys: tuple[int, int] = (0, 127)
    velocities: tuple[int, int] = (0, 127)
    loop: tuple[int, int] | None = None
    pan: float = 0.0
    release: float = 0.3
    choke: int = 0


@dataclass(frozen=True)
class Preset:
    """What a program (0 to 127) of a bank plays."""

    name: str
    program: int
    zones: Sequence[Zone]
    bank: int = 0


def write_soundfont(path: Path, name: str, presets: Sequence[Preset]) -> None:
    """Write an .sf2 file; recordings that several presets share are stored once."""
    waves = {id(zone.wave): zone for preset in presets for zone in preset.zones}
    numbers = {wave: number for number, wave in enumerate(waves)}
    info = _list(
        "INFO", chunk(b"ifil", struct.pack("<HH", 2, 1)), _text(b"isng", "EMU8000"), _text(b"INAM", name)
    )
    blocks, headers, at = [], [], 0
    for number, zone in enumerate(waves.values()):
        blocks += [_pcm(zone.wave), bytes(2 * _SILENCE)]
        headers.append(_sample_header(number, zone, at))
        at += len(zone.wave) + _SILENCE
    headers.append(RECORDING.pack(b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))
    body = (
        info
        + _list("sdta", chunk(b"smpl", b"".join(blocks)))
        + _list(
            "pdta", *_presets(presets), *_instruments(presets, numbers), chunk(b"shdr", b"".join(headers))
        )
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"sfbk" + body)


def _list(name: str, *chunks: bytes) -> bytes:
    return chunk(b"LIST", name.encode() + b"".join(chunks))


def _text(name: bytes, text: str) -> bytes:
    data = text.encode("ascii", "replace")[:254]
    return chunk(name, data + bytes(2 - len(data) % 2))


def _name(text: str) -> bytes:
    return text.encode("ascii", "replace")[:19]


def _pcm(wave: np.ndarray) -> bytes:
    return np.rint(np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()


def _sample_header(number: int, zone: Zone, at: int) -> bytes:
    """Place, pitch and loop of a sample (7.10); the key is the nearest one, the rest is a correction in cents."""
    first, last = zone.loop or (0, len(zone.wave))
    key = round(zone.root)
    cents = round(100 * (key - zone.root))  # what has to be added to what is recorded
    return RECORDING.pack(
        _name(f"sample {number}"), at, at + len(zone.wave), at + first, at + last, zone.rate,
        key, cents, 0, 1,
    )  # fmt: skip


def _amount(kind: int, value: int) -> bytes:
    return struct.pack("<Hh", kind, value)


def _range(kind: int, low: int, high: int) -> bytes:
    return struct.pack("<HBB", kind, low, high)


def _zone(zone: Zone, sample: int) -> list[bytes]:
    """Generators (8.1.2); ranges come first and the sample last, as the format wants them."""
    return [
        _range(_KEYS, *zone.keys),
        _range(_VELOCITIES, *zone.velocities),
        _amount(_PAN, round(500 * zone.pan)),
        _amount(_RELEASE, round(1200 * np.log2(max(zone.release, 1e-3)))),
        _amount(_MODES, 1 if zone.loop else 0),
        *([_amount(_EXCLUSIVE, zone.choke)] if zone.choke else []),
        _amount(_ROOT, round(zone.root)),
        _amount(_SAMPLE, sample),
    ]


def _bags(groups: Iterable[Sequence[Sequence[bytes]]]) -> tuple[list[int], bytes, bytes]:
    """Zones of several presets or instruments -> the first zone of each, the table of zones, and of generators."""
    firsts, bags, generators = [], [], []
    for group in groups:
        firsts.append(len(bags))
        for zone in group:
            bags.append(struct.pack("<HH", len(generators), 0))
            generators += zone
    firsts.append(len(bags))
    bags.append(struct.pack("<HH", len(generators), 0))
    return firsts, b"".join(bags), b"".join([*generators, bytes(4)])


def _presets(presets: Sequence[Preset]) -> list[bytes]:
    """Each plays the instrument of its number (7.2 to 7.5)."""
    firsts, bags, generators = _bags([[_amount(_INSTRUMENT, number)]] for number in range(len(presets)))
    headers = [
        struct.pack("<20sHHHIII", _name(preset.name), preset.program, preset.bank, first, 0, 0, 0)
        for preset, first in zip(presets, firsts, strict=False)
    ]
    headers.append(struct.pack("<20sHHHIII", b"EOP", 0, 0, firsts[-1], 0, 0, 0))
    return [
        chunk(b"phdr", b"".join(headers)),
        chunk(b"pbag", bags),
        chunk(b"pmod", bytes(10)),
        chunk(b"pgen", generators),
    ]


def _instruments(presets: Sequence[Preset], numbers: dict[int, int]) -> list[bytes]:
    """Zones with their samples (7.6 to 7.9)."""
    firsts, bags, generators = _bags(
        [_zone(zone, numbers[id(zone.wave)]) for zone in preset.zones] for preset in presets
    )
    headers = [
        struct.pack("<20sH", _name(preset.name), first)
        for preset, first in zip(presets, firsts, strict=False)
    ]
    headers.append(struct.pack("<20sH", b"EOI", firsts[-1]))
    return [
        chunk(b"inst", b"".join(headers)),
        chunk(b"ibag", bags),
        chunk(b"imod", bytes(10)),
        chunk(b"igen", generators),
    ]
