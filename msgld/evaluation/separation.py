"""Separation of a clip, and the summary of what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.audio.sound import Sound
from msgld.evaluation.table import row


def separate_clip(
    model: Msgld, mixture: np.ndarray, rate: int, options: Options = NORMAL, silent: Sequence[str] = ()
) -> np.ndarray:
    """Stems (S, channels, L) of a mixture (channels, L), through :meth:`msgld.api.msgld.Msgld.separate`.

    Args:
        silent: stems that the mixture is known not to have.
    """
    known: dict[str, Sound] = {stem: (np.zeros_like(mixture), rate) for stem in silent}
    stems = model.separate((mixture, rate), known=known, options=options).stems
    return np.stack([stems[stem] for stem in model.stems])


def separation_rows(values: np.ndarray, stems: tuple[str, ...]) -> list[dict[str, Any]]:
    """Summaries of a measure's figures (clips, K): over all, over all but ``other``, stem by stem; none of nothing."""
    four = [k for k, stem in enumerate(stems) if stem != "other"]
    rows = [row("all stems", values.ravel()), row("without other", values[:, four].ravel())]
    rows += [row(stem, values[:, k]) for k, stem in enumerate(stems)]
    return [one for one in rows if one["count"]]
