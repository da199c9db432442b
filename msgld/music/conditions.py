"""Conditions of a piece: style, tempo, key and instruments, each of which may be left open."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from msgld.errors import UsageError
from msgld.music.chord_names import parse_chords
from msgld.music.keys import parse_key
from msgld.ranges import RANGES, check, check_optional, shown
from msgld.stems import about

SLOWEST, FASTEST = RANGES["bpm"].lowest, RANGES["bpm"].highest
"""Range of tempos, in quarter notes a minute."""

LAST_PROGRAM = 127
"""The highest General MIDI program, and the highest drum kit."""

PROGRAMS = 2 * (LAST_PROGRAM + 1)
"""General MIDI programs, and after them as many drum kits."""


@dataclass(frozen=True)
class Conditions:
    """The conditions that a piece should meet.

    Attributes:
        style: a name that the model knows.
        bpm: quarter notes a minute, 30 to 300.
        key: such as ``"G minor"``, ``"Gm"``, ``"F# dorian"``; a bare note leaves the mode open.
        instruments: stem -> General MIDI programs (0 to 127; of drums, kits), or names of instruments as the command
            line takes them, such as ``"rhodes"``; kept as programs.
        beats: quarter notes in a bar; used together with ``bpm``.
        offset: beats before the beginning of the piece; for excerpts of longer pieces.
        chords: one a bar, such as ``"Am F C G"``; ``Am,F`` share a bar, ``C/E`` names the bass, ``N`` is no chord. The
            row repeats. Only music that is made in notes follows them.
        density: stem -> notes that begin in a bar, such as ``{"piano": 8}``; of music in notes only.
        loudness: stem -> mean MIDI velocity, 1 to 127; of music in notes only.

    Raises:
        UsageError: a tempo out of range, an unreadable key or chord, an unknown instrument, or a value of another type.
    """

    style: str | None = None
    bpm: float | None = None
    key: str | None = None
    instruments: Mapping[str, Sequence[int | str] | str | int] = field(default_factory=dict)
    beats: float = 4.0
    offset: float = 0.0
    chords: str | None = None
    density: Mapping[str, float] = field(default_factory=dict)
    loudness: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("style", "key", "chords"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise UsageError(f"{name} has to be a name, or None to leave it open, not {shown(value)}")
        if self.key is not None:
            parse_key(self.key)
        if self.chords is not None:
            parse_chords(self.chords)
        if not isinstance(self.instruments, Mapping):
            raise UsageError(
                f'instruments are given by stem, such as {{"piano": "rhodes"}}, not as {shown(self.instruments)}'
            )
        chosen = {stem: programs_of(stem, names) for stem, names in self.instruments.items()}
        numbers = {name: check(name, getattr(self, name)) for name in ("beats", "offset")}
        own = {name: _by_stem(name, getattr(self, name)) for name in ("density", "loudness")}
        kept = {"bpm": check_optional("bpm", self.bpm), "instruments": chosen, **numbers, **own}
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    @property
    def programs(self) -> Mapping[str, tuple[int, ...]]:
        """The instruments as programs, by stem."""
        return cast("Mapping[str, tuple[int, ...]]", self.instruments)

    @property
    def empty(self) -> bool:
        """Whether all of it is left open."""
        return not (self.instruments or self.density or self.loudness) and all(
            value is None for value in (self.style, self.bpm, self.key, self.chords)
        )


def _by_stem(name: str, chosen: Any) -> dict[str, float]:
    """A number for each of some stems; UsageError where it is out of range."""
    if not isinstance(chosen, Mapping):
        raise UsageError(f'{name} is given by stem, such as {{"piano": 8}}, not as {shown(chosen)}')
    return {str(stem): check(name, value) for stem, value in chosen.items()}


OPEN = Conditions()
"""Leaves everything open."""


def programs_of(stem: str, chosen: Any) -> tuple[int, ...]:
    """The General MIDI programs of a choice of instruments; for drums, kits.

    Args:
        stem: its instruments have their names in :mod:`msgld.stems`.
        chosen: a program (0 to 127), a name, several of them separated by commas, or a sequence of programs and names.

    Raises:
        UsageError: an unknown instrument, or a value of another type.
    """
    if isinstance(chosen, Iterable) and not isinstance(chosen, str | Mapping | bytes):
        return tuple(program for one in chosen for program in _programs(stem, one))
    return _programs(stem, chosen)


def _programs(stem: str, chosen: Any) -> tuple[int, ...]:
    """The programs of one number, or of names separated by commas."""
    if isinstance(chosen, str):
        return tuple(program for part in chosen.split(",") for program in _named(stem, part.strip().lower()))
    if not isinstance(chosen, numbers.Integral) or isinstance(chosen, bool):
        raise UsageError(
            f"the instruments of {stem} are names or programs from 0 to {LAST_PROGRAM}, not {shown(chosen)}"
        )
    if not 0 <= int(chosen) <= LAST_PROGRAM:
        raise UsageError(
            f"General MIDI programs are 0 to {LAST_PROGRAM}, not {shown(int(chosen))} for {stem}"
        )
    return (int(chosen),)


def _named(stem: str, name: str) -> tuple[int, ...]:
    names = about(stem).instruments
    if name in names:
        return names[name]
    if name.isascii() and name.isdecimal() and len(name) < 5 and int(name) <= LAST_PROGRAM:
        return (int(name),)
    known = f"{', '.join(names)}, or " if names else ""
    raise UsageError(
        f"no {stem} called {shown(name)}; there are: {known}a General MIDI program from 0 to {LAST_PROGRAM}"
    )
