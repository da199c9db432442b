"""The tasks, each as a map of noise levels over the same sampler.

Everything here is in latents. Tracks are the model's stems, then the mixture; ``given`` names known tracks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.guidance import Conditioned, Guided, Overwriting
from msgld.diffusion.noise import mix, noise_like
from msgld.diffusion.sample import STEPPERS, Map, State, Stepper, ddim, sample


@dataclass(frozen=True)
class Settings:
    """How to sample.

    Attributes:
        steps: network calls, 1 or more.
        guidance: 1 is the trained conditional; see :class:`msgld.diffusion.guidance.Guided`.
        style_guidance: weight of the conditions; see :class:`msgld.diffusion.guidance.Conditioned`.
        seed: of the noise.
        sampler: ``ddim``, ``ddpm`` or ``multistep``.
        eta: how much of its noise ``ddim`` renews at each step, 0 (none) to 1 (as ``ddpm`` does).
        iterations: how often each step is made (RePaint); 1 is the plain way, and the published one.
    """

    steps: int = 1
    guidance: float = 1.0
    seed: int = 0
    sampler: str = "ddim"
    eta: float = 0.0
    iterations: int = 1
    style_guidance: float = 1.0

    @property
    def stepper(self) -> Stepper:
        """How latents move from one level to the next."""
        return partial(ddim, eta=self.eta) if self.sampler == "ddim" else STEPPERS[self.sampler]

    @property
    def calls(self) -> int:
        """Network calls of one run (twice as many where guidance asks for two answers)."""
        return self.steps * self.iterations


def separate(tracks: int, frames: int, known: Mapping[int, float] | None = None, mixture: float = 0.0) -> Map:
    """Mixture known (or at level ``mixture``: between separating and generating), stems wanted.

    Args:
        tracks: K, the mixture included. frames: T.
        known: stems that are known, with their level.
    """
    return _map(tracks, frames, {**(known or {}), tracks - 1: mixture}, mixture_present=True)


def generate(tracks: int, frames: int) -> Map:
    """Nothing known, all stems wanted."""
    return _map(tracks, frames, {}, mixture_present=False)


def arrange(tracks: int, frames: int, given: Mapping[int, float]) -> Map:
    """Stems ``given`` known at their levels (0 exactly, above 0 "something like this"), others wanted."""
    return _map(tracks, frames, given, mixture_present=False)


def vary(tracks: int, frames: int, level: float) -> Map:
    """All stems known but for noise of ``level``, from which they are wanted anew."""
    task = generate(tracks, frames)
    return replace(task, levels=task.levels * level)


def within(task: Map, first: int, last: int) -> Map:
    """Restrict a task to frames ``first`` to ``last`` (excluded): what it wants elsewhere is known."""
    inside = torch.zeros_like(task.wanted)
    inside[..., first:last] = True
    outside = task.wanted & ~inside
    return replace(task, levels=torch.where(outside, 0.0, task.levels), wanted=task.wanted & inside)


def without(task: Map, absent: list[int]) -> Map:
    """The task without some tracks: neither seen nor made."""
    presence = task.presence.clone()
    presence[:, absent] = False
    return replace(task, wanted=task.wanted & presence.unsqueeze(2), presence=presence)


def _map(tracks: int, frames: int, known: Mapping[int, float], mixture_present: bool) -> Map:
    levels = torch.ones(1, tracks, frames)
    wanted = torch.ones(1, tracks, frames, dtype=torch.bool)
    presence = torch.ones(1, tracks, dtype=torch.bool)
    wanted[:, -1] = False
    presence[:, -1] = mixture_present
    for track, level in known.items():
        levels[:, track] = level
        wanted[:, track] = False
    return Map(levels, wanted, presence)


def run(
    denoiser: Denoiser, z: Tensor, task: Map, settings: Settings, starts: int | Sequence[int] = 0
) -> Iterator[State]:
    """Sample a task.

    Args:
        z: what is known, (B, K, C, T); anything where nothing is.
        task: the same for all items, (1, K, T), or one for each.
        starts: absolute frame of the first one, from which the noise is drawn; of all items, or of each.
    """
    conditioning = task.conditioning.like(z) if task.conditioning else None
    levels, wanted, presence = (_for_each(part, z) for part in (task.levels, task.wanted, task.presence))
    task = Map(levels, wanted, presence, conditioning)
    if not denoiser.maps:
        task = everybody(task)
    z = torch.where(task.levels.unsqueeze(2) < 1, z, 0.0)  # what is not known is nothing but noise
    draws = partial(noise_like, z, [settings.seed] * len(z), starts)
    x = mix(z, draws(), task.levels, denoiser.schedule)

    def fresh(number: int, kind: int = 0) -> Tensor:
        return draws(draw=1 + 2 * number + kind)

    if task.conditioning is not None:
        denoiser = Conditioned(denoiser, task.conditioning, settings.style_guidance)
    guided = denoiser if settings.guidance == 1 else Guided(denoiser, settings.guidance)
    if not denoiser.maps:
        guided = Overwriting(guided, partial(fresh, kind=1))
    return sample(guided, x, task, settings.steps, settings.stepper, fresh, settings.iterations)


def _for_each(part: Tensor, z: Tensor) -> Tensor:
    return part.to(z.device).expand(len(z), *part.shape[1:])


def everybody(task: Map) -> Map:
    """The task with all stems, for denoisers that cannot be told of absent ones: those are made too, for nobody."""
    absent = ~task.presence
    absent[:, -1] = False
    level = task.levels.where(task.wanted, 0.0).flatten(1).amax(1).view(-1, 1, 1)
    unread = absent.unsqueeze(2)
    levels = task.levels.where(~unread, level)
    return replace(task, levels=levels, wanted=task.wanted | unread, presence=task.presence | absent)
