"""The sampler: one loop, a generator of states, that brings wanted frames from where they start to level 0.

A task is its :class:`NoiseMap` alone: the levels say which frames are known, how well, and which are wanted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, pairwise

import torch
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Draw, Estimate
from msgld.diffusion.guidance import Conditioned, Guided
from msgld.diffusion.noise import Latents, Levels, Schedule, mix, noise_like
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.settings import Sampling


@dataclass(frozen=True)
class State:
    """One step of a run.

    Attributes:
        x: latents after it.
        estimate: of the network call.
        step: its number, from 1 on.
        steps: number of all steps.
    """

    x: Latents
    estimate: Estimate
    step: int
    steps: int


@dataclass(frozen=True)
class Move:
    """Input of a step function.

    Attributes:
        x: latents at the levels ``now``.
        z: their estimate.
        last: the estimate of the call before, None at the first.
        now: levels before the step.
        after: levels after the step.
        before: levels of ``last``.
        noise: draws anew at each call.
    """

    x: Latents
    z: Latents
    last: Latents | None
    now: Levels
    after: Levels
    before: Levels | None
    noise: Callable[[], Tensor]


Stepper = Callable[[Move, Schedule], Tensor]


def ddim(move: Move, schedule: Schedule, eta: float = 0.0) -> Latents:
    """Keep the estimate, scale the noise down (Song et al. 2021, eq. 12); ``eta`` 1 renews it as in DDPM."""
    (a, s), (b, t) = (tuple(v.unsqueeze(2) for v in schedule(level)) for level in (move.now, move.after))
    noise = (move.x - a * move.z) / s.clamp_min(1e-4)
    if eta == 0:
        return b * move.z + t * noise
    ratio = (1 - (a * t / (b * s).clamp_min(1e-8)).square()).clamp(0, 1).sqrt()
    fresh = eta * t * ratio
    kept = (t.square() - fresh.square()).clamp_min(0).sqrt()
    return b * move.z + kept * noise + fresh * move.noise()


def multistep(move: Move, schedule: Schedule) -> Latents:
    """Second order: the estimate is extrapolated along its last change to the middle of the step.

    DPM-Solver++ 2M (Lu et al. 2022, algorithm 2) extrapolates in the logarithm of the signal-to-noise ratio. That is
    infinite at both ends here, and extrapolation in the levels kept the spread of samples better.
    """
    if move.last is None or move.before is None:
        return ddim(move, schedule)
    ahead = 0.5 * (move.now - move.after) / (move.before - move.now).clamp_min(1e-6)
    z = move.z + ahead.unsqueeze(2) * (move.z - move.last)
    return ddim(replace(move, z=z), schedule)


def stepper_of(sampling: Sampling) -> Stepper:
    """The step function of the settings."""
    return multistep if sampling.sampler == "multistep" else partial(ddim, eta=sampling.eta)


def sample(
    denoiser: Denoiser,
    x: Latents,
    task: NoiseMap,
    steps: int,
    stepper: Stepper = ddim,
    noise: Draw | None = None,
    iterations: int = 1,
) -> Iterator[State]:
    """Bring the wanted frames to level 0.

    Args:
        denoiser: gives E[z | x].
        x: latents at the levels of the task.
        task: levels, wanted frames and presence.
        steps: from one level to the next, at least 1.
        stepper: moves x from one level to the next.
        noise: for steps that add noise: number of the draw -> standard normal like x.
        iterations: of each step. Before every repetition the result is noised back to the level at which the step
            began (RePaint, Lugmayr et al. 2022, algorithm 1), so that it can agree with the given frames.

    Yields:
        The state after each network call; the last one holds the clean latents.
    """
    draw = _drawer(noise)
    wanted = task.wanted.unsqueeze(2)
    fractions = denoiser.schedule.fractions(steps, task.start)
    last, before = None, None
    for step, (fraction, next_fraction) in enumerate(pairwise(fractions)):
        now, after = task.at(fraction), task.at(next_fraction)
        for turn in range(iterations):
            if turn:
                x = torch.where(wanted, renoised(x, after, now, denoiser.schedule, draw()), x)
            estimate = denoiser(x, now, task.presence)
            moved = stepper(Move(x, estimate.z, last, now, after, before, draw), denoiser.schedule)
            x = torch.where(wanted, moved, x)
            yield State(x, estimate, step * iterations + turn + 1, steps * iterations)
        last, before = estimate.z, now


def renoised(x: Latents, level: Levels, higher: Levels, schedule: Schedule, noise: Latents) -> Latents:
    """Latents at ``level`` -> at a ``higher`` one, as the forward process goes there."""
    (a, s), (b, t) = (tuple(v.unsqueeze(2) for v in schedule(at)) for at in (level, higher))
    kept = b / a.clamp_min(1e-8)
    return kept * x + (t.square() - (kept * s).square()).clamp_min(0).sqrt() * noise


def _drawer(noise: Draw | None) -> Callable[[], Tensor]:
    """Each call draws anew."""
    numbers = count()

    def draw() -> Tensor:
        if noise is None:
            raise ValueError("this run adds noise: pass noise= to sample()")
        return noise(next(numbers))

    return draw


def last_state(states: Iterator[State]) -> State:
    """Run a sampler to its end and return the last state."""
    return deque(states, maxlen=1).pop()


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
    guide = denoiser.guide
    if task.conditioning is not None:
        denoiser = Conditioned(denoiser, task.conditioning, sampling.style_guidance)
    return denoiser if sampling.guidance == 1 else Guided(denoiser, sampling.guidance, guide)
