"""Noise schedules (level -> alpha, sigma) and the noise itself, keyed by where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class Schedule(Protocol):
    """Maps a level in [0, 1] to the amounts of signal and noise: x = alpha z + sigma n."""

    def fractions(self, steps: int, start: float = 1.0) -> list[float]:
        """Which share of its level a run of that many steps from level ``start`` has before its first step (1) and
        after each, (steps + 1).

        Raises:
            UsageError: it cannot be done in so few or so many.
        """
        ...

    def __call__(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(alpha, sigma), each of the shape of ``level``."""
        ...


DENSITY = 1.5
"""How much closer together steps are at high levels; 1 spaces them evenly."""


@dataclass(frozen=True)
class CosineSchedule:
    """alpha = cos(pi l / 2), sigma = sin(pi l / 2), exact at both ends (Nichol & Dhariwal 2021, eq. 17).

    Level 0 is the clean latent and level 1 is noise alone, so one call from level 1 is well defined.
    """

    def fractions(self, steps: int, start: float = 1.0) -> list[float]:
        """Closer together the higher the level: 1 - level grows as ``DENSITY``-th powers of evenly spaced numbers.

        Latents have thousands of numbers, so that all together say what the piece is while each is nearly noise: above
        level 0.9 it is decided who plays where (``research/log.md``).
        """
        if steps < 1:
            raise ValueError("a run has at least one step")
        first = (1 - start) ** (1 / DENSITY)
        levels = (1 - (first + (1 - first) * step / steps) ** DENSITY for step in range(steps))
        return [*(level / start for level in levels), 0.0]

    def __call__(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(alpha, sigma), each of the shape of ``level``."""
        angle = level * (math.pi / 2)
        alpha = torch.where(level >= 1, torch.zeros_like(level), torch.cos(angle))
        return alpha, torch.sin(angle)


def mix(z: Tensor, noise: Tensor, levels: Tensor, schedule: Schedule) -> Tensor:
    """x = alpha z + sigma n for latents (B, K, C, T) at levels (B, K, T)."""
    alpha, sigma = schedule(levels)
    return alpha.unsqueeze(2) * z + sigma.unsqueeze(2) * noise


def keyed_noise(seed: int, track: int, start: int, frames: int, channels: int, draw: int = 0) -> Tensor:
    """Standard normal noise of one track, float32 (C, T), a function of (seed, track, absolute frame) alone.

    Any two windows that share a frame see the same noise there, whatever the batch or the order. Philox is
    counter-based (Salmon et al. 2011), so a stretch is drawn without drawing what lies before it; Box-Muller
    uses a fixed number of bits a value, which the ziggurat does not.

    Args:
        seed: of the piece, any integer >= 0.
        track: number of the track.
        start: absolute frame of the first column, >= 0.
        frames, channels: T and C; C must be a multiple of 4.
        draw: which independent draw, for samplers that add noise at every step.
    """
    # Track and draw in the spawn key: in one list a seed above 32 bits would run into them.
    key = np.random.SeedSequence(seed, spawn_key=(track, draw)).generate_state(2, np.uint64)
    blocks_per_frame = channels // 4
    bits = np.random.Philox(key=key, counter=start * blocks_per_frame).random_raw(frames * channels)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    uniform = uniform.reshape(frames, 2, channels // 2)
    radius = np.sqrt(-2 * np.log(uniform[:, 0]))
    angle = 2 * math.pi * uniform[:, 1]
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return torch.from_numpy(np.ascontiguousarray(normal.T)).float()


def noise_like(z: Tensor, seeds: list[int], starts: int | Sequence[int] = 0, draw: int = 0) -> Tensor:
    """Keyed noise for a batch of latents (B, K, C, T), drawn on the CPU.

    Item i is drawn with ``seeds[i]`` from frame ``starts[i]`` on; one number is the start of all.
    """
    _, tracks, channels, frames = z.shape
    places = [starts] * len(seeds) if isinstance(starts, int) else starts
    items = [
        torch.stack([keyed_noise(seed, k, start, frames, channels, draw) for k in range(tracks)])
        for seed, start in zip(seeds, places, strict=True)
    ]
    return torch.stack(items).to(z)
