"""Noise schedules (level -> alpha, sigma) and the noise itself, keyed by track and frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

Latents = Float[Tensor, "B K C T"]
Levels = Float[Tensor, "B K T"]
"""Noise levels of all frames, 0 to 1."""
Presence = Bool[Tensor, "B K"]
"""False for tracks that are absent: neither seen nor estimated."""
Shaped = Float[Tensor, "*shape"]


@runtime_checkable
class Schedule(Protocol):
    """Maps a level in [0, 1] to the amounts of signal and noise: x = alpha z + sigma n."""

    def fractions(self, steps: int, start: float = 1.0) -> list[float]:
        """Fractions of the level ``start`` before the first step (1) and after each step, ``steps + 1`` numbers.

        Raises:
            UsageError: too few or too many steps.
        """
        ...

    def __call__(self, level: Shaped) -> tuple[Shaped, Shaped]:
        """Alpha and sigma of each level."""
        ...


DENSITY = 1.5
"""How much closer together steps are at high levels; 1 spaces them evenly."""


@dataclass(frozen=True)
class CosineSchedule:
    """alpha = cos(pi l / 2), sigma = sin(pi l / 2), exact at both ends (Nichol & Dhariwal 2021, eq. 17).

    Level 0 is the clean latent and level 1 is noise alone, so one call from level 1 is well defined.
    """

    def fractions(self, steps: int, start: float = 1.0) -> list[float]:
        """Closer together at higher levels: 1 - level grows as ``DENSITY``-th powers of evenly spaced numbers.

        Latents have thousands of numbers, so that together they determine the piece while each is nearly noise: which
        stem plays where is decided above level 0.9 (``research/log.md``).
        """
        if steps < 1:
            raise ValueError("a run has at least one step")
        first = (1 - start) ** (1 / DENSITY)
        levels = (1 - (first + (1 - first) * step / steps) ** DENSITY for step in range(steps))
        return [*(level / start for level in levels), 0.0]

    def __call__(self, level: Shaped) -> tuple[Shaped, Shaped]:
        """Alpha and sigma of each level."""
        angle = level * (math.pi / 2)
        alpha = torch.where(level >= 1, torch.zeros_like(level), torch.cos(angle))
        return alpha, torch.sin(angle)


def mix(z: Latents, noise: Latents, levels: Levels, schedule: Schedule) -> Latents:
    """x = alpha z + sigma n."""
    alpha, sigma = schedule(levels)
    return alpha.unsqueeze(2) * z + sigma.unsqueeze(2) * noise


def keyed_noise(
    seed: int, track: int, start: int, frames: int, channels: int, draw: int = 0
) -> Float[Tensor, "C T"]:
    """Standard normal noise of one track, a function of (seed, track, absolute frame) alone.

    Any two windows that share a frame see the same noise there, whatever the batch or the order. Philox is
    counter-based (Salmon et al. 2011), so a stretch is drawn without the numbers before it; Box-Muller uses a fixed
    number of bits for each value, unlike the ziggurat.

    Args:
        seed: of the piece, any integer >= 0.
        track: number of the track.
        start: absolute frame of the first column, >= 0.
        frames: T.
        channels: C; drawn as the next multiple of 4, and cut.
        draw: number of the independent draw, for samplers that add noise at every step.
    """
    # Track and draw in the spawn key: in one list a seed above 32 bits would run into them.
    key = np.random.SeedSequence(seed, spawn_key=(track, draw)).generate_state(2, np.uint64)
    blocks_per_frame = -(-channels // 4)
    drawn = 4 * blocks_per_frame
    bits = np.random.Philox(key=key, counter=start * blocks_per_frame).random_raw(frames * drawn)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    uniform = uniform.reshape(frames, 2, drawn // 2)
    radius = np.sqrt(-2 * np.log(uniform[:, 0]))
    angle = 2 * math.pi * uniform[:, 1]
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return torch.from_numpy(np.ascontiguousarray(normal.T[:channels])).float()


def noise_like(z: Latents, seeds: Sequence[int], starts: int | Sequence[int] = 0, draw: int = 0) -> Latents:
    """Keyed noise for a batch of latents, drawn on the CPU.

    Args:
        z: the latents.
        seeds: of each item.
        starts: absolute first frame of each item, or of all.
        draw: as for :func:`keyed_noise`.
    """
    _, tracks, channels, frames = z.shape
    places = [starts] * len(seeds) if isinstance(starts, int) else starts
    items = [
        torch.stack([keyed_noise(seed, k, start, frames, channels, draw) for k in range(tracks)])
        for seed, start in zip(seeds, places, strict=True)
    ]
    return torch.stack(items).to(z)
