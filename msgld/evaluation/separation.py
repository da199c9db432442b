"""How well stems are separated: SI-SDR improvement over the mixture, silent stems left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from msgld.data.source import Clip
from msgld.evaluation.table import row
from msgld.metrics import is_silent, si_sdri
from msgld.model import Model
from msgld.tasks.maps import Settings
from msgld.tasks.separate import Layout
from msgld.tasks.stream import separated


def separate_clip(
    model: Model, mixture: np.ndarray, rate: int, settings: Settings, layouts: Sequence[Layout]
) -> np.ndarray:
    """Stems (K, channels, L) of a mixture (channels, L) in memory."""
    stretches = separated(model, (mixture, rate), {}, settings, layouts)
    return np.concatenate(list(stretches), -1)[:-1]


def improvements(estimates: np.ndarray, clip: Clip) -> np.ndarray:
    """SI-SDRi of every stem in dB, (K,); NaN for silent and for absent stems."""
    mixture = clip.stems.sum(0)
    values = np.full(len(clip.stems), np.nan)
    for k, (estimate, target) in enumerate(zip(estimates, clip.stems, strict=True)):
        if clip.present[k] and not is_silent(target):
            values[k] = si_sdri(estimate, target, mixture)
    return values


def separation_rows(values: np.ndarray, stems: tuple[str, ...]) -> list[dict[str, Any]]:
    """Summaries of SI-SDRi (clips, K) in dB: over all, over all but ``other``, stem by stem; none of nothing."""
    four = [k for k, stem in enumerate(stems) if stem != "other"]
    rows = [row("all stems", values.ravel()), row("without other", values[:, four].ravel())]
    rows += [row(stem, values[:, k]) for k, stem in enumerate(stems)]
    return [one for one in rows if one["count"]]
