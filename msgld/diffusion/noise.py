"""Noise schedules (level -> alpha, sigma) and the noise itself, keyed by where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class Schedule(Protocol):
    """Maps a level in [0, 1] to the shares of signal and noise: x = alpha z + sigma n."""

    def __call__(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(alpha, sigma), each of the shape of ``level``."""
        ...


@dataclass(frozen=True)
class CosineSchedule:
    """alpha = cos(pi l / 2), sigma = sin(pi l / 2), exact at both ends (Nichol & Dhariwal 2021, eq. 17).

    Level 0 is the clean latent and level 1 is noise alone, so one call from level 1 is well defined.
    """

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


def noise_like(z: Tensor, seeds: list[int], start: int = 0, draw: int = 0) -> Tensor:
    """Keyed noise for a batch of latents (B, K, C, T): item i is drawn with ``seeds[i]``, on the CPU."""
    _, tracks, channels, frames = z.shape
    items = [
        torch.stack([keyed_noise(seed, k, start, frames, channels, draw) for k in range(tracks)])
        for seed in seeds
    ]
    return torch.stack(items).to(z)
