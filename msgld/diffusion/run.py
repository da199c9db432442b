"""One run of the sampler for a noise map: guidance, keyed noise, and the denoiser's own adaptation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.guidance import Conditioned, Guided
from msgld.diffusion.noise import Latents, mix, noise_like
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import State, sample, stepper_of
from msgld.diffusion.sampling import Sampling


def run(
    denoiser: Denoiser, z: Latents, task: NoiseMap, sampling: Sampling, starts: int | Sequence[int] = 0
) -> Iterator[State]:
    """Sample a task.

    Args:
        denoiser: a model, or a denoiser alone.
        z: latents of the known frames; any values elsewhere.
        task: of all items, with a batch of 1, or of each.
        sampling: steps, guidance, seed and the like.
        starts: absolute first frame of all items, or of each, for the noise.

    Yields:
        The state after each network call; the last one holds the clean latents.
    """
    draws = partial(noise_like, z, [sampling.seed] * len(z), starts)

    def fresh(number: int, kind: int = 0) -> Latents:
        return draws(draw=1 + 2 * number + kind)

    task = task.like(z)
    guided = _guided(denoiser, task, sampling)
    guided, task = denoiser.adapt(guided, task, partial(fresh, kind=1))
    z = torch.where(task.levels.unsqueeze(2) < 1, z, 0.0)  # an unknown frame is noise alone
    x = mix(z, draws(), task.levels, denoiser.schedule)
    return sample(guided, x, task, sampling.steps, stepper_of(sampling), fresh, sampling.iterations)


def _guided(denoiser: Denoiser, task: NoiseMap, sampling: Sampling) -> Denoiser:
    if task.conditioning is not None:
        denoiser = Conditioned(denoiser, task.conditioning, sampling.style_guidance)
    return denoiser if sampling.guidance == 1 else Guided(denoiser, sampling.guidance)
