"""How loud music made in notes sounds: peak and loudness of new mixes, made stems beside given ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from msgld.api.result import Result
from msgld.evaluation.report import row
from msgld.evaluation.score_scenes import Scene
from msgld.evaluation.subsets import Subset
from msgld.music.render import render
from msgld.music.render.loudness import SILENT, lufs

FEW = 2
"""Results that are rendered; all others are measured as notes."""


def mix_levels(result: Result) -> tuple[float, float]:
    """Peak in dBFS and loudness in LUFS of a mix."""
    peak = float(np.abs(result.mix).max(initial=0.0))
    return 20 * float(np.log10(max(peak, 1e-6))), lufs(result.mix)


def stem_differences(result: Result, scene: Scene, subset: Subset) -> list[float]:
    """Loudness of made stems beside the given ones, less that of the clip's own stems beside them, in LU."""
    real = render(scene.score)
    return [_beside(result.stems, stem, subset) - _beside(real, stem, subset) for stem in subset
            if min(lufs(side[stem]) for side in (result.stems, real)) > SILENT]  # fmt: skip


def _beside(stems: dict[str, np.ndarray], stem: str, subset: Subset) -> float:
    return lufs(stems[stem]) - lufs(
        np.sum([sound for name, sound in stems.items() if name not in subset], axis=0)
    )


def sound_rows(mixes: Sequence[tuple[float, float]], differences: Sequence[float]) -> list[dict[str, Any]]:
    """Means, and the least and the most of the few that were rendered."""
    sets = {
        "peak of new pieces, dBFS": [peak for peak, _ in mixes],
        "loudness of new pieces, LUFS": [loudness for _, loudness in mixes],
        "made stems less real ones, LU": list(differences),
    }
    return [{**row(name, values, 1), "least": round(min(values), 1), "most": round(max(values), 1)}
            for name, values in sets.items() if values]  # fmt: skip
