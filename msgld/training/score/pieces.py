"""Pieces of music as the score model's training takes them: their notes in the grid, and facts about their bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from msgld.data.held_bars import held_bars
from msgld.data.midi import MidiFolder
from msgld.data.score_clips import trains_no_score
from msgld.data.scores import Band, Library
from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.music.bar_features import BarFacts
from msgld.music.chords import estimate_chords
from msgld.music.grid import Cells, to_cells
from msgld.music.home import class_time, transposed, way_home
from msgld.music.keys import MODES, parse_key
from msgld.music.score import SCORE_STEMS, Score, score_of

_MODES = tuple(MODES)
FEWEST = 8
"""Notes without which a stem does not count."""


@dataclass(frozen=True)
class Piece:
    """A piece, or an excerpt of one.

    Attributes:
        facts: of its bars, all of them known.
        cells: notes by stem.
        programs: of each stem.
        held: bars that a frozen clip has, too, which train nothing, bool (S, T).
        name: where it comes from.
    """

    facts: BarFacts
    cells: Mapping[str, Cells]
    programs: Mapping[str, tuple[int, ...]]
    held: np.ndarray
    name: str = ""

    def __len__(self) -> int:
        return len(self.facts)

    def between(self, first: int, last: int) -> Piece:
        """The bars ``first`` to ``last`` (excluded)."""
        cells = {stem: one.between(first, last) for stem, one in self.cells.items()}
        sounding = {stem: one for stem, one in cells.items() if len(one)}
        facts, held = self.facts.between(first, last), self.held[:, first:last]
        return replace(self, facts=facts, cells=sounding, held=held)

    def at_home(self, known: Mapping[str, Cells] | None = None) -> Piece:
        """Where its known notes, or without any all its notes, are at home."""
        time = class_time(known or {})
        return self.transposed(way_home(time if time.any() else class_time(self.cells)))

    def transposed(self, semitones: int) -> Piece:
        """So many semitones higher; drums stay."""
        return replace(self, facts=self.facts.transposed(semitones), cells=transposed(self.cells, semitones))


def strayed(piece: Piece, chance: float, rng: np.random.Generator) -> Piece:
    """The piece, with a probability anywhere else: where its key changes, or is misjudged."""
    return piece.transposed(int(rng.integers(-6, 6))) if rng.random() < chance else piece


def piece_of(score: Score, styles: Sequence[str]) -> Piece:
    """A score for training."""
    bars = score.bars
    facts = BarFacts.of(bars).with_chords(estimate_chords(score.notes, bars.start))
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
    held = held_bars(kept, SCORE_STEMS, count)
    return Piece(facts, kept, {stem: score.notes[stem].programs for stem in kept}, held, score.name)


class Scores:
    """Scores by seed, drawn from libraries, each as often: the same seed gives the same score.

    Args:
        libraries: MIDI files or the built-in band.

    Attributes:
        stems: names and order of the stems.
    """

    stems: tuple[str, ...] = SCORE_STEMS

    def __init__(self, libraries: Sequence[Library]) -> None:
        if not libraries:
            raise UsageError("nothing to train on: name --midi folders, or leave the band in")
        self.libraries = tuple(libraries)

    def score(self, seed: int) -> Score:
        """The score of this seed."""
        rng = np.random.default_rng(seed)
        library = self.libraries[int(rng.integers(len(self.libraries)))]
        return score_of(library.draw(rng))

    def clip(self, seed: int, seconds: float) -> Clip:
        """There is no sound; never called."""
        raise NotImplementedError


def open_scores(midi: Sequence[Path], band: bool) -> Scores:
    """The scores of MIDI folders, without those that measure (:mod:`msgld.data.score_clips`), and of the band."""
    libraries: list[Library] = [MidiFolder(path, exclude=trains_no_score) for path in midi]
    return Scores([*libraries, Band()] if band else libraries)
