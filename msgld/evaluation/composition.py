"""Does music made in notes go with what is given, is it as full as real parts, does it return?

Each frozen clip is arranged through :meth:`msgld.Msgld.arrange`, given the notes of its other stems, and compared with
the stems that the piece has there (1 on the scale) and with those of other pieces (0). The same is asked of training
bars that are looked up, and of the built-in band. New pieces are asked for chords, keys and tempos.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from msgld.api.composing import QUALITIES, composer_of
from msgld.api.result import Result
from msgld.data.retrieval import BARS, BarIndex, training_scores
from msgld.data.score_clips import ScoreClip
from msgld.evaluation import level_curves
from msgld.evaluation.given_sound import GivenSound, given_sound, on_bars_of
from msgld.evaluation.question import Advance, Question
from msgld.evaluation.rendered import FEW, mix_levels, sound_rows, stem_differences
from msgld.evaluation.requests import BARS as NEW_BARS
from msgld.evaluation.requests import Answer, answer, request_rows, requests
from msgld.evaluation.score_figures import Known, in_common, mean, part_of, rounded
from msgld.evaluation.score_rows import (
    MODEL,
    Arranged,
    agreement_rows,
    fullness_rows,
    histogram_rows,
)
from msgld.evaluation.score_scenes import Scene, band_part, foreign_parts, scene
from msgld.evaluation.subsets import Subset
from msgld.metrics.score_bars import bar_keys
from msgld.metrics.scores import Stems, level_curve
from msgld.music.grid import to_cells
from msgld.music.score import SCORE_STEMS, Score

USUAL: tuple[Subset, ...] = (
    ("bass",), ("drums",), ("guitar",), ("piano",), ("other",), ("vocals",), ("guitar", "piano"), ("bass", "drums"),
    ("bass", "piano"),
)  # fmt: skip
"""Stems that are made to the others."""


@dataclass(frozen=True)
class Composition(Question):
    """The question; see :class:`Question`. Clip i is played with the seed ``options.seed + i``.

    Attributes:
        subsets: stems to make to the others.
        curves: clips whose level curves are compared with several seeds.
        midi: folder of the training pieces that are looked up, besides the band's.
        given: what the model is given of the other stems, one of :data:`msgld.evaluation.given_sound.GIVEN`.
    """

    subsets: Sequence[Subset] = ()
    curves: int = level_curves.PIECES
    midi: str | Path | None = None
    given: str = "notes"

    unit: ClassVar[str] = "pieces"
    of_scores: ClassVar[bool] = True

    def about(self) -> dict[str, Any]:
        """Subsets, sampler, and what is looked up."""
        settings = self.sampling(self.options.applied_to(QUALITIES[self.options.quality]))
        subsets = ["+".join(subset) for subset in self._subsets()]
        about = {"subsets": subsets, "curves": self.curves, "given": self.given, "bars looked up": BARS}
        return about | settings

    def work(self, clips: int) -> int:
        """Pieces that are made: an arrangement for each subset, curves, chords and keys."""
        arranged = clips * (len(self._subsets()) + 2)
        if self.given != "notes":
            return arranged
        pieces = min(clips, self.curves)
        return arranged + 2 * clips + pieces * level_curves.seeds_of(pieces) * len(level_curves.GROUPS)

    def answer(self, clips: Iterable[tuple[ScoreClip, Score]], advance: Advance) -> dict[str, Any]:  # type: ignore[override]
        """Rows of notes in common, and tables of all else; ``values`` are the figures of every arrangement."""
        composer_of(self.model.model)
        scenes = [scene(clip, score) for clip, score in clips]
        index = BarIndex.of(training_scores(None if self.midi is None else Path(self.midi)), BARS)
        found, differences = self._arrangements(scenes, index, advance)
        from_notes = scenes if self.given == "notes" else []  # what follows does not depend on what is given
        curves = self._curves(from_notes, advance)
        answers, mixes = self._new_pieces(from_notes, advance)
        tables = {
            "rhythm in common": agreement_rows(found, "rhythm"),
            "fullness, repetition, copies": fullness_rows(found),
            "histograms, distance to real ones": histogram_rows(found),
            "level curves": level_curves.curve_rows(curves),
            "what was asked for": request_rows(answers, scenes),
            "sound": sound_rows(mixes, differences),
        }
        return {
            "rows": agreement_rows(found, "notes"),
            "tables": {title: rows for title, rows in tables.items() if rows},
            "values": [_values(one, scenes[one.clip].clip.name) for one in found],
            "names": [one.clip.name for one in scenes],
        }

    def _subsets(self) -> Sequence[Subset]:
        return self.subsets or USUAL

    def _arrangements(
        self, scenes: Sequence[Scene], index: BarIndex, advance: Advance
    ) -> tuple[list[Arranged], list[float]]:
        """All subsets of all clips, and how much louder than real ones the made stems of a few are, in LU."""
        known = known_bars(index)
        found, differences = list[Arranged](), list[float]()
        for number, one in enumerate(scenes):
            usual = [subset for subset in self._subsets() if set(subset) < set(one.cells)]
            fewer = [subset for subset in few_given(one, number) if subset not in usual]
            advance(len(self._subsets()) - len(usual) + 2 - len(fewer))
            sound = None if self.given == "notes" else given_sound(self.model, one, self.given)
            for place, subset in enumerate((*usual, *fewer)):
                given = _notes_beside(one, subset) if sound is None else sound.beside(subset)
                if not given:  # all of the sound holds something of the subset
                    advance(1)
                    continue
                result = self._arrange(given, subset, number)
                made = _made(result, one, subset, sound)
                others = {"retrieval": index.arrange(one.given(subset), subset, one.steps),
                          "the band": band_part(one, subset, number)}  # fmt: skip
                parts = {MODEL: made, **{player: part for player, part in others.items() if part is not None}}
                figures = {player: part_of(part, one, subset, known) for player, part in parts.items()}
                foreign = [in_common(part, one, subset) for part in foreign_parts(scenes, number, subset)]
                shuffled = (mean(notes for notes, _ in foreign), mean(rhythm for _, rhythm in foreign))
                real = part_of(one.cells, one, subset, known)
                found.append(
                    Arranged(number, one.clip.kind, subset, len(one.cells) - len(subset), place < len(usual), real,
                             shuffled, figures)
                )  # fmt: skip
                if number < FEW and not place and sound is None:
                    differences += stem_differences(result, one, subset)
                advance(1)
        return found, differences

    def _arrange(self, given: Mapping[str, Any], subset: Subset, seed: int) -> Result:
        return self.model.arrange(given, list(subset), options=self._seeded(seed))

    def _seeded(self, seed: int) -> Any:
        return replace(self.options, seed=self.options.seed + seed)

    def _curves(
        self, scenes: Sequence[Scene], advance: Advance
    ) -> dict[str, dict[tuple[int, int], np.ndarray]]:
        """Level curves of stems by clip and seed."""
        curves: dict[str, dict[tuple[int, int], np.ndarray]] = {}
        numbers = level_curves.chosen(scenes, self.curves)
        for number in numbers:
            one = scenes[number]
            for subset in level_curves.groups_of(one):
                for seed in range(level_curves.seeds_of(len(numbers))):
                    made = _made(self._arrange(_notes_beside(one, subset), subset, seed), one, subset)
                    for stem in subset:
                        curves.setdefault(stem, {})[number, seed] = level_curve(made.get(stem), one.steps)
                    advance(1)
        return curves

    def _new_pieces(
        self, scenes: Sequence[Scene], advance: Advance
    ) -> tuple[list[Answer], list[tuple[float, float]]]:
        """What became of chords, keys and tempos, and peak and loudness of the first few pieces."""
        answers, mixes = list[Answer](), list[tuple[float, float]]()
        for request in requests(scenes):
            options = self._seeded(request.clip)
            result = self.model.generate(
                bars=NEW_BARS, conditions=request.conditions, latent="score", options=options
            )
            assert result.score is not None
            answers.append(answer(request, result.score))
            if len(mixes) < FEW:
                mixes.append(mix_levels(result))
            advance(1)
        return answers, mixes


def few_given(one: Scene, number: int) -> list[Subset]:
    """Subsets that leave one stem, and two, to be given; which ones goes round with the clip's number."""
    stems = [stem for stem in SCORE_STEMS if stem in one.cells]
    turned = [stems[(number + place) % len(stems)] for place in range(len(stems))]
    given = [turned[:count] for count in (1, 2) if count < len(stems)]
    return [tuple(stem for stem in stems if stem not in some) for some in given]


