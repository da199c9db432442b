"""Making music of any length: generate, arrange, vary, continue and replay march over a map of levels."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.sample import Map, State
from msgld.tasks import noise_maps as maps
from msgld.tasks.noise_maps import Settings


def march(
    denoiser: Denoiser,
    z: Tensor,
    task: Map,
    settings: Settings,
    window: int,
    past: int,
) -> Iterator[tuple[State, Tensor]]:
    """Sample a task over any number of frames, window by window, each hearing the end of the one before.

    Args:
        z: what is known, (1, K, C, T), anything where nothing is.
        task: over all T frames.
        window: frames that the model was trained on. past: of a window, those made already.

    Yields:
        After each network call its state, and z with what is finished so far.
    """
    z = z.clone()
    frames = z.shape[-1]
    for first, last, fresh in stretches(frames, window, past):
        part = _stretch(task, first, last, fresh)
        if not bool(part.wanted.any()):
            continue
        known = z[..., first:last]
        for state in maps.run(denoiser, known, part, settings, first):
            if state.step == state.steps:
                z[..., first:last] = torch.where(part.wanted.unsqueeze(2).to(z.device), state.x, known)
            yield state, z


def stretches(frames: int, window: int, past: int) -> Iterator[tuple[int, int, int]]:
    """Windows (first, last, first new frame) that cover all frames; in the last one less may be new."""
    done = 0
    while done < frames:
        first = max(0, min(done - past, frames - window)) if done else 0
        last = min(frames, first + window)
        yield first, last, done
        done = last


def _stretch(task: Map, first: int, last: int, fresh: int) -> Map:
    """The task of one window: what lies before ``fresh`` has been made and is known."""
    levels, wanted = task.levels[..., first:last].clone(), task.wanted[..., first:last].clone()
    past = fresh - first
    levels[..., :past] = torch.where(wanted[..., :past], 0.0, levels[..., :past])
    wanted[..., :past] = False
    conditioning = task.conditioning.between(first, last) if task.conditioning else None
    return Map(levels, wanted, task.presence, conditioning)


def calls(frames: int, settings: Settings, window: int, past: int) -> int:
    """Network calls that :func:`march` makes for a task that wants something everywhere."""
    return settings.calls * sum(1 for _ in stretches(frames, window, past))
