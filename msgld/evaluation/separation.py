"""Separation of a clip, and the summary of what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from msgld.evaluation.table import row
from msgld.model import Model
from msgld.sound.songs import Sound
from msgld.tasks.maps import Settings
from msgld.tasks.separate import Layout
from msgld.tasks.stream import separated


def separate_clip(
    model: Model,
    mixture: np.ndarray,
    rate: int,
    settings: Settings,
    layouts: Sequence[Layout],
    silent: Sequence[str] = (),
) -> np.ndarray:
    """Stems (K, channels, L) of a mixture (channels, L) in memory, of which the model is told that some are silent."""
    known: dict[str, Sound] = {stem: (np.zeros_like(mixture), rate) for stem in silent}
    stretches = separated(model, (mixture, rate), known, settings, layouts)
    return np.concatenate(list(stretches), -1)[:-1]


def separation_rows(values: np.ndarray, stems: tuple[str, ...]) -> list[dict[str, Any]]:
    """Summaries of a measure's figures (clips, K): over all, over all but ``other``, stem by stem; none of nothing."""
    four = [k for k, stem in enumerate(stems) if stem != "other"]
    rows = [row("all stems", values.ravel()), row("without other", values[:, four].ravel())]
    rows += [row(stem, values[:, k]) for k, stem in enumerate(stems)]
    return [one for one in rows if one["count"]]
