"""Does arranging listen? The denoiser's error on wanted stems with the song's own given stems, another's, none."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.noise import mix, noise_like
from msgld.model import Model
from msgld.tasks.maps import arrange

LEVELS = (0.7, 1.0)
"""Levels of the wanted stems at which the error is taken."""


@torch.inference_mode()
def listening_errors(model: Model, own: Tensor, foreign: Tensor, active: np.ndarray, seed: int) -> np.ndarray:
    """Errors of one clip: (levels, 3), given its own stems, another clip's, none; NaN where nothing can be asked.

    Args:
        own, foreign: latents of the stems of two clips, (K - 1, C, T).
        active: bool (K - 1,), stems that sound in the clip; half of them are given and the others wanted.
    """
    stems = np.flatnonzero(active)
    if len(stems) < 2:
        return np.full((len(LEVELS), 3), np.nan)
    given = np.random.default_rng(seed).permutation(stems)[: len(stems) // 2]
    wanted = [int(k) for k in stems if k not in given]
    return np.array(
        [
            [_error(model, own, source, given, wanted, level, seed) for source in (own, foreign, None)]
            for level in LEVELS
        ]
    )


def _error(
    model: Model,
    own: Tensor,
    source: Tensor | None,
    given: np.ndarray,
    wanted: list[int],
    level: float,
    seed: int,
) -> float:
    """Mean squared error, weighted as in training, of E[z] of the wanted stems.

    Whatever is not given is at ``level``; where nothing is given, the stems that would be are at level 1.
    """
    tracks, frames = len(own) + 1, own.shape[-1]
    z = torch.cat([own, torch.zeros_like(own[:1])]).unsqueeze(0)
    if source is not None:
        z[0, given] = source[given]
    known = 1.0 if source is None else 0.0
    task = arrange(tracks, frames, {int(k): known for k in given})
    levels = torch.where(task.wanted, level, task.levels)
    x = mix(z, noise_like(z, [seed]), levels, model.schedule)
    error = model(x, levels, task.presence).z[0, wanted] - own[wanted]
    return float((error.square() * model.codec.weights[:, None]).mean())


def listening_rows(errors: np.ndarray) -> list[dict[str, Any]]:
    """Ratios of mean errors (clips, levels, 3) with their 95 % bootstrap intervals: own / other's, own / none."""
    rows = []
    for index, level in enumerate(LEVELS):
        for column, name in ((1, "another song's"), (2, "none")):
            rows.append(
                {
                    "name": f"level {level}: own / {name}",
                    **_ratio(errors[:, index, 0], errors[:, index, column]),
                }
            )
    return rows


def _ratio(own: np.ndarray, other: np.ndarray, resamples: int = 2000) -> dict[str, float]:
    kept = np.isfinite(own) & np.isfinite(other)
    own, other = own[kept], other[kept]
    picks = np.random.default_rng(0).integers(0, len(own), (resamples, len(own)))
    ratios = own[picks].mean(1) / other[picks].mean(1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return {
        "mean": round(float(own.mean() / other.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "median": round(float(np.median(own / other)), 4),
        "count": len(own),
    }
