"""The tasks, each as a map of noise levels over the same sampler.

Everything here is in latents. Tracks are the model's stems, then the mixture; in a score there is no mixture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch
from jaxtyping import Bool
from torch import Tensor

from msgld.diffusion.noise_map import NoiseMap


def separate(tracks: int, frames: int, known: Iterable[int] = (), noise: float = 0.0) -> NoiseMap:
    """The mixture is known, the stems are wanted.

    Args:
        tracks: K, the mixture included.
        frames: T.
        known: stems that are known.
        noise: level of the mixture; above 0 the task lies between separating and generating.
    """
    task = _map(tracks, frames, {**dict.fromkeys(known, 0.0), tracks - 1: noise})
    presence = task.presence.clone()
    presence[:, -1] = True
    return replace(task, presence=presence)


def generate(tracks: int, frames: int, mixture: bool = True) -> NoiseMap:
    """Nothing is known, all stems are wanted; the last track is a mixture, which is absent, or a stem."""
    return _map(tracks, frames, {}, mixture)


def arrange(tracks: int, frames: int, given: Mapping[int, float], mixture: bool = True) -> NoiseMap:
    """The given stems are known at their levels (0 exactly, above 0 "something like this"), the others are wanted."""
    return _map(tracks, frames, given, mixture)


def vary(tracks: int, frames: int, noise: float, mixture: bool = True) -> NoiseMap:
    """All stems are known at the level ``noise`` and wanted anew from there."""
    task = generate(tracks, frames, mixture)
    return replace(task, levels=task.levels * noise)


def restrict(task: NoiseMap, first: int, last: int) -> NoiseMap:
    """The task in frames ``first`` to ``last`` (excluded); wanted frames elsewhere are known."""
    inside = torch.zeros(task.wanted.shape[-1], dtype=torch.bool)
    inside[first:last] = True
    return confine(task, inside)


def confine(task: NoiseMap, inside: Bool[Tensor, "T"]) -> NoiseMap:
    """The task in some frames; wanted frames elsewhere are known."""
    outside = task.wanted & ~inside
    return replace(task, levels=torch.where(outside, 0.0, task.levels), wanted=task.wanted & inside)


def drop(task: NoiseMap, absent: list[int]) -> NoiseMap:
    """The task without some tracks: neither seen nor made."""
    presence = task.presence.clone()
    presence[:, absent] = False
    return replace(task, wanted=task.wanted & presence.unsqueeze(2), presence=presence)


def _map(tracks: int, frames: int, known: Mapping[int, float], mixture: bool = True) -> NoiseMap:
    levels = torch.ones(1, tracks, frames)
    wanted = torch.ones(1, tracks, frames, dtype=torch.bool)
    presence = torch.ones(1, tracks, dtype=torch.bool)
    if mixture:
        wanted[:, -1] = presence[:, -1] = False
    for track, level in known.items():
        levels[:, track] = level
        wanted[:, track] = False
    return NoiseMap(levels, wanted, presence)
