"""Conditions: what a musician is asked to play. Style, tempo, key and instruments, each of which may be left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from msgld.errors import UsageError
from msgld.instruments import programs_of
from msgld.music.keys import parse_key
from msgld.ranges import RANGES, check, check_optional, shown

SLOWEST, FASTEST = RANGES["bpm"].lowest, RANGES["bpm"].highest
"""Beats a minute that can be asked for."""

PROGRAMS = 256
"""General MIDI programs, and after them as many drum kits."""


@dataclass(frozen=True)
class Conditions:
    """What is asked of a piece.

    Attributes:
        style: a name that the model knows. bpm: quarter notes a minute, 30 to 300.
        key: such as ``"G minor"``, ``"Gm"``, ``"F# dorian"``; a bare note leaves the mode open.
        instruments: stem -> General MIDI programs (0 to 127; of drums, kits), or names of instruments as the command
            line takes them, such as ``"rhodes"``; kept as programs.
        beats: quarter notes in a bar, where the tempo is said.
        offset: beats that are over when the piece begins; for stretches of longer pieces.

    Raises:
        UsageError: a tempo out of range, a key that cannot be read, an instrument that there is not, or another type.
    """

    style: str | None = None
    bpm: float | None = None
    key: str | None = None
    instruments: Mapping[str, Sequence[int | str] | str | int] = field(default_factory=dict)
    beats: float = 4.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        for name in ("style", "key"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise UsageError(f"{name} has to be a name, or None to leave it open, not {shown(value)}")
        if self.key is not None:
            parse_key(self.key)
        if not isinstance(self.instruments, Mapping):
            raise UsageError(
                f'instruments are given by stem, such as {{"piano": "rhodes"}}, not as {shown(self.instruments)}'
            )
        chosen = {stem: programs_of(stem, names) for stem, names in self.instruments.items()}
        numbers = {name: check(name, getattr(self, name)) for name in ("beats", "offset")}
        kept = {"bpm": check_optional("bpm", self.bpm), "instruments": chosen, **numbers}
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    @property
    def programs(self) -> Mapping[str, tuple[int, ...]]:
        """The instruments, as they are kept: stem -> programs."""
        return cast("Mapping[str, tuple[int, ...]]", self.instruments)

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return self.style is None and self.bpm is None and self.key is None and not self.instruments


OPEN = Conditions()
"""Asks for nothing."""
