"""Figures of one arrangement in notes: of what a player made in the place of a clip's stems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from msgld.evaluation.score_scenes import Scene
from msgld.metrics.score_bars import copied, doubled, repetition
from msgld.metrics.score_histograms import histograms
from msgld.metrics.scores import Stems, notes_in_common, rhythm_in_common, silence
from msgld.music.grid import Cells
from msgld.stems import UNPITCHED

Known = Mapping[str, frozenset[bytes]]
"""Stem -> keys of the bars of training pieces."""


@dataclass(frozen=True)
class StemFigures:
    """Of what is played in a stem.

    Attributes:
        notes: how many.
        silent: fraction of the time.
        repetition: see :func:`msgld.metrics.score_bars.repetition`.
        bars: that have notes.
        copied: of those, how many a training piece has.
        doubled: of those, how many a given stem has; None for drums.
        histograms: see :mod:`msgld.metrics.score_histograms`.
    """

    notes: int
    silent: float
    repetition: float
    bars: int
    copied: int
    doubled: int | None
    histograms: Mapping[str, np.ndarray]

    def report(self) -> dict[str, Any]:
        """Its numbers for the report."""
        found = {name: value for name, value in asdict(self).items() if name != "histograms"}
        return {name: rounded(value) if isinstance(value, float) else value for name, value in found.items()}


@dataclass(frozen=True)
class Part:
    """What a player plays to the given stems.

    Attributes:
        notes: in common with them, NaN where one side has drums alone.
        rhythm: in common with them.
        stems: figures of each stem of the subset.
    """

    notes: float
    rhythm: float
    stems: Mapping[str, StemFigures]


def part_of(played: Stems, scene: Scene, subset: Sequence[str], known: Known) -> Part:
    """The figures of what is played in a subset of a clip's stems."""
    given = scene.given(subset)
    return Part(*in_common(played, scene, subset), {stem: _stem(stem, played.get(stem), given, scene.steps, known)
                                                    for stem in subset})  # fmt: skip


def in_common(played: Stems, scene: Scene, subset: Sequence[str]) -> tuple[float, float]:
    """Notes and rhythm in common with the given stems of what is played in a subset.

    Args:
        played: stems; others than those of the subset do not count.
        scene: the clip.
        subset: its stems that are played.

    Returns:
        The first is NaN where one side has drums alone.
    """
    given, played = scene.given(subset), {stem: played[stem] for stem in subset if stem in played}
    pitched = all(set(side) - set(UNPITCHED) for side in (given, subset))
    notes = notes_in_common(played, given, scene.steps) if pitched else float("nan")
    return notes, rhythm_in_common(played, given, scene.steps)


def _stem(stem: str, cells: Cells | None, given: Stems, steps: np.ndarray, known: Known) -> StemFigures:
    cells = Cells.none() if cells is None else cells
    bars = len(steps)
    same = copied(stem, cells, bars, known.get(stem, frozenset()))
    return StemFigures(
        len(cells), silence(cells, steps), repetition(cells, bars), len(same), sum(same),
        None if stem in UNPITCHED else sum(doubled(stem, cells, given, bars)), histograms(stem, cells),
    )  # fmt: skip


def rounded(value: float, digits: int = 3) -> float | None:
    """A number as reports have it: None for NaN."""
    return round(float(value), digits) if np.isfinite(value) else None


def mean(values: Iterable[float]) -> float:
    """The mean of the finite values; NaN where there are none."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
