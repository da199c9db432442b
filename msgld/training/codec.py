"""Fits the linear codec's statistics to the training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import to_log
from msgld.training.batch import BatchConfig, mix_energies
from msgld.training.energies import EnergyPool


def log_mels(pool: EnergyPool, config: PatchConfig, batch: BatchConfig, rng: np.random.Generator) -> Tensor:
    """Log-mels of the stems and mixtures of one batch, (B, K, M, N)."""
    crops = pool.draw(batch.items, batch.frames * config.frame_columns, rng)
    return to_log(mix_energies(crops, config.mel, batch, rng)[0], config.mel)


def fit_codec(
    pool: EnergyPool, config: PatchConfig, batch: BatchConfig, crops: int, seed: int = 0
) -> PatchCodec:
    """Fit the codec to ``crops`` crops drawn and levelled as training draws them; stems and mixtures alike."""
    rng = np.random.default_rng(seed)
    blank = PatchCodec(config)
    one = replace(batch, items=4)

    def patches() -> Iterator[Tensor]:
        for _ in range(-(-crops // one.items)):
            yield blank.to_patches(log_mels(pool, config, one, rng)).flatten(0, 2)

    return PatchCodec.fit(torch.cat(list(patches())), config)
