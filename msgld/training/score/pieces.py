"""Pieces of music as the training of the score model takes them: their notes in the grid, and facts about their bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msgld.music.bar_features import BarFacts
from msgld.music.chords import estimate_chords
from msgld.music.grid import Cells, to_cells
from msgld.music.keys import MODES, parse_key
from msgld.music.score import Score

_MODES = tuple(MODES)
FEWEST = 8
"""Notes without which a stem does not count."""


@dataclass(frozen=True)
class Piece:
    """A piece, or an excerpt of one.

    Attributes:
        facts: of its bars, all of them told.
        cells: notes by stem.
        programs: of each stem.
        name: where it comes from.
        origin: ``song``, ``accompaniment`` or ``band``.
    """

    facts: BarFacts
    cells: Mapping[str, Cells]
    programs: Mapping[str, tuple[int, ...]]
    name: str = ""
    origin: str = ""

    def __len__(self) -> int:
        return len(self.facts)

    def between(self, first: int, last: int) -> Piece:
        """The bars ``first`` to ``last`` (excluded)."""
        cells = {stem: one.between(first, last) for stem, one in self.cells.items()}
        return replace(self, facts=self.facts.between(first, last), cells=cells)

    def transposed(self, semitones: int) -> Piece:
        """So many semitones higher; drums stay."""
        cells = {stem: one if stem == "drums" else one.transposed(semitones) for stem, one in self.cells.items()}
        return replace(self, facts=self.facts.transposed(semitones), cells=cells)


def piece_of(score: Score, styles: Sequence[str], origin: str = "") -> Piece:
    """A score for training."""
    bars = score.bars
    facts = BarFacts.of(bars).told(estimate_chords(score.notes, bars.start))
    count, last = len(bars), int(bars.number[-1]) + 1
    key, style = score.meta.get("key"), score.meta.get("style")
    tonic, mode = parse_key(str(key)) if key else (-1, None)
    facts = replace(
        facts,
        bpm=score.timeline.bpm(bars.start[:-1]),
        tonic=np.full(count, tonic),
        mode=np.full(count, _MODES.index(mode) if mode else -1),
        style=np.full(count, styles.index(str(style)) if style in styles else -1),
        place=bars.number.copy(),
        length=np.full(count, last),
    )
    cells = {stem: to_cells(notes, bars) for stem, notes in score.notes.items()}
    kept = {stem: one for stem, one in cells.items() if len(one) >= FEWEST}
    return Piece(facts, kept, {stem: score.notes[stem].programs for stem in kept}, score.name, origin)
