"""What a new piece is planned to be where nothing is asked for: style, key, chords, who plays how much, and its form.

A composer without conditions plays what all music has in common, which is little. So what is open is drawn
first, as a piece of the built-in band has it (:mod:`msgld.api.sketch`), and the notes are composed to that.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from string import ascii_uppercase

import numpy as np

from msgld.api.sketch import sketched
from msgld.music.chord_names import parse_chords
from msgld.music.conditions import Conditions

PHRASE = 4
"""Bars of a phrase; with chords that are asked for as many as their row, from 3 to 8."""

Sections = Sequence[tuple[str, int]]
"""Letters, each with its written bars; together they are the piece."""


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes:
        conditions: with chords.
        sections: see :data:`Sections`; those of one letter have equal chords.
        own: density and loudness of each written bar of each stem as features, float32 (S, N, ``OWN``).
    """

    conditions: Conditions
    sections: tuple[tuple[str, int], ...]
    own: np.ndarray

    @property
    def letters(self) -> str:
        """The form."""
        return "".join(letter for letter, _ in self.sections)


def planned(conditions: Conditions, bpm: float, bars: int, letters: str, stems: Sequence[str],
            wanted: Sequence[str], seed: int) -> Plan:  # fmt: skip
    """Plan a piece as far as it is left open.

    Args:
        conditions: what they say stays.
        bpm: quarter notes a minute.
        bars: N, written ones.
        letters: the form, each letter a section of equally many bars; empty for that of the sketch.
        stems: of the composer.
        wanted: stems that are made.
        seed: of what is drawn.
    """
    sketch = sketched(conditions, bpm, bars, stems, wanted, seed)
    row = None if conditions.chords is None else parse_chords(conditions.chords)
    if letters:
        sections = [(letter, bars // len(letters)) for letter in letters]
        source = _first_of_each(sections)
    else:
        source = np.arange(bars)
        length = PHRASE if row is None or not 3 <= len(row) <= 8 else len(row)
        chords = sketch.chords if row is None else [row[bar % len(row)] for bar in range(bars)]
        sections = _phrases(sketch.sections, chords, length)
    if row is None:
        drawn = " ".join(sketch.chords[bar] for bar in source)
        conditions = replace(conditions, chords=drawn, key=conditions.key or sketch.key)
    programs = {stem: sketch.programs[stem] for stem in wanted if stem in sketch.programs}
    conditions = replace(conditions, instruments=programs | dict(conditions.programs))
    return Plan(conditions, tuple(sections), sketch.own[:, source])


def _first_of_each(sections: Sections) -> np.ndarray:
    """For each bar the one that it repeats: that of the first section of its letter."""
    first, source = dict[str, int](), list[int]()
    for letter, count in sections:
        start = first.setdefault(letter, len(source))
        source += range(start, start + count)
    return np.array(source)


def _phrases(names: Sequence[str], chords: Sequence[Hashable], length: int) -> list[tuple[str, int]]:
    """Sections cut into phrases; those of sections of one name that have the same chords share a letter."""
    known, phrases, bar = dict[tuple[Hashable, ...], str](), list[tuple[str, int]](), 0
    for name, run in groupby(names):
        end = bar + len(list(run))
        for start in range(bar, end, length):
            stop = min(start + length, end)
            letter = ascii_uppercase[len(known) % 26] * (len(known) // 26 + 1)
            phrases.append((known.setdefault((name, *chords[start:stop]), letter), stop - start))
        bar = end
    return phrases
