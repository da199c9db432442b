"""A brief: what a musician is asked to play. Style, tempo, key and instruments, each of which may be left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgld.errors import UsageError
from msgld.keys import parse_key

SLOWEST, FASTEST = 30.0, 300.0
"""Beats a minute that can be asked for."""

PROGRAMS = 256
"""General MIDI programs, and after them as many drum kits."""


@dataclass(frozen=True)
class Brief:
    """What is asked of a piece.

    Attributes:
        style: a name that the model knows. bpm: quarter notes a minute, 30 to 300.
        key: such as ``"G minor"``, ``"Gm"``, ``"F# dorian"``; a bare note leaves the mode open.
        instruments: stem -> General MIDI programs (0 to 127; of drums, kits).
        beats: quarter notes in a bar, where the tempo is said.
        offset: beats that are over when the piece begins; for stretches of longer pieces.

    Raises:
        UsageError: a tempo out of range or a key that cannot be read.
    """

    style: str | None = None
    bpm: float | None = None
    key: str | None = None
    instruments: Mapping[str, Sequence[int]] = field(default_factory=dict)
    beats: float = 4.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.bpm is not None and not SLOWEST <= self.bpm <= FASTEST:
            raise UsageError(
                f"bpm has to lie between {SLOWEST:g} and {FASTEST:g} beats a minute, not {self.bpm:g}"
            )
        if self.key is not None:
            parse_key(self.key)
        for stem, programs in self.instruments.items():
            if not all(0 <= program < PROGRAMS // 2 for program in programs):
                raise UsageError(f"General MIDI programs are 0 to 127; {stem} has others")

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return self.style is None and self.bpm is None and self.key is None and not self.instruments


OPEN = Brief()
"""Asks for nothing."""
