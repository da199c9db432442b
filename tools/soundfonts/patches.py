"""Patches of the Gravis UltraSound (GF1PATCH110), as the Freepats project publishes its instruments."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np

from soundfonts.write import Zone

_HEADER, _INSTRUMENT, _LAYER, _SAMPLE = 129, 63, 47, 96
_WIDE, _UNSIGNED, _LOOPED, _THERE_AND_BACK = 1, 2, 4, 8


def patch(path: Path, key: int | None = None) -> list[Zone]:
    """Zones of a patch; with ``key`` it is a drum, which only that key plays as recorded."""
    data = path.read_bytes()
    if not data.startswith(b"GF1PATCH"):
        raise ValueError(f"{path} is not a GF1 patch")
    count = data[_HEADER + _INSTRUMENT + 6]
    at, zones = _HEADER + _INSTRUMENT + _LAYER, []
    for _ in range(count):
        zone, at = _zone(data, at, key)
        zones.append(zone)
    return _no_gaps(zones) if key is None else zones[:1]


def _zone(data: bytes, at: int, key: int | None) -> tuple[Zone, int]:
    """The recording whose header is at ``at``, and where the next one begins."""
    length, first, last = struct.unpack_from("<3I", data, at + 8)
    rate, low, high, root = struct.unpack_from("<H3I", data, at + 20)
    modes = data[at + 55]
    raw = data[at + _SAMPLE : at + _SAMPLE + length]
    width = 2 if modes & _WIDE else 1
    kind = ("<u" if modes & _UNSIGNED else "<i") + str(width)
    wave = np.frombuffer(raw[: length // width * width], kind).astype(np.float32)
    half = np.float32(2 ** (8 * width - 1))
    wave = (wave - half if modes & _UNSIGNED else wave) / half
    loop = (first // width, last // width) if modes & _LOOPED and key is None else None
    if loop and not 0 <= loop[0] < loop[1] <= len(wave):
        loop = None
    if loop and modes & _THERE_AND_BACK:
        there = wave[loop[0] : loop[1]]
        wave, loop = np.concatenate([wave[: loop[1]], there[::-1]]), (loop[0], loop[1] + len(there))
    if key is not None:
        return Zone(wave, rate, key, (key, key), release=5.0), at + _SAMPLE + length
    keys = (max(0, round(_key(low))), min(127, round(_key(high))))
    return Zone(wave, rate, _key(root), keys, loop=loop), at + _SAMPLE + length


def _key(millihertz: int) -> float:
    return float(69 + 12 * np.log2(max(millihertz, 8000) / 440_000))


def _no_gaps(zones: list[Zone]) -> list[Zone]:
    """The zones by key, each from where the one below ends."""
    zones = sorted(zones, key=lambda zone: zone.root)
    tops = [*(max(zone.keys[1], round(zone.root)) for zone in zones[:-1]), 127]
    made, low = [], 0
    for zone, top in zip(zones, tops, strict=True):
        if top >= low:
            made.append(replace(zone, keys=(low, top)))
            low = top + 1
    return made
