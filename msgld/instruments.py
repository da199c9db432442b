"""Instruments by the names that musicians use."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

from msgld.errors import UsageError
from msgld.ranges import shown

LAST_PROGRAM = 127
"""Of General MIDI, and of its drum kits."""

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


def programs_of(stem: str, chosen: Any) -> tuple[int, ...]:
    """The General MIDI programs of a choice of instruments, of drums kits.

    Args:
        chosen: a program (0 to 127), a name, several of them parted by commas, or a sequence of programs and names.

    Raises:
        UsageError: something else, or an instrument that there is not.
    """
    if isinstance(chosen, str):
        return tuple(program for part in chosen.split(",") for program in _named(stem, part.strip().lower()))
    if isinstance(chosen, numbers.Integral) and not isinstance(chosen, bool):
        program = int(chosen)
        if not 0 <= program <= LAST_PROGRAM:
            raise UsageError(
                f"General MIDI programs are 0 to {LAST_PROGRAM}, not {shown(program)} for {stem}"
            )
        return (program,)
    if isinstance(chosen, Iterable) and not isinstance(chosen, Mapping | bytes):
        return tuple(program for one in chosen for program in _one(stem, one))
    raise UsageError(
        f"the instruments of {stem} are names or programs from 0 to {LAST_PROGRAM}, not {shown(chosen)}"
    )


def _one(stem: str, chosen: Any) -> tuple[int, ...]:
    """As :func:`programs_of`, but no sequence within a sequence."""
    if isinstance(chosen, Iterable) and not isinstance(chosen, str):
        raise UsageError(f"the instruments of {stem} are names or programs, not {shown(chosen)}")
    return programs_of(stem, chosen)


def _named(stem: str, name: str) -> tuple[int, ...]:
    names = NAMES.get(stem, {})
    if name in names:
        return names[name]
    if name.isascii() and name.isdecimal() and len(name) < 5 and int(name) <= LAST_PROGRAM:
        return (int(name),)
    known = f"{', '.join(names)}, or " if names else ""
    raise UsageError(
        f"no {stem} called {shown(name)}; there are: {known}a General MIDI program from 0 to {LAST_PROGRAM}"
    )
