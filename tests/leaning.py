"""Models of both kinds whose answers are exact for a world that is easy to think about.

Latents of every stem are Gaussian: N(0, 1) where nothing is known, N(m, SPREAD^2) where the mixture is, with m the
mixture's own latent. So guidance moves means from 0 to m and beyond, and draws differ less the more the mixture counts.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from msgld.diffusion.denoise import Estimate, ModelDenoiser, StemDenoiser
from msgld.diffusion.noise import CosineSchedule
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.model import Model
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.schedule import SqrtLinearSchedule
from msgld.stems import STEMS

SPREAD = 0.3
CHANNELS = 8
"""Of the image that the published kind sees; a latent frame has 128 numbers."""


def expected(x: Tensor, alpha: Tensor, sigma: Tensor, mean: Tensor, spread: float) -> Tensor:
    """E[z | alpha z + sigma n] of z ~ N(mean, spread^2)."""
    return mean + alpha * spread**2 / (alpha.square() * spread**2 + sigma.square()) * (x - alpha * mean)


class Leaning(ModelDenoiser):
    """The exact denoiser in which each frame has its own level; given stems count for nothing."""

    window_frames, past_frames, multiple = 24, 8, 1
    network = None
    qualities = StemDenoiser.qualities
    expectation = StemDenoiser.expectation

    def __init__(self) -> None:
        super().__init__()
        self.schedule = CosineSchedule()

    def forward(self, x: Tensor, levels: Tensor, presence: Tensor) -> Estimate:
        alpha, sigma = (part.unsqueeze(2) for part in self.schedule(levels))
        seen = bool(presence[:, -1].all())
        mean = x[:, -1:] if seen else torch.zeros_like(x[:, -1:])
        z = expected(x, alpha, sigma, mean, SPREAD if seen else 1.0)
        return Estimate(torch.where(levels.unsqueeze(2) == 0, x, z))


class LeaningNetwork(nn.Module):
    """The same as a network that predicts noise and knows one level for all stems."""

    multiple = 4

    def forward(self, x: Tensor, mixture: Tensor | None, t: Tensor) -> Tensor:
        alpha, sigma = (part.view(-1, 1, 1, 1, 1) for part in SqrtLinearSchedule()((t + 1) / 1000))
        mean = torch.zeros_like(x) if mixture is None else mixture.unsqueeze(1).expand_as(x)
        z = expected(x, alpha, sigma, mean, 1.0 if mixture is None else SPREAD)
        return (x - alpha * z) / sigma


def leaning_model(maps: bool, stems: tuple[str, ...] = STEMS) -> Model:
    """A model of either kind that needs no training and next to no time."""
    denoiser: Any = Leaning()
    if not maps:
        denoiser = PublishedDenoiser(LeaningNetwork(), CHANNELS, LeaningNetwork.multiple)
        denoiser.window_frames, denoiser.past_frames = 24, 8
    codec = PatchCodec(PatchConfig())
    codec.mean.fill_(-4.0)
    return Model(codec, denoiser.eval(), None, stems, info={"name": "leaning"})