def known_bars(index: BarIndex) -> Known:
    """The bars of the pieces that are looked up, by stem."""
    return {
        stem: frozenset(chain.from_iterable(bar_keys(stem, piece.cells.get(stem), len(piece.steps))
                                            for piece in index.pieces))
        for stem in SCORE_STEMS
    }  # fmt: skip


def _notes_beside(one: Scene, subset: Subset) -> dict[str, Score]:
    """The other stems of a clip, each as a score."""
    return {stem: replace(one.score, notes={stem: one.score.notes[stem]}) for stem in one.given(subset)}


def _made(result: Result, one: Scene, subset: Subset, sound: GivenSound | None = None) -> Stems:
    """The made notes of a subset in the grid of its clip."""
    score = result.score
    assert score is not None
    if sound is not None:
        return on_bars_of(one, score, subset)
    return {stem: to_cells(score.notes[stem], score.bars) for stem in subset if stem in score.notes}


def _values(one: Arranged, name: str) -> dict[str, Any]:
    """An arrangement for the report."""
    parts = {**one.players, "real": one.real}
    agreements = {
        aspect: {**{player: rounded(getattr(part, aspect)) for player, part in parts.items()},
                 "shuffled": rounded(one.shuffled[side])}
        for side, aspect in enumerate(("notes", "rhythm"))
    }  # fmt: skip
    stems = {
        player: {stem: figures.report() for stem, figures in part.stems.items()}
        for player, part in parts.items()
    }
    return {"clip": name, "kind": one.kind, "subset": "+".join(one.subset), "usual": one.usual, **agreements,
            "stems": stems}  # fmt: skip
