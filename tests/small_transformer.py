"""A small stem transformer in which no weight is 0, and inputs for it."""

from __future__ import annotations

import torch
from contracts import awake
from torch import Tensor

from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import CosineSchedule
from msgld.nets.transformer import StemTransformer, TransformerConfig

CONFIG = TransformerConfig(
    tracks=4, channels=8, bands=6, frame_columns=2,
    width=16, depth=2, heads=2,
)  # fmt: skip
SCHEDULE = CosineSchedule()
BATCH, TRACKS, CHANNELS, FRAMES = 3, CONFIG.tracks, CONFIG.channels, 8
ALL_PRESENT = torch.ones(BATCH, TRACKS, dtype=torch.bool)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def transformer(config: TransformerConfig = CONFIG) -> StemTransformer:
    return awake(StemTransformer(config))


def denoiser(config: TransformerConfig = CONFIG) -> StemDenoiser:
    return StemDenoiser(transformer(config))


def latents(frames: int = FRAMES, seed: int = 1) -> Tensor:
    return torch.randn(BATCH, TRACKS, CHANNELS, frames, generator=generator(seed))


def levels(frames: int = FRAMES) -> Tensor:
    return 0.05 + 0.9 * torch.rand(BATCH, TRACKS, frames, generator=generator(2))
