"""What a model makes of songs whose stems are known, in figures: before it is tuned, and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.api.msgld import Msgld
from msgld.api.options import Options
from msgld.data.source import Clip
from msgld.evaluation.measures import improvements
from msgld.evaluation.separation import pool_estimates, separate_clip
from msgld.stems import stem_among

QUALITY = "draft"
"""Quality of the separations that are measured: what one pass of the networks makes."""


def separated(model: Msgld, clip: Clip, stems: Sequence[str]) -> np.ndarray:
    """A clip's mixture separated into ``stems``, (S, channels, L).

    For a stem that the model has not, its estimate is that of the stem which holds it, so ``other``.
    """
    made = separate_clip(model, clip.mixture, clip.rate, Options(quality=QUALITY))
    own = model.stems
    return np.stack([made[own.index(stem_among(stem, own))] for stem in stems])


def figures(model: Msgld, clips: Sequence[Clip], stems: tuple[str, ...]) -> np.ndarray:
    """SI-SDR improvements in dB of every clip's stems, (clips, S); NaN where a stem does not sound."""
    return np.array(
        [improvements(pool_estimates(separated(model, clip, stems), clip, stems), clip) for clip in clips]
    )


def mean(table: np.ndarray) -> float:
    """The mean over the stems of their means, in dB; NaN without any figure."""
    stems = [float(np.nanmean(column)) for column in table.T if np.isfinite(column).any()]
    return float(np.mean(stems)) if stems else float("nan")
