"""Takes out of a soundfont what some notes need, as a small SF2 file for the synthesiser.

A synthesiser that is given a whole soundfont reads all of it at every call. It is also told here to play at another
rate: midirenderer writes 48,000 samples per second, and they are taken for 44,100. So recordings are said to be faster
by that ratio, times in the soundfont are made shorter, and frequencies higher.

The synthesiser drops what is 60 dB below full scale at once. So recordings are written softer, and played louder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from msgld.errors import DataError
from msgld.music.render.sf2 import sf2_bytes
from msgld.music.render.soundfont import (
    DRUM_BANK,
    INSTRUMENT,
    KEYS,
    SAMPLE,
    VELOCITIES,
    Instrument,
    Preset,
    SoundFont,
    Zone,
)  # fmt: skip
from msgld.stems import RATE

ENGINE_RATE = 48_000
"""Samples per second that midirenderer writes."""

_RATIO = ENGINE_RATE / RATE
_CENTS = round(1200 * float(np.log2(_RATIO)))
_TIMES = (21, 23, 25, 26, 27, 28, 30, 33, 34, 35, 36, 38)
_FREQUENCIES = (22, 24)
_CUTOFF, _OPEN = 8, 13_500
_SENDS = (15, 16)
_ATTENUATION = 48
_SOFTER, _LOUDER = 4, 300  # 12 dB: the synthesiser takes 0.4 of an attenuation in centibels, as others do
_CHOKE = 57
_EVERY = 0x7F00


@dataclass(frozen=True)
class _Region:
    """An instrument's zone with what holds for all zones of its instrument."""

    amounts: dict[int, int]
    keys: tuple[int, int]
    velocities: tuple[int, int]


def extract(font: SoundFont, notes: Mapping[tuple[int, int], np.ndarray]) -> tuple[bytes, int]:
    """An SF2 file that plays some notes, and is played at ``RATE`` although rendered at ``ENGINE_RATE``.

    Args:
        font: where they come from.
        notes: pitch and velocity of each note, (N, 2), by bank and program. A preset that the soundfont lacks is
            replaced by :func:`nearest`.

    Returns:
        The file, empty if the soundfont is silent at those pitches and velocities, and how many recordings a note plays
        at most.

    Raises:
        DataError: the soundfont has nothing for one of them.
    """
    layers = 1
    presets: list[Preset] = []
    instruments: list[Instrument] = []
    places: dict[int, int] = {}
    for (bank, program), played in notes.items():
        zones: list[Zone] = []
        counts = np.zeros(1, np.int64)
        pairs = np.unique(np.asarray(played, np.int64).reshape(-1, 2), axis=0)
        for outer, regions, covered in _chosen(font, font.presets[nearest(font, bank, program)], pairs):
            zones.append(_zone({**outer, INSTRUMENT: len(instruments)}, INSTRUMENT))
            instruments.append(Instrument("", tuple(_region(font, one, places) for one in regions)))
            counts = counts + covered
        if zones:
            presets.append(Preset("", bank, program, tuple(zones)))
            layers = max(layers, int(np.max(counts)))
    recordings = [replace(font.recordings[number], rate=round(font.recordings[number].rate * _RATIO))
                  for number in places]  # fmt: skip
    if not presets:
        return b"", layers
    return sf2_bytes(
        presets, instruments, recordings, [_softer(font.wave(number)) for number in places]
    ), layers


