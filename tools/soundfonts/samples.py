"""Recordings of single instruments: a folder with a file a note, as A4.wav or 060.ogg."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from soundfonts.write import Zone

_NOTE = re.compile(r"([A-Ga-g])(s|#|b|)(-?\d)(?:v\d+)?")
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_BENT = {"s": 1, "#": 1, "b": -1, "": 0}

QUIET = 10 ** (-60 / 20)
"""Recordings are cut where they stay below this share of their peak."""

LONGEST = 10.0
"""Seconds after which a recording has faded."""

FARTHEST = 60.0
"""Cents that a recording may be off its name and still be put right; beyond it the name is not believed."""


def key_of(name: str) -> int | None:
    """MIDI key of a file's name (``Fs3``, ``C#4``, ``Bb2``), or None."""
    found = _NOTE.fullmatch(name)
    if not found:
        return None
    letter, bent, octave = found.groups()
    return 12 * (int(octave) + 1) + _STEPS[letter.lower()] + _BENT[bent]


def frequency_of(key: float) -> float:
    """Hz of a MIDI key in equal temperament."""
    return 440 * 2 ** ((key - 69) / 12)


def read(path: Path) -> tuple[np.ndarray, int]:
    """A recording (channels, L) without the silence about it, and its rate."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    heard = np.nonzero(np.abs(wave).max(1) > QUIET * max(1e-9, float(np.abs(wave).max())))[0]
    if not len(heard):
        return np.zeros((wave.shape[1], 1), np.float32), rate
    wave = wave[max(0, heard[0] - rate // 500) : heard[-1] + 1][: round(LONGEST * rate)]
    if len(wave) == round(LONGEST * rate):
        wave[-rate:] *= np.linspace(1, 0, rate, dtype=np.float32)[:, None]
    return wave.T, rate


def cents_off(wave: np.ndarray, rate: int, key: float, within: float = 100.0) -> float:
    """How many cents a mono note sounds above its key: where its partials, after the attack, have most power."""
    part = wave[rate // 10 : rate // 10 + rate]
    if len(part) < rate // 8:
        part = wave[:rate]
    size = 8 * rate
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 2
    frequency = frequency_of(key)
    tried = np.arange(-within, within + 1)
    partials = np.arange(1, 1 + max(1, min(12, int(rate / 2.5 / frequency))))
    bins = np.rint(frequency * 2 ** (tried[:, None] / 1200) * partials * size / rate).astype(int)
    return float(tried[np.argmax(np.log(power[bins] + 1e-9 * power.max()).sum(1))])


def zones_of(
    layers: Mapping[int, tuple[np.ndarray, int]], velocities: tuple[int, int] = (0, 127), release: float = 0.3
) -> list[Zone]:
    """Zones of recordings (mono, rate) by key, each from half-way to the one below to half-way to the one above.

    What is out of tune is put right; a recording that is not near its key is left out.
    """
    heard = {key: cents_off(*sound, key) for key, sound in layers.items()}
    keys = sorted(key for key, cents in heard.items() if abs(cents) <= FARTHEST)
    edges = [0, *((a + b + 1) // 2 for a, b in pairwise(keys)), 128]
    return [
        Zone(
            layers[key][0],
            layers[key][1],
            key + heard[key] / 100,
            (low, high - 1),
            velocities,
            release=release,
        )
        for key, low, high in zip(keys, edges, edges[1:], strict=False)
    ]


def instrument(folder: Path, velocities: tuple[int, int] = (0, 127), release: float = 0.3) -> list[Zone]:
    """Zones of the recordings in a folder, those whose names are notes, mixed to mono."""
    layers = {}
    for file in sorted(folder.rglob("*")):
        key = key_of(file.stem)
        if key is not None and file.suffix in (".wav", ".mp3", ".ogg", ".flac"):
            wave, rate = read(file)
            layers[key] = (wave.mean(0), rate)
    return zones_of(layers, velocities, release)


def loudness(wave: np.ndarray, rate: int) -> float:
    """RMS of the loudest tenth of a second."""
    size = max(1, min(len(wave), rate // 10))
    sums = np.cumsum(np.square(wave, dtype=np.float64), axis=0)
    return float(np.sqrt(max(sums[size - 1], (sums[size:] - sums[:-size]).max(initial=0.0)) / size))


def levelled(zones: Sequence[Zone], level: float) -> list[Zone]:
    """Zones with one gain, so that the median of their loudest moments is ``level`` and no peak is above 1."""
    middle = float(np.median([loudness(zone.wave, zone.rate) for zone in zones]))
    peak = max(float(np.abs(zone.wave).max()) for zone in zones)
    gain = np.float32(min(level / max(middle, 1e-6), 1 / max(peak, 1e-6)))
    return [replace(zone, wave=zone.wave * gain) for zone in zones]
