"""What all parts of a piece agree on: tempo, form and, bar by bar, the chords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .figures import Step, bar_of
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
        tag: what the whole band strikes together in the last bar, a figure; "" for nothing special.
    """

    name: str
    level: float
    bars: tuple[Bar, ...]
    entries: dict[str, int]
    tune: str
    solo: bool
    tag: str

    def playing(self, stem: str) -> tuple[Bar, ...]:
        """The bars in which this stem plays."""
        return self.bars[self.entries[stem] :] if stem in self.entries else ()

    def tagged(self, bar: Bar) -> bool:
        """Whether this is the bar that the band plays together."""
        return bool(self.tag) and bar.place == len(self.bars) - 1

    def steps(self, bar: Bar, text: str, strike: str) -> tuple[Step, ...]:
        """A player's steps in a bar: those of the figure, or of the tag with the symbol ``strike``."""
        if self.tagged(bar):
            return tuple(step._replace(symbol=strike) for step in bar_of(self.tag, 0))
        return bar_of(text, bar.place)


def division(kit: tuple[dict[str, str], ...]) -> int:
    """3 where a kit's grooves have twelve steps in a bar, else 4."""
    return 3 if len(bare(next(iter(kit[1].values())))) == 12 else 4


def bare(figure: str | tuple[str, str]) -> str:
    """The first bar of a figure, or of the fuller hand of two, without spaces."""
    text = figure if isinstance(figure, str) else figure[1]
    return text.split("|")[0].replace(" ", "")


@dataclass(frozen=True)
class Song:
    """A planned piece, before any note of it is written.

    ``kit`` holds the groove's rows, calm, normal and full, so that the bass can follow the kick; ``pushed``
    are the bars whose first beat the band anticipates by an eighth; ``swing`` is the first half's share of a
    swung pair; ``riff`` is the guitar figure that the bass doubles, or "".
    """

    style: Style
    bpm: float
    tonic: int
    mode: str
    swing: float
    kit: tuple[dict[str, str], ...]
    pushed: frozenset[int]
    riff: str
    sections: tuple[Section, ...]

    @property
    def beats(self) -> int:
        """Beats (quarter notes) in a bar."""
        return self.style.beats

    @property
    def division(self) -> int:
        """3 where bars have twelve steps (a waltz, or four beats of triplets), else 4."""
        return division(self.kit)

    def fitting(self, names: tuple[str, ...], table: Mapping[str, str | tuple[str, str]]) -> tuple[str, ...]:
        """Those of the named figures that divide the bar as the drums do; all, if none does."""
        triple = self.division == 3
        wanted = [n for n in names if (len(bare(table[n])) % 12 == 0) == triple]
        return tuple(wanted) or names

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
