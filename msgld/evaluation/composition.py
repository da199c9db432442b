"""Does music made in notes go with what is given, is it as full as real parts, does it return?

Each frozen clip is arranged through :meth:`msgld.Msgld.arrange`, given the notes of its other stems, and compared with
the stems that the piece has there (1 on the scale) and with those of another piece (0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from msgld.api.composing import QUALITIES, composer_of
from msgld.data.score_clips import ScoreClip
from msgld.evaluation.question import Advance, Question
from msgld.evaluation.report import row
from msgld.evaluation.subsets import Subset
from msgld.metrics.coherence import on_scale
from msgld.metrics.scores import (
    Stems,
    doublings,
    in_chords,
    notes_in_common,
    repetition,
    rhythm_in_common,
    silence,
)
from msgld.music.chords import estimate_chords
from msgld.music.grid import to_cells
from msgld.music.score import Score

USUAL: tuple[Subset, ...] = (
    ("bass",), ("drums",), ("guitar",), ("piano",), ("other",), ("vocals",), ("guitar", "piano"), ("bass", "drums"),
    ("bass", "piano"),
)  # fmt: skip
"""Stems that are made to the others."""

FEWEST = 8
"""Notes without which a stem of a clip does not count."""


@dataclass(frozen=True)
class Composition(Question):
    """The question; see :class:`Question`. Clip i is played with the seed ``options.seed + i``.

    Attributes:
        subsets: stems to make to the others.
    """

    subsets: Sequence[Subset] = ()

    unit: ClassVar[str] = "arrangements"
    of_scores: ClassVar[bool] = True

    def about(self) -> dict[str, Any]:
        """Subsets and sampler."""
        settings = self.sampling(self.options.applied_to(QUALITIES[self.options.quality]))
        return {"subsets": ["+".join(subset) for subset in self._subsets()], **settings}

    def work(self, clips: int) -> int:
        """An arrangement of each clip for each subset."""
        return clips * len(self._subsets())

    def answer(self, clips: Iterable[tuple[ScoreClip, Score]], advance: Advance) -> dict[str, Any]:  # type: ignore[override]
        """A row for each subset and each kind of clip; ``values`` are the figures of every arrangement."""
        composer_of(self.model.model)
        scenes = [(clip, _excerpt(clip, score)) for clip, score in clips]
        found: list[dict[str, Any]] = []
        for number, (clip, score) in enumerate(scenes):
            foreign = scenes[(number + len(scenes) // 2) % len(scenes)][1]
            for subset in self._subsets():
                options = replace(self.options, seed=self.options.seed + number)
                if set(subset) < set(score.notes):
                    made = self.model.arrange(_without(score, subset), list(subset), options=options).score
                    assert made is not None
                    found.append({"kind": clip.kind, "clip": clip.name, "subset": "+".join(subset),
                                  **figures(made, score, foreign, subset)})  # fmt: skip
                advance(1)
        return {"rows": table(found), "values": found, "names": [clip.name for clip, _ in scenes]}

    def _subsets(self) -> Sequence[Subset]:
        return self.subsets or USUAL


def _excerpt(clip: ScoreClip, score: Score) -> Score:
    """A clip as a piece of its own, with the stems that play in it."""
    cut = score.between(clip.first, clip.first + clip.bars)
    return replace(cut, notes={stem: notes for stem, notes in cut.notes.items() if len(notes) >= FEWEST})


def _without(score: Score, subset: Subset) -> dict[str, Score]:
    return {
        stem: replace(score, notes={stem: notes}) for stem, notes in score.notes.items() if stem not in subset
    }


def figures(made: Score, real: Score, foreign: Score, subset: Subset) -> dict[str, Any]:
    """Figures of one arrangement: of made stems, of another piece's, and of the real ones, in this order.

    Returns:
        ``notes`` and ``rhythm`` in common with the given stems (three each, NaN where drums alone play), and of made
        and real stems ``count`` of notes, ``silent`` fraction, ``repetition``, ``doubled`` bars, time in ``chords``.
    """
    bars, steps = len(real.bars), real.bars.steps
    given = _cells(real, [stem for stem in real.notes if stem not in subset])
    parts = [_cells(score, subset) for score in (made, foreign, real)]
    pitched = any(stem != "drums" for stem in given) and any(stem != "drums" for stem in subset)
    chords = estimate_chords({stem: real.notes[stem] for stem in given}, real.bars.start)
    pair = (parts[0], parts[2])
    return {
        "notes": [notes_in_common(part, given, bars) if pitched else float("nan") for part in parts],
        "rhythm": [rhythm_in_common(part, given, bars) for part in parts],
        "count": [sum(len(cells) for cells in part.values()) for part in pair],
        "silent": [float(np.mean([silence(part.get(stem), steps) for stem in subset])) for part in pair],
        "repetition": [_mean([repetition(part.get(stem), bars) for stem in subset]) for part in pair],
        "doubled": [_mean([doublings(part.get(stem), given, bars) for stem in subset]) for part in pair],
        "chords": [in_chords(part, chords) for part in pair],
    }


def _cells(score: Score, stems: Iterable[str]) -> Stems:
    return {stem: to_cells(score.notes[stem], score.bars) for stem in stems if stem in score.notes}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def table(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of each subset, of each kind of clip, and of all."""
    groups = [(subset, [one for one in found if one["subset"] == subset])
              for subset in dict.fromkeys(one["subset"] for one in found)]  # fmt: skip
    groups += [
        (kind, [one for one in found if one["kind"] == kind]) for kind in ("song", "accompaniment", "band")
    ]
    rows = [_row(name, some) for name, some in groups if some]
    return [*rows, _row("all", found)] if found else []


def _row(name: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Notes in common of the made stems, each clip capped at its real value, and the other figures of a group."""
    capped = {key: np.array([_capped(one[key]) for one in found]) for key in ("notes", "rhythm")}
    counts = np.array([one["count"] for one in found], float).sum(0)
    figures = {"notes": on_scale(*capped["notes"].T), "rhythm": on_scale(*capped["rhythm"].T),
               "made / real": round(float(counts[0] / counts[1]), 2) if counts[1] else None}  # fmt: skip
    for key in ("silent", "repetition", "doubled", "chords"):
        made, real = (_mean([one[key][side] for one in found]) for side in (0, 1))
        figures |= {key: _rounded(made), f"{key}, real": _rounded(real)}
    return {**row(name, [one["notes"][0] for one in found], 3), **figures}


def _capped(values: Sequence[float]) -> list[float]:
    made, foreign, real = values
    return [min(made, real) if np.isfinite(made) else made, foreign, real]


def _rounded(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
