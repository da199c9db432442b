"""Draws maps of noise levels for the composer's training: all the tasks that make music, in one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TASKS = ("arrange", "generate", "extend", "replay", "free")


@dataclass(frozen=True)
class ScoreLevels:
    """How often each task is drawn, as weights.

    Attributes:
        arrange: some stems known.
        generate: no stem known.
        extend: the past of all stems known, and of some perhaps all.
        replay: a stretch of some stems unknown, all else known.
        free: every bar of every stem at a level of its own.
        top: probability of level exactly 1 for what is unknown.
        density: how much more often other levels are drawn the higher they are; 1 draws them evenly.
        soft: probability that known stems are known at a level above 0 only.
        softest: the highest level of such stems.
        drop: probability that some stems are absent although the piece has them.
        silent: probability that stems without any note in the excerpt are absent.
    """

    arrange: float = 0.5
    generate: float = 0.15
    extend: float = 0.15
    replay: float = 0.15
    free: float = 0.05
    top: float = 0.1
    density: float = 1.5
    soft: float = 0.2
    softest: float = 0.4
    drop: float = 0.4
    silent: float = 0.85


def draw_levels(
    sounding: np.ndarray, bars: int, config: ScoreLevels, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a map for one excerpt.

    Args:
        sounding: stems that have notes, bool (S,).
        bars: T.

    Returns:
        Levels float32 (S, T), presence bool (S,), and what is to be learned, bool (S, T).
    """
    present = _present(sounding, config, rng)
    odds = np.array([getattr(config, task) for task in TASKS])
    task = TASKS[rng.choice(len(TASKS), p=odds / odds.sum())]
    unknown = np.ones((len(sounding), bars), bool)
    known = np.zeros(len(sounding), bool)
    if task == "arrange" or (task == "extend" and rng.random() < 0.5):
        known = _some(present, rng)
    if task == "extend":
        unknown[:, : rng.integers(1, bars)] = False
    if task == "replay":
        first, last = sorted(rng.choice(bars + 1, 2, replace=False))
        unknown[:] = False
        unknown[_some(present, rng), first:last] = True
    unknown[known] = False
    level = 1.0 if rng.random() < config.top else 1 - rng.random() ** config.density
    levels = np.where(unknown, level, 0.0)
    if task == "free":
        levels = 1 - rng.random(unknown.shape) ** config.density
    elif rng.random() < config.soft:
        levels = np.where(unknown, levels, rng.random() * min(config.softest, level))
    return levels.astype(np.float32), present, unknown & present[:, None] & (levels > 0)


def _present(sounding: np.ndarray, config: ScoreLevels, rng: np.random.Generator) -> np.ndarray:
    present = sounding | (rng.random(len(sounding)) > config.silent)
    if rng.random() < config.drop:
        kept = present & (rng.random(len(sounding)) < rng.uniform(0.3, 0.9))
        present = kept if (kept & sounding).any() else present
    return present


def _some(present: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One to all but one of the present stems, as many as not."""
    index = rng.permutation(np.flatnonzero(present))
    chosen = np.zeros(len(present), bool)
    if len(index) > 1:
        chosen[index[: rng.integers(1, len(index))]] = True
    return chosen
