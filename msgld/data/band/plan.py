"""What all parts of a piece agree on: tempo, form and, bar by bar, the chords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .style import Style
from .theory import Chord

Event = tuple[float, float, int, float]
"""A note: onset and length in beats, MIDI pitch, velocity (1 to 127)."""


class Segment(NamedTuple):
    """A stretch of one chord: onset and length in beats, the chord, and the one after it."""

    start: float
    length: float
    chord: Chord
    following: Chord


@dataclass(frozen=True)
class Bar:
    """One bar. ``index`` counts in the piece, ``place`` in the section; ``start`` is in beats."""

    index: int
    place: int
    start: float
    segments: tuple[Segment, ...]

    def at(self, beat: float) -> Segment:
        """The chord segment that sounds at a beat of the piece."""
        for segment in reversed(self.segments):
            if beat >= segment.start - 1e-6:
                return segment
        return self.segments[0]


@dataclass(frozen=True)
class Section:
    """A part of the form.

    Attributes:
        name: verse, chorus, ...; sections of one name share their material.
        level: energy in [0, 1].
        bars: the bars, in order.
        entries: for each sounding stem the first bar (counted in the section) in which it plays.
        tune: the stem that carries the melody here, or "" for none.
        solo: whether that melody is improvised.
        stop: whether the band breaks off on the last bar.
    """

    name: str
    level: float
    bars: tuple[Bar, ...]
    entries: dict[str, int]
    tune: str
    solo: bool
    stop: bool

    def playing(self, stem: str) -> tuple[Bar, ...]:
        """The bars in which this stem plays."""
        return self.bars[self.entries[stem] :] if stem in self.entries else ()


@dataclass(frozen=True)
class Song:
    """A planned piece, before any note of it is written.

    ``kit`` holds the groove's rows, calm, normal and full, so that the bass can follow the kick; ``swing`` is the
    first half's share of a swung pair.
    """

    style: Style
    bpm: float
    tonic: int
    mode: str
    swing: float
    kit: tuple[dict[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def beats(self) -> int:
        """Beats (quarter notes) in a bar."""
        return self.style.beats

    def rows(self, section: Section) -> dict[str, str]:
        """The drum groove of a section, calm or full after its level: a row of text for each instrument."""
        return self.kit[0 if section.level < 0.4 else 1 if section.level < 0.72 else 2]

    @property
    def end(self) -> float:
        """Length in beats."""
        return sum(len(s.bars) for s in self.sections) * float(self.beats)


@dataclass(frozen=True)
class Part:
    """One instrument's notes.

    Attributes:
        stem: which stem it belongs to.
        program: General MIDI program, or kit for drums, from 0.
        events: the notes, exactly on the grid and without swing.
        pan, volume: 0 to 127, as controllers 10 and 7 take them.
    """

    stem: str
    program: int
    events: list[Event]
    pan: int
    volume: int
