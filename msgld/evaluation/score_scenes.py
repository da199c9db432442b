"""Clips of scores as pieces of their own, and what else could play in a stem's place: other pieces, the band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msgld.data.score_clips import ScoreClip
from msgld.data.scores import song_of_band
from msgld.errors import UsageError
from msgld.evaluation.subsets import Subset
from msgld.metrics.scores import Stems, laid_on
from msgld.music.bars import QUARTER
from msgld.music.chord_names import Halves
from msgld.music.chords import estimate_chords
from msgld.music.grid import Cells, to_cells
from msgld.music.score import Score, score_of

FEWEST = 8
"""Notes without which a stem of a clip does not count."""

FOREIGN = 8
"""Other pieces, at most, whose stems show what fits by chance."""

_TRIES = 5  # pieces of the band, until one has the wanted stems


@dataclass(frozen=True)
class Scene:
    """A clip.

    Attributes:
        clip: its name and place.
        score: its bars as a piece of their own, with the stems that play in it.
        cells: their notes in the grid.
    """

    clip: ScoreClip
    score: Score
    cells: Stems

    @property
    def steps(self) -> np.ndarray:
        """Of each bar, (T,)."""
        return self.score.bars.steps

    @property
    def metre(self) -> int:
        """Steps of most bars."""
        return int(np.bincount(self.steps).argmax())

    def given(self, subset: Sequence[str]) -> dict[str, Cells]:
        """The given stems where a subset is made."""
        return {stem: cells for stem, cells in self.cells.items() if stem not in subset}

    def chords(self, dropped: Sequence[str] = ()) -> Halves:
        """The chords that its stems make, some left out."""
        notes = {stem: notes for stem, notes in self.score.notes.items() if stem not in dropped}
        return estimate_chords(notes, self.score.bars.start)


def scene(clip: ScoreClip, score: Score) -> Scene:
    """Cut a clip out of its piece."""
    cut = score.between(clip.first, clip.first + clip.bars)
    notes = {stem: one for stem, one in cut.notes.items() if len(one) >= FEWEST}
    return Scene(
        clip, replace(cut, notes=notes), {stem: to_cells(one, cut.bars) for stem, one in notes.items()}
    )


def foreign_parts(scenes: Sequence[Scene], number: int, subset: Subset) -> list[dict[str, Cells]]:
    """Stems of other pieces of the same metre on the bars of a clip; of pieces that have most of the subset.

    Args:
        scenes: all clips.
        number: of the clip.
        subset: the stems.
    """
    own = scenes[number]
    turned = [scenes[(number + 1 + place) % len(scenes)] for place in range(len(scenes) - 1)]
    others = [one for one in turned if one.metre == own.metre and one.clip.name != own.clip.name]
    most = max((len(set(subset) & set(one.cells)) for one in others), default=0)
    fitting = [one for one in others if most and len(set(subset) & set(one.cells)) == most][:FOREIGN]
    return [laid_on({stem: one.cells[stem] for stem in subset if stem in one.cells}, one.steps, own.steps)
            for one in fitting]  # fmt: skip


def band_part(one: Scene, subset: Subset, seed: int) -> dict[str, Cells] | None:
    """What the band plays when it is told the chords of the given stems; None in metres that it does not know."""
    from msgld.data.band.accompany import accompany

    made: dict[str, Cells] = {}
    if len(set(one.steps.tolist())) > 1 or one.metre % QUARTER:
        return None
    for attempt in range(_TRIES):
        try:
            piece = accompany(one.chords(subset), one.metre // QUARTER, seed * _TRIES + attempt)
        except UsageError:
            return None
        band = score_of(song_of_band(piece))
        # Its time begins with the first bar, and it may end a bar later, on a last note.
        cells = {stem: to_cells(notes, one.score.bars) for stem, notes in band.notes.items()}
        made = {**{stem: cells[stem] for stem in subset if stem in cells}, **made}
        if len(made) == len(subset):
            break
    return made
