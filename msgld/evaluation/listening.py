"""Does arranging depend on the given stems? The denoiser's error with the song's own given stems, another's, none.

A question for research. It is the one question that calls the denoiser itself: no call that a user can make returns
its mean E[z] at one noise level, and the error of a sample is dominated by its own variance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip
from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.noise import Schedule, mix, noise_like
from msgld.dsp.mel import log_mel
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.question import Advance, Question
from msgld.evaluation.report import plain
from msgld.metrics import is_silent
from msgld.model import Model
from msgld.paper.denoiser import Overwriting, PublishedDenoiser
from msgld.tasks.noise_maps import arrange, drop

LEVELS = (0.7, 1.0)
"""Noise levels of the wanted stems at which the error is taken."""


@dataclass(frozen=True)
class Listening(Question):
    """The question; see :class:`Question`. Of the options only the seed counts."""

    def answer(self, clips: Iterable[Clip], advance: Advance) -> dict[str, Any]:
        """Rows of ratios, see :func:`listening_rows`; ``values`` are the errors (clips, levels, 3)."""
        model, latents, sounding = self.model.model, [], []
        for clip in clips:
            mels = log_mel(whole_frames(clip, model).to(model.device), model.codec.mel)
            latents.append(model.codec.encode(mels))
            sounding.append(np.array([not is_silent(stem) for stem in clip.stems]))
        errors = []
        for i, own in enumerate(latents):
            foreign = latents[(i + len(latents) // 2) % len(latents)]
            errors.append(listening_errors(model, own, foreign, sounding[i], self.options.seed + i))
            advance(1)
        table = np.stack(errors)
        return {"rows": listening_rows(table, levels_of(model.schedule)), "values": plain(table)}


def levels_of(schedule: Schedule) -> tuple[float, ...]:
    """The noise levels for a model: where even the highest is not noise alone, the one where sampling begins for 1."""
    return (*LEVELS[:-1], schedule.fractions(200)[0])


@torch.inference_mode()
def listening_errors(
    model: Model, own: Tensor, foreign: Tensor, sounding: np.ndarray, seed: int
) -> np.ndarray:
    """Errors of one clip with its own given stems, another clip's, none: (levels, 3), NaN where there is no error.

    A model of one noise level for all stems is run by the published rule (:class:`Overwriting`). It has no input for
    stems that are unknown while others are half known, so there "none" has an error at the highest level only.

    Args:
        model: the model.
        own: latents of the clip's stems, (S, C, T).
        foreign: latents of another clip's stems, (S, C, T).
        sounding: bool (S,), stems that sound in the clip; half of them are given and the others wanted. Silent stems
            are left out.
        seed: of the noise, and of which stems are given.
    """
    stems, levels = np.flatnonzero(sounding), levels_of(model.schedule)
    if len(stems) < 2:
        return np.full((len(levels), 3), np.nan)
    given = np.random.default_rng(seed).permutation(stems)[: len(stems) // 2].tolist()
    wanted = [int(k) for k in stems if k not in given]
    sources = (own, foreign, None)
    return np.array(
        [[_error(model, own, one, given, wanted, level, seed) for one in sources] for level in levels]
    )


def _error(
    model: Model,
    own: Tensor,
    source: Tensor | None,
    given: list[int],
    wanted: list[int],
    level: float,
    seed: int,
) -> float:
    """Mean squared error, nepers^2, of the log-mels that E[z] of the wanted stems decodes to.

    Log-mels, as in the paper (Karchkhadze et al. 2024), rather than latents: errors then do not depend on the codec.
    Wanted stems are at ``level``; where there is no source, the given stems are at the highest.
    """
    highest = levels_of(model.schedule)[-1]
    if source is None and level < highest and isinstance(model.denoiser, PublishedDenoiser):
        return float("nan")
    tracks, frames = len(own) + 1, own.shape[-1]
    z = torch.cat([own, torch.zeros_like(own[:1])]).unsqueeze(0)
    if source is not None:
        z[0, given] = source[given]
    known = highest if source is None else 0.0
    silent = [k for k in range(tracks - 1) if k not in {*wanted, *given}]
    task = drop(arrange(tracks, frames, dict.fromkeys(given, known)), silent)
    levels = torch.where(task.wanted, level, task.levels).to(z.device)
    x = mix(z, noise_like(z, [seed]), levels, model.schedule)
    mean = _denoiser(model, z, seed)(x, levels, task.presence.to(z.device)).z[0, wanted]
    return float((model.codec.decode(mean) - model.codec.decode(own[wanted])).square().mean())


def _denoiser(model: Model, z: Tensor, seed: int) -> Denoiser:
    """The model, or the published rule around it, with the same noise for any given stems."""
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
    low, high = np.quantile(own[picks].mean(1) / other[picks].mean(1), [0.025, 0.975])
    figures = {"mean": own.mean() / other.mean(), "low": low, "high": high, "median": np.median(own / other)}
    return {**{name: round(float(value), 4) for name, value in figures.items()}, "count": len(own)}
