"""Does arranging listen? The denoiser's error on wanted stems with the song's own given stems, another's, none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.noise import Schedule, mix, noise_like
from msgld.model import Model
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.overwrite import Overwriting
from msgld.tasks.noise_maps import arrange, drop

LEVELS = (0.7, 1.0)
"""Levels of the wanted stems at which the error is taken."""


def levels_of(schedule: Schedule) -> tuple[float, ...]:
    """The levels for a model: where even the highest one is not noise alone, where sampling begins instead of 1."""
    return (*LEVELS[:-1], schedule.fractions(200)[0])


@torch.inference_mode()
def listening_errors(model: Model, own: Tensor, foreign: Tensor, active: np.ndarray, seed: int) -> np.ndarray:
    """Errors of one clip: (levels, 3), given its own stems, another clip's, none; NaN where nothing can be asked.

    A model of one level for all stems is asked by the published rule (:class:`Overwriting`). Stems that are
    unknown while others are half known cannot be said to it, so there "none" is asked at the highest level only.

    Args:
        own, foreign: latents of the stems of two clips, (K - 1, C, T).
        active: bool (K - 1,), stems that sound in the clip; half of them are given and the others wanted. What is
            silent nobody asks for.
    """
    stems, levels = np.flatnonzero(active), levels_of(model.schedule)
    if len(stems) < 2:
        return np.full((len(levels), 3), np.nan)
    given = np.random.default_rng(seed).permutation(stems)[: len(stems) // 2]
    wanted = [int(k) for k in stems if k not in given]
    return np.array(
        [
            [_error(model, own, source, given, wanted, level, seed) for source in (own, foreign, None)]
            for level in levels
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
    """Mean squared error, nepers^2, of the log-mels that E[z] of the wanted stems decodes to.

    Log-mels, as in the paper (Karchkhadze et al. 2024), rather than latents: there an error counts as it is heard,
    whatever the codec. What is not given is at ``level``; where nothing is given, the stems that would be are at
    the highest.
    """
    highest = levels_of(model.schedule)[-1]
    if source is None and level < highest and isinstance(model.denoiser, PublishedDenoiser):
        return float("nan")
    tracks, frames = len(own) + 1, own.shape[-1]
    z = torch.cat([own, torch.zeros_like(own[:1])]).unsqueeze(0)
    if source is not None:
        z[0, given] = source[given]
    known = highest if source is None else 0.0
    asked = {*wanted, *(int(k) for k in given)}
    silent = [k for k in range(tracks - 1) if k not in asked]
    task = drop(arrange(tracks, frames, {int(k): known for k in given}), silent)
    levels = torch.where(task.wanted, level, task.levels).to(z.device)
    x = mix(z, noise_like(z, [seed]), levels, model.schedule)
    said = _asked(model, z, seed)(x, levels, task.presence.to(z.device)).z[0, wanted]
    return float((model.codec.decode(said) - model.codec.decode(own[wanted])).square().mean())


def _asked(model: Model, z: Tensor, seed: int) -> Denoiser:
    """The model, or the published rule around it, with the same noise whatever is given."""
    if not isinstance(model.denoiser, PublishedDenoiser):
        return model
    return Overwriting(model, lambda number: noise_like(z, [seed], draw=1 + number))


def listening_rows(errors: np.ndarray, levels: Sequence[float] = LEVELS) -> list[dict[str, Any]]:
    """Ratios of mean errors (clips, levels, 3) with their 95 % bootstrap intervals: own / other's, own / none.

    Ratios that no clip has are left out.
    """
    rows = []
    for index, level in enumerate(levels):
        for column, name in ((1, "another song's"), (2, "none")):
            own, other = errors[:, index, 0], errors[:, index, column]
            kept = np.isfinite(own) & np.isfinite(other)
            if kept.any():
                rows.append({"name": f"level {level}: own / {name}", **_ratio(own[kept], other[kept])})
    return rows


def _ratio(own: np.ndarray, other: np.ndarray, resamples: int = 2000) -> dict[str, float]:
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
