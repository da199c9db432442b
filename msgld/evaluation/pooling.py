"""A set's ``other`` that holds more than the model's: the model's stems that the set lacks are added to its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from msgld.data.source import Clip

OTHER = "other"


def pool_estimates(estimates: np.ndarray, clip: Clip, stems: tuple[str, ...]) -> np.ndarray:
    """Estimated stems (K, channels, L) as the clip's set has them.

    Where the set has no guitar by name, its ``other`` may have one: it is compared with the sum of the model's guitar
    and ``other``. Stems that the set lacks stay as they are; no figure is taken of them.
    """
    if not clip.pooled or OTHER not in stems:
        return estimates
    pooled = estimates.copy()
    pooled[stems.index(OTHER)] += estimates[[stems.index(stem) for stem in clip.pooled]].sum(0)
    return pooled


def pooling_notes(pooled: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """What a report says about it, from each clip's ``pooled``."""
    sets = sorted({stems for stems in pooled if stems})
    return {"notes": [_note(stems) for stems in sets]} if sets else {}


def _note(stems: tuple[str, ...]) -> str:
    return (
        f"other: the set has no {' and no '.join(stems)} by name, so its other is compared with the sum of the model's "
        f"{' + '.join((*stems, OTHER))}"
    )
