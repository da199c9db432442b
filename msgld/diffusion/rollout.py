"""Sampling over any number of frames, window by window."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import State, run
from msgld.diffusion.settings import Sampling


def roll_out(
    denoiser: Denoiser,
    z: Float[Tensor, "1 K C T"],
    task: NoiseMap,
    sampling: Sampling,
    window: int,
    past: int,
) -> Iterator[tuple[State, Float[Tensor, "1 K C T"]]]:
    """Sample a task over any number of frames; each window sees the end of the one before.

    Args:
        denoiser: a model, or a denoiser alone.
        z: latents of the known frames; any values elsewhere.
        task: over all T frames.
        sampling: of each window.
        window: frames of a window.
        past: frames of a window that overlap the one before.

    Yields:
        After each network call its state, and z with the finished frames so far.
    """
    z = z.clone()
    for first, last, fresh in windows(z.shape[-1], window, past):
        part = _part(task, first, last, fresh)
        if not bool(part.wanted.any()):
            continue
        known = z[..., first:last]
        for state in run(denoiser, known, part, sampling, first):
            if state.step == state.steps:
                z[..., first:last] = torch.where(part.wanted.unsqueeze(2).to(z.device), state.x, known)
            yield state, z


def windows(frames: int, window: int, past: int) -> Iterator[tuple[int, int, int]]:
    """Windows (first, last, first new frame) that cover all frames; the last one may have fewer new frames."""
    done = 0
    while done < frames:
        first = max(0, min(done - past, frames - window)) if done else 0
        last = min(frames, first + window)
        yield first, last, done
        done = last


def calls(task: NoiseMap, sampling: Sampling, window: int, past: int) -> int:
    """Network calls of :func:`roll_out`."""
    wanted = (task.wanted & task.presence.unsqueeze(2)).any(1)[0]
    parts = windows(wanted.shape[-1], window, past)
    return sampling.calls * sum(bool(wanted[fresh:last].any()) for _, last, fresh in parts)


def _part(task: NoiseMap, first: int, last: int, fresh: int) -> NoiseMap:
    """The task in one window; the frames before ``fresh`` have been made and are known."""
    levels, wanted = task.levels[..., first:last].clone(), task.wanted[..., first:last].clone()
    past = fresh - first
    levels[..., :past] = torch.where(wanted[..., :past], 0.0, levels[..., :past])
    wanted[..., :past] = False
    conditioning = task.conditioning.between(first, last) if task.conditioning else None
    return NoiseMap(levels, wanted, task.presence, conditioning)
