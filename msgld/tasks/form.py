"""Form: sections that return. A section that came before is a variation of itself at a low noise level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import Cells
from msgld.tasks import noise_maps
from msgld.tasks.composing import WINDOW, Made, ScorePiece, compose

RETURN = 0.3
"""Noise level from which a section that returns is made anew."""


@dataclass(frozen=True)
class Section:
    """A section of a piece.

    Attributes:
        name: its letter; sections of one letter are variations of each other.
        first: its first bar of the grid.
        last: the bar after it.
    """

    name: str
    first: int
    last: int


def form(
    piece: ScorePiece, wanted: Sequence[str], sections: Sequence[Section], noise: float = RETURN
) -> dict[str, Made]:
    """Make a piece section by section; each knows all that came before.

    Args:
        piece: without given stems.
        wanted: stems to make.
        sections: one after another; together they are all bars. Those of one letter have one length.
        noise: level from which a returning section is varied; 0 repeats it note by note.
    """
    made = {stem: Cells.none() for stem in wanted}
    known = dict[str, Section]()
    for section in sections:
        model = known.setdefault(section.name, section)
        if model is not section:
            made = {stem: cells.plus(_copy(cells, model, section.first)) for stem, cells in made.items()}
        if model is section or noise > 0:
            made = _made_anew(piece, made, section, 1.0 if model is section else noise)
    return {stem: Made(cells, np.ones(piece.bars, bool)) for stem, cells in made.items()}


def _made_anew(
    piece: ScorePiece, made: Mapping[str, Cells], section: Section, noise: float
) -> dict[str, Cells]:
    """All notes so far, with those of a section made from a noise level.

    A new section is made with what would follow in a window of the usual length, which is not kept.
    """
    last = section.last if noise < 1 else max(section.last, min(piece.bars, WINDOW))
    part = replace(piece, given=made, facts=piece.facts.between(0, last))
    part = replace(part, own=None if piece.own is None else piece.own[:, :last])
    task = noise_maps.vary(len(piece.model.stems), last, noise, False)
    task = noise_maps.restrict(task, section.first, last)
    new = {stem: _between(one.cells, section) for stem, one in compose(part, task, tuple(made)).items()}
    past = {stem: cells.pick(cells.slot < section.first * STEPS) for stem, cells in made.items()}
    return {stem: cells.plus(new[stem]) for stem, cells in past.items()}


def _between(cells: Cells, section: Section) -> Cells:
    """The notes that begin in a section, cut at its end."""
    notes = cells.pick((cells.slot >= section.first * STEPS) & (cells.slot < section.last * STEPS))
    return replace(notes, stop=np.minimum(notes.stop, section.last * STEPS))


def _copy(cells: Cells, model: Section, first: int) -> Cells:
    """The notes of a section, moved to where it returns."""
    notes = _between(cells, model)
    move = (first - model.first) * STEPS
    return replace(notes, slot=notes.slot + move, stop=notes.stop + move)
