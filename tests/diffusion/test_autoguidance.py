"""Guidance by a guide: a worse denoiser shows in which direction a better one still errs."""

from __future__ import annotations

from dataclasses import replace

import torch
from gaussian import GaussianOracle
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Estimate
from msgld.diffusion.noise import CosineSchedule
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import last_state, run
from msgld.diffusion.settings import Sampling


class Blurred(Denoiser):
    """The exact denoiser of tracks, of whose estimates only a part is left."""

    def __init__(self, exact: Denoiser, part: float, guide: Denoiser | None = None) -> None:
        self.exact, self.part, self.guide = exact, part, guide
        self.schedule = CosineSchedule()
        self.seen: list[Tensor] = []

    def __call__(self, x: Tensor, levels: Tensor, presence: Tensor) -> Estimate:
        self.seen.append(presence.clone())
        estimate = self.exact(x, levels, presence)
        return replace(estimate, z=self.part * estimate.z)


def sampled(denoiser: Denoiser, task: NoiseMap, guidance: float) -> Tensor:
    """Samples of 2 tracks, 64 channels, 4 frames."""
    known = torch.zeros(1, 2, 64, 4)
    return last_state(run(denoiser, known, task, Sampling(50, guidance=guidance))).x


def everything() -> NoiseMap:
    """All of two tracks is made."""
    wanted = torch.ones(1, 2, 4, dtype=torch.bool)
    return NoiseMap(wanted.float(), wanted, torch.ones(1, 2, dtype=torch.bool))


def test_what_the_guide_does_worse_is_undone() -> None:
    """A blur of a tenth, and a guide with twice the blur: weight 2 is the exact denoiser."""
    exact = GaussianOracle(torch.eye(2))
    guide = Blurred(exact, 0.8)
    blurred = sampled(Blurred(exact, 0.9, guide), everything(), 1.0)
    guided = sampled(Blurred(exact, 0.9, guide), everything(), 2.0)
    assert blurred.std() < 0.85
    torch.testing.assert_close(guided, sampled(exact, everything(), 1.0), atol=1e-4, rtol=1e-4)


def test_the_guide_sees_no_given_track_and_given_tracks_stay() -> None:
    exact = GaussianOracle(torch.tensor([[1.0, 0.5], [0.5, 1.0]]))
    guide = Blurred(exact, 0.5)
    wanted = torch.tensor([[[False] * 4, [True] * 4]])
    task = NoiseMap(wanted.float(), wanted, torch.ones(1, 2, dtype=torch.bool))
    made = sampled(Blurred(exact, 1.0, guide), task, 1.5)
    assert guide.seen and not any(presence[0, 0] for presence in guide.seen)
    assert not made[:, 0].any()


def test_weight_1_does_not_call_the_guide() -> None:
    exact = GaussianOracle(torch.eye(2))
    guide = Blurred(exact, 0.5)
    sampled(Blurred(exact, 0.9, guide), everything(), 1.0)
    assert not guide.seen
