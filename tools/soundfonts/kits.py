"""Drum kits of the Hydrogen drum machine: a folder with recordings and ``drumkit.xml``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from soundfonts.samples import read
from soundfonts.write import Zone

NAMES = (
    ("pedal", r"pedal|\bpd\b"),
    ("open", r"open.*(hh|hat)|(hh|hat).*\bop(en)?\b|^ohh|side ohh"),
    ("closed", r"clos.*(hh|hat)|(hh|hat).*(clos|\bcl\b|tight)|^hh\d*$|^hat\d*$|side hh"),
    ("rim", r"stick|rim ?shot|side ?stick|\brim\b"),
    ("clap", r"clap"),
    ("kick", r"kick|bass ?drum|^bd|^tamburo"),
    ("snare", r"^(?!.*roll).*snare|^sd"),
    ("floor", r"tom.*(low|floor|lo\b|\b3)|floor"),
    ("middle", r"tom.*(mid|\b2)"),
    ("high", r"tom"),
    ("bell", r"ride.*(bell|cup)|\bbell\b"),
    ("splash", r"splash"),
    ("china", r"china"),
    ("crash", r"crash"),
    ("ride", r"ride"),
    ("cowbell", r"cow ?bell"),
    ("tambourine", r"tamb"),
)
"""What an instrument is by its name; the first that fits."""

KEYS: dict[int, tuple[str, ...]] = {
    35: ("kick",), 36: ("kick",), 37: ("rim",), 38: ("snare",), 39: ("clap",), 40: ("snare",), 41: ("floor",),
    42: ("closed", "pedal"), 43: ("floor",), 44: ("pedal", "closed"), 45: ("middle",), 46: ("open",), 47: ("middle",),
    48: ("high",), 49: ("crash", "splash"), 50: ("high",), 51: ("ride", "bell"), 52: ("china", "crash"),
    53: ("bell", "ride"), 54: ("tambourine",), 55: ("splash", "crash"), 56: ("cowbell",), 57: ("crash", "splash"),
    59: ("ride", "bell"),
}  # fmt: skip
"""General MIDI's keys, and what plays each, the best first: nothing that ears should tell from it."""

NEEDED = {"kick", "snare", "closed"}
"""Without one of these a kit is none."""

_HATS = (42, 44, 46)


def kind_of(name: str) -> str | None:
    """What an instrument is, or None."""
    return next((kind for kind, words in NAMES if re.search(words, name.lower())), None)


def kit(folder: Path) -> list[Zone]:
    """Zones of a kit by General MIDI's keys; empty where kick, snare or hi-hat are missing.

    Where a kit has several of a kind, keys that share it (35 and 36, 38 and 40) have different ones.
    """
    found: dict[str, list[list[Zone]]] = {}
    for one in _without_namespaces(folder / "drumkit.xml").iter("instrument"):
        kind, zones = kind_of(one.findtext("name", "")), _zones(folder, one)
        if kind and zones:
            found.setdefault(kind, []).append(zones)
    if not set(found) >= NEEDED:
        return []
    made = []
    used = dict.fromkeys(found, 0)
    for key, kinds in KEYS.items():
        kind = next((kind for kind in kinds if kind in found), None)
        if kind:
            chosen = found[kind][used[kind] % len(found[kind])]
            used[kind] += 1
            made += [_at(zone, key) for zone in chosen]
    return made


def _at(zone: Zone, key: int) -> Zone:
    return replace(zone, root=key, keys=(key, key), choke=1 if key in _HATS else 0)


def _without_namespaces(path: Path) -> ElementTree.Element:
    root = ElementTree.parse(path).getroot()
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
    return root


def _zones(folder: Path, one: ElementTree.Element) -> list[Zone]:
    """Of an instrument's layers; both channels of a recording in stereo."""
    layers = list(one.iter("layer")) or [one]
    zones = []
    for layer in layers:
        file = folder / layer.findtext("filename", "?")
        if not file.is_file():
            continue
        wave, rate = read(file)
        gain = float(layer.findtext("gain", "1")) * float(one.findtext("volume", "1"))
        low, high = (float(layer.findtext(end, default)) for end, default in (("min", "0"), ("max", "1")))
        hit = (max(0, round(127 * low) + (low > 0)), round(127 * high))
        if hit[0] > hit[1]:
            continue
        pans = (-1.0, 1.0) if len(wave) == 2 else (0.0,)
        zones += [
            Zone(side * np.float32(gain), rate, 60, velocities=hit, pan=pan, release=5.0)
            for side, pan in zip(wave, pans, strict=False)
        ]
    return zones
