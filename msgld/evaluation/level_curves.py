"""What decides when a made stem plays: the given stems, or the seed?

Level curves (loudness of onsets, half bar by half bar) of one piece with several seeds are compared with each other,
and those of several pieces with one seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from msgld.evaluation.report import row
from msgld.evaluation.score_figures import rounded
from msgld.evaluation.score_scenes import Scene
from msgld.evaluation.subsets import Subset
from msgld.metrics.scores import curves_alike
from msgld.music.score import SCORE_STEMS

PIECES = 30
"""Clips whose curves are compared, by default."""

MOST, FEW = 4, 2
"""Seeds of each, and with fewer than ``MANY`` clips."""

MANY = 12

GROUPS: tuple[Subset, ...] = (("guitar", "piano"), ("bass", "drums"), ("vocals", "other"))
"""Stems that are made together to the others."""

Curves = Mapping[tuple[int, int], np.ndarray]
"""Clip and seed -> level curve of a stem."""


def seeds_of(pieces: int) -> int:
    """How many seeds are compared over so many clips."""
    return MOST if pieces >= MANY else FEW


def chosen(scenes: Sequence[Scene], pieces: int) -> list[int]:
    """Numbers of the clips whose curves are compared: songs first."""
    order = sorted(range(len(scenes)), key=lambda number: scenes[number].clip.kind != "song")
    return order[:pieces]


def groups_of(scene: Scene) -> list[Subset]:
    """The stems of a clip, in groups that are made to the others."""
    parts = (tuple(stem for stem in group if stem in scene.cells) for group in GROUPS)
    return [part for part in parts if part and len(part) < len(scene.cells)]


def curve_rows(curves: Mapping[str, Curves]) -> list[dict[str, Any]]:
    """Correlation of curves of one piece and two seeds, less that of two pieces and one seed, by stem.

    The interval is over pieces. Constant curves count 0.

    Args:
        curves: by stem.
    """
    rows = []
    for stem in SCORE_STEMS:
        own = curves.get(stem, {})
        clips, seeds = ({key[side] for key in own} for side in (0, 1))
        if len(clips) > 1 and len(seeds) > 1:
            same_piece = {clip: np.mean([curves_alike(own[clip, a], own[clip, b])
                                         for a, b in combinations(sorted(seeds), 2)]) for clip in clips}  # fmt: skip
            same_seed = {clip: np.mean([curves_alike(own[clip, seed], own[other, seed])
                                        for other in clips - {clip} for seed in seeds]) for clip in clips}  # fmt: skip
            rows.append({
                **row(stem, [float(same_piece[clip] - same_seed[clip]) for clip in sorted(clips)]),
                "same piece, another seed": rounded(np.mean(list(same_piece.values())), 2),
                "same seed, another piece": rounded(np.mean(list(same_seed.values())), 2),
            })  # fmt: skip
    return rows
