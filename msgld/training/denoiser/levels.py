"""Draws maps of noise levels for training: all the tasks of the model, in one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class LevelConfig:
    """How often each task is drawn, as weights.

    Attributes:
        separate: mixture known, all stems unknown.
        informed: mixture and some stems known.
        arrange: mixture absent, some stems known.
        generate: mixture absent, all stems unknown.
        free: every track at a level of its own.
        top: probability of level exactly 1 for unknown tracks; ``top_separate`` where the mixture is known.
        density: how much more often other levels are drawn the higher they are; 1 draws them evenly. The content of a
            piece is decided near level 1 (:class:`msgld.diffusion.noise.CosineSchedule`).
        stretch: probability that only a stretch of time is unknown (continuing, replaying).
        soft: probability that known tracks are known at a level above 0 only.
        absent: probability, where the mixture is absent, that some unknown stems are absent too, as unwanted ones are.
        silent: probability, where the mixture is absent, that so are all unknown stems that are silent from end to
            end: a wanted stem should sound, and whether one pauses for good cannot be foreseen.
    """

    separate: float = 0.4
    informed: float = 0.06
    arrange: float = 0.6
    generate: float = 0.2
    free: float = 0.05
    top: float = 0.4
    top_separate: float = 0.65
    density: float = 2.0
    stretch: float = 0.12
    soft: float = 0.1
    absent: float = 0.25
    silent: float = 0.9


@dataclass(frozen=True)
class LevelMap:
    """levels (B, K, T), presence bool (B, K), and which frames are to be learned, bool (B, K, T)."""

    levels: Tensor
    presence: Tensor
    counted: Tensor


TASKS = ("separate", "informed", "arrange", "generate", "free")


def draw_levels(
    present: Tensor,
    sounding: Tensor,
    remixed: Tensor,
    frames: int,
    config: LevelConfig,
    rng: np.random.Generator,
) -> LevelMap:
    """Draw a map for every item.

    Args:
        present: bool (B, K), tracks that the data have.
        sounding: bool (B, K), tracks that are not silent throughout.
        remixed: bool (B,), items whose stems do not belong together: they teach separation only.
        frames: T.
    """
    odds = np.array([getattr(config, task) for task in TASKS])
    tasks = rng.choice(TASKS, len(present), p=odds / odds.sum())
    tasks[remixed.numpy(force=True)] = "separate"
    levels = np.zeros((*present.shape, frames), dtype=np.float32)
    seen = present.numpy(force=True).copy()
    sounds = (present & sounding).numpy(force=True)
    for item, task in enumerate(tasks):
        audible = task == "arrange" and sounds[item, :-1].sum() > 1
        levels[item] = _item(task, sounds[item] if audible else seen[item], frames, config, rng)
        if task in ("arrange", "generate"):
            seen[item, -1] = False
            seen[item] &= ~_silent(levels[item], seen[item], sounds[item], config, rng)
            seen[item] &= ~_unasked(levels[item], seen[item], config, rng)
    counted = (levels > 0) & seen[..., None]
    parts = (torch.from_numpy(a).to(present.device) for a in (levels, seen, counted))
    return LevelMap(*parts)


def _item(
    task: str, present: np.ndarray, frames: int, config: LevelConfig, rng: np.random.Generator
) -> np.ndarray:
    """Levels (K, T) of one item."""
    tracks = len(present)
    if task == "free":
        return np.repeat(_unknown(config.top, config.density, rng, tracks), frames, axis=1)
    top = config.top_separate if task in ("separate", "informed") else config.top
    level = np.repeat(np.tile(_unknown(top, config.density, rng), (tracks, 1)), frames, axis=1)
    known = _known(task, present, rng)
    level[known] = rng.uniform(0, 0.8 * level[0, 0]) if rng.random() < config.soft else 0.0
    if task != "separate" and rng.random() < config.stretch:
        first, last = np.sort(rng.integers(0, frames + 1, 2))
        level[:, :first] = 0.0
        if rng.random() >= 0.5:
            level[:, last:] = 0.0
    return level


def _unknown(top: float, density: float, rng: np.random.Generator, tracks: int = 1) -> np.ndarray:
    """Levels (tracks, 1) of unknown tracks: exactly 1 with probability ``top``, else 0.02 to 1."""
    levels = 1 - 0.98 * rng.random((tracks, 1)) ** density
    return np.where(rng.random((tracks, 1)) < top, 1.0, levels).astype(np.float32)


def _known(task: str, present: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which tracks are given, bool (K,)."""
    known = np.zeros(len(present), dtype=bool)
    known[-1] = task in ("separate", "informed")
    stems = np.flatnonzero(present[:-1])
    if task in ("informed", "arrange") and len(stems) > 1:
        given = rng.integers(1, len(stems))
        known[rng.choice(stems, given, replace=False)] = True
    return known


def _silent(
    levels: np.ndarray, present: np.ndarray, sounds: np.ndarray, config: LevelConfig, rng: np.random.Generator
) -> np.ndarray:
    """Tracks that are unknown and silent, bool (K,), or none of them; never all that are unknown."""
    unknown = (levels > 0).any(1) & present
    silent = unknown & ~sounds
    dropped = rng.random() < config.silent and (unknown & sounds).any()
    return silent & dropped


def _unasked(
    levels: np.ndarray, present: np.ndarray, config: LevelConfig, rng: np.random.Generator
) -> np.ndarray:
    """Unwanted tracks, bool (K,): now and then some of those unknown from end to end, never all."""
    unknown = np.flatnonzero((levels > 0).all(1) & present)
    unasked = np.zeros(len(present), dtype=bool)
    if len(unknown) > 1 and rng.random() < config.absent:
        unasked[rng.choice(unknown, int(rng.integers(1, len(unknown))), replace=False)] = True
    return unasked
