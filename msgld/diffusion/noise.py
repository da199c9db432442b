"""Noise schedules (level -> alpha, sigma) and the noise itself, keyed by where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from msgld.errors import UsageError


class Schedule(Protocol):
    """Maps a level in [0, 1] to the amounts of signal and noise: x = alpha z + sigma n."""

    @property
    def exact(self) -> bool:
        """Whether level 1 is noise alone, so that one call from there is defined."""
        ...

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

    exact = True

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


@dataclass(frozen=True)
class SqrtLinearSchedule:
    """The published schedule: 1000 timesteps whose betas grow linearly in their square roots (Rombach et al. 2022).

    Level (t + 1) / 1000 is timestep t, and level 0 a clean latent; levels between are rounded. Not even the last
    timestep is noise alone (alpha^2 = 1.4e-4), so a single call from there is not defined.
    """

    first: float = 0.0015
    last: float = 0.0195
    timesteps: int = 1000
    exact = False

    def betas(self) -> Tensor:
        """Variance added at each timestep, float64 (timesteps,)."""
        return torch.linspace(self.first**0.5, self.last**0.5, self.timesteps, dtype=torch.float64).square()

    def alphas_cumprod(self) -> Tensor:
        """alpha^2 of each timestep, float64 (timesteps,) (Ho et al. 2020, eq. 4)."""
        return torch.cumprod(1 - self.betas(), 0)

    def timestep(self, level: Tensor) -> Tensor:
        """The timestep that a level stands for, int64; -1 for level 0."""
        return torch.round(level.double() * self.timesteps).long() - 1

    def grid(self, steps: int) -> list[int]:
        """The timesteps at which the network is called, from the noisiest on: the published uniform grid.

        Where ``steps`` divides 1000 it is 1, 1 + 1000 / steps, ...; else it is as even as whole numbers allow.
        """
        spread = (1 + step * self.timesteps // steps for step in range(steps))
        return [min(t, self.timesteps - 1) for t in spread][::-1]

    def fractions(self, steps: int, start: float = 1.0) -> list[float]:
        """The published grid; the last step ends at timestep 0, which is next to clean."""
        if not 2 <= steps < self.timesteps:
            raise UsageError(
                f"{steps} steps: a model with the published noise schedule takes 2 to {self.timesteps - 1}, as even "
                "its highest level is not noise alone; the published number is 200"
            )
        return [(t + 1) / self.timesteps for t in (*self.grid(steps), 0)]

    def __call__(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(alpha, sigma), each of the shape of ``level``."""
        squares = _squares(self).to(level.device)[self.timestep(level) + 1]
        return squares.sqrt().to(level), (1 - squares).sqrt().to(level)


@lru_cache(maxsize=4)
def _squares(schedule: SqrtLinearSchedule) -> Tensor:
    """alpha^2 of a clean latent and of each timestep."""
    return torch.cat([torch.ones(1, dtype=torch.float64), schedule.alphas_cumprod()])


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
