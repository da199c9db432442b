"""Instruments by the names that musicians use, and what was asked for on the command line as a brief."""

from __future__ import annotations

from collections.abc import Mapping

from msgld.brief import Brief
from msgld.errors import UsageError

NAMES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "bass": {
        "acoustic": (32,), "finger": (33,), "pick": (34,), "fretless": (35,), "slap": (36, 37), "synth": (38, 39),
    },
    "drums": {
        "standard": (0,), "room": (8,), "power": (16,), "electronic": (24,), "analogue": (25,), "jazz": (32,),
        "brush": (40,),
    },
    "guitar": {
        "nylon": (24,), "steel": (25,), "jazz": (26,), "clean": (27,), "muted": (28,), "overdrive": (29,),
        "distortion": (30,), "harmonics": (31,),
    },
    "piano": {
        "grand": (0,), "bright": (1,), "electric-grand": (2,), "honky-tonk": (3,), "rhodes": (4,), "fm": (5,),
        "harpsichord": (6,), "clavinet": (7,),
    },
    "other": {
        "vibraphone": (11,), "marimba": (12,), "organ": (16, 17, 18), "church-organ": (19,), "accordion": (21,),
        "harmonica": (22,), "violin": (40,), "cello": (42,), "strings": (48, 49, 50, 51), "choir": (52, 53, 54),
        "trumpet": (56,), "trombone": (57,), "brass": (61, 62, 63), "saxophone": (64, 65, 66, 67), "clarinet": (71,),
        "flute": (73,), "lead": (80, 81, 82), "pad": (88, 89, 90, 91),
    },
}  # fmt: skip
"""Stem -> name -> General MIDI programs, of drums kits; several where the name means any of them."""


def brief_of(
    style: str | None, bpm: float | None, key: str | None, instruments: Mapping[str, str | None]
) -> Brief:
    """What was asked for.

    Args:
        instruments: stem -> names or program numbers, parted by commas; None leaves it open.

    Raises:
        UsageError: an instrument that there is not, a tempo out of range, or a key that cannot be read.
    """
    chosen = {stem: _programs(stem, text) for stem, text in instruments.items() if text}
    return Brief(style, bpm, key, chosen)


def _programs(stem: str, text: str) -> tuple[int, ...]:
    found: list[int] = []
    for name in (part.strip().lower() for part in text.split(",")):
        if name.isdecimal() and int(name) < 128:
            found.append(int(name))
        elif name in NAMES[stem]:
            found += NAMES[stem][name]
        else:
            known = ", ".join(NAMES[stem])
            raise UsageError(
                f"no {stem} called {name!r}; there are: {known}, or a General MIDI program from 0 to 127"
            )
    return tuple(found)
