"""Form: sections that return. A section that came before is a variation of itself at a low noise level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from msgld.diffusion.noise_map import NoiseMap
from msgld.music.bars import STEPS
from msgld.music.grid import Cells
from msgld.tasks import noise_maps
from msgld.tasks.composing import Made, ScorePiece, compose

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
    """Make a piece of which sections return: all of it, then those that return as variations of what came first.

    Args:
        piece: without given stems.
        wanted: stems to make.
        sections: one after another; together they are all bars. Those of one letter have one length.
        noise: level from which a returning section is varied; 0 repeats it note by note.
    """
    models = dict[str, Section]()
    pairs = [(section, models.setdefault(section.name, section)) for section in sections]
    returns = np.zeros(piece.bars, bool)
    for section, model in pairs:
        returns[section.first : section.last] = model is not section
    made = _composed(piece, noise_maps.generate(len(piece.model.stems), piece.bars, False), wanted)
    made = {stem: _with_copies(cells, pairs) for stem, cells in made.items()}
    if noise > 0 and returns.any():
        task = noise_maps.vary(len(piece.model.stems), piece.bars, noise, False)
        task = noise_maps.confine(task, torch.from_numpy(returns))
        varied = _composed(replace(piece, given=made), task, wanted)
        made = {
            stem: _only(cells, ~returns).plus(_only(varied[stem], returns)) for stem, cells in made.items()
        }
    return {stem: Made(cells, np.ones(piece.bars, bool)) for stem, cells in made.items()}


def _composed(piece: ScorePiece, task: NoiseMap, wanted: Sequence[str]) -> dict[str, Cells]:
    return {stem: one.cells for stem, one in compose(piece, task, wanted).items()}


def _with_copies(cells: Cells, pairs: Sequence[tuple[Section, Section]]) -> Cells:
    """The notes of sections, each paired with the one whose notes it has; its end cuts them."""
    return Cells.none().followed_by([_moved(cells, model, section.first) for section, model in pairs])


def _moved(cells: Cells, section: Section, first: int) -> Cells:
    """The notes that begin in a section, cut at its end, where the section begins at another bar."""
    notes = cells.pick((cells.slot >= section.first * STEPS) & (cells.slot < section.last * STEPS))
    move = (first - section.first) * STEPS
    stop = np.minimum(notes.stop, section.last * STEPS)
    return replace(notes, slot=notes.slot + move, stop=stop + move)


def _only(cells: Cells, bars: np.ndarray) -> Cells:
    """The notes that begin in some bars."""
    return cells.pick(bars[cells.slot // STEPS])
