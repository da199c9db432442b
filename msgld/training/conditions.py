"""Which part of what is known of a piece a denoiser is told in training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from msgld.diffusion.noise_map import Conditioning
from msgld.music.conditioning import frame_features
from msgld.training.batch import Batch


@dataclass(frozen=True)
class ConditionsConfig:
    """How much is told.

    Attributes:
        told: probability that an item is told anything; never where the mixture is there, as a song that is to be
            separated says nothing of itself.
        each: probability that each of tempo, key, style and every stem's instruments is told then.
    """

    told: float = 0.75
    each: float = 0.7


def drawn_conditions(
    batch: Batch, presence: torch.Tensor, styles: int, config: ConditionsConfig, rng: np.random.Generator
) -> Conditioning:
    """What the items of a batch are told.

    Args:
        presence: bool (B, K), of the tracks that the denoiser sees.
    """
    items, stems = batch.programs.shape[:2]
    told = (rng.random((items, 1)) < config.told) & ~presence[:, -1:].numpy(force=True)
    kept = torch.from_numpy((rng.random((items, 3 + stems)) < config.each) & told).to(batch.facts)
    tempo, key, style, played = kept.split([1, 1, 1, stems], dim=1)
    facts = batch.facts * torch.cat([tempo.expand(-1, 3), key.expand(-1, 2), style], 1)
    return Conditioning(frame_features(facts, batch.seconds, styles), batch.programs * played.unsqueeze(2))