def _softer(wave: np.ndarray) -> np.ndarray:
    return ((wave.astype(np.int32) + _SOFTER // 2) // _SOFTER).astype(np.int16)


def nearest(font: SoundFont, bank: int, program: int) -> tuple[int, int]:
    """The preset that plays a program: itself, the first of its family, the family's nearest, or any.

    Raises:
        DataError: the soundfont has no drum kit, or nothing but drum kits.
    """
    there = [each for each in font.presets if (each[0] == DRUM_BANK) == (bank == DRUM_BANK)]
    if not there:
        kind = "drum kit" if bank == DRUM_BANK else "program besides drum kits"
        raise DataError(f"the soundfont has no {kind}: name another soundfont")
    first = program // 8 * 8
    for wanted in ((bank, program), (bank, first)):
        if wanted in there:
            return wanted
    if bank == DRUM_BANK:
        return min(there, key=lambda each: each[1])
    return min(
        there, key=lambda each: (each[0] != bank, each[1] // 8 != first // 8, abs(each[1] - program), each)
    )


def keys_played(font: SoundFont, preset: Preset, velocity: int = 100) -> np.ndarray:
    """Which keys a preset plays at a velocity, bool (128,)."""
    pairs = np.stack([np.arange(128), np.full(128, velocity)], 1)
    counts = [count for _, _, count in _chosen(font, preset, pairs)]
    return np.asarray(np.sum(counts, axis=0) > 0) if counts else np.zeros(128, bool)


def _chosen(
    font: SoundFont, preset: Preset, pairs: np.ndarray
) -> Iterator[tuple[dict[int, int], list[_Region], np.ndarray]]:
    """Each zone of a preset that plays notes: its generators, what plays in its instrument, how many for each note."""
    for outer in _resolved(preset.zones, INSTRUMENT):
        own = _covers(outer, pairs)
        inner = _resolved(font.instruments[outer.amounts[INSTRUMENT]].zones, SAMPLE)
        covers = [(one, own & _covers(one, pairs)) for one in inner]
        regions = [one for one, covered in covers if covered.any()]
        if regions:
            yield outer.amounts, regions, np.sum([covered for _, covered in covers], axis=0)


def _resolved(zones: tuple[Zone, ...], last: int) -> list[_Region]:
    """Zones that choose something, each with the generators of the first if that chooses nothing."""
    common = dict(zones[0].generators) if zones and zones[0].get(last) is None else {}
    found = []
    for zone in zones:
        amounts = {**common, **dict(zone.generators)}
        if zone.get(last) is not None:
            found.append(_Region(amounts, _span(amounts.get(KEYS)), _span(amounts.get(VELOCITIES))))
    return found


def _span(amount: int | None) -> tuple[int, int]:
    amount = _EVERY if amount is None else amount
    return amount & 0xFF, amount >> 8


def _covers(one: _Region, pairs: np.ndarray) -> np.ndarray:
    pitch, velocity = pairs[:, 0], pairs[:, 1]
    keys = (pitch >= one.keys[0]) & (pitch <= one.keys[1])
    return np.asarray(keys & (velocity >= one.velocities[0]) & (velocity <= one.velocities[1]))


def _region(font: SoundFont, one: _Region, places: dict[int, int]) -> Zone:
    """A zone at the synthesiser's rate, dry, whose recording has the number that it gets in the small soundfont."""
    amounts = {kind: amount for kind, amount in one.amounts.items() if kind not in _SENDS}
    sample = amounts[SAMPLE]
    amounts[SAMPLE] = places.setdefault(sample, len(places))
    for kind in _TIMES:
        if kind in amounts:
            amounts[kind] = _moved(amounts[kind], -_CENTS)
    amounts[_ATTENUATION] = _signed(amounts.get(_ATTENUATION, 0)) - _LOUDER & 0xFFFF
    for kind in _FREQUENCIES:
        amounts[kind] = _moved(amounts.get(kind, 0), _CENTS)
    if amounts.get(_CUTOFF, _OPEN) < _OPEN:
        amounts[_CUTOFF] = min(_OPEN, amounts[_CUTOFF] + _CENTS)
    if amounts.get(_CHOKE):
        # The synthesiser would let the right half of a note in stereo end the left one.
        amounts[_CHOKE] = 4 * amounts[_CHOKE] + (font.recordings[sample].kind & 6) // 2
    return _zone(amounts, SAMPLE)


def _moved(amount: int, by: int) -> int:
    return max(-12_000, _signed(amount) + by) & 0xFFFF


def _signed(amount: int) -> int:
    return amount - 0x10000 if amount & 0x8000 else amount


def _zone(amounts: Mapping[int, int], last: int) -> Zone:
    """Generators in the order that the format wants: keys, velocities, others, what is chosen (8.1.2)."""
    order = sorted(amounts, key=lambda kind: (kind == last, kind not in (KEYS, VELOCITIES), kind))
    return Zone(tuple((kind, amounts[kind]) for kind in order))
