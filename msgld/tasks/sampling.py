"""Sampling a task to its end over any number of frames, in sound and in notes alike."""

from __future__ import annotations

import torch

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.noise import Latents
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.rollout import roll_out
from msgld.diffusion.settings import Sampling
from msgld.errors import ModelError
from msgld.progress import Meter


@torch.inference_mode()
def sampled(
    denoiser: Denoiser, z: Latents, task: NoiseMap, sampling: Sampling, window: int, past: int, meter: Meter
) -> Latents:
    """Run :func:`msgld.diffusion.rollout.roll_out` and return its last latents.

    Args:
        denoiser, z, task, sampling, window, past: as for ``roll_out``.
        meter: is advanced after every network call.

    Raises:
        ModelError: they are not finite.
        Cancelled: the meter's token says so.
    """
    former = None
    for state, made in roll_out(denoiser, z, task, sampling, window, past):
        z = made
        if state is not former:
            meter.advance(1)
        former = state
    if not bool(torch.isfinite(z).all()):
        raise ModelError("the model answered with values that are not numbers; please report this")
    return z
