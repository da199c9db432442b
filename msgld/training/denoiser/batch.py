"""A batch of the denoiser: latents of all tracks, conditions, and how the mixture divides among the stems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.noise_map import Conditioning
from msgld.dsp.codec import Codec, PatchCodec, PatchConfig
from msgld.dsp.mel import to_log
from msgld.music.conditioning import frame_features
from msgld.training.mixing import MixConfig, mix_energies
from msgld.training.pool.energies import Energies, EnergyPool

FITTED_AT_ONCE = 4
"""Crops in a batch when a codec is fitted."""


@dataclass(frozen=True)
class Batch:
    """One step's data.

    Attributes:
        z: latents of the stems and the mixture (B, K, C, T).
        presence: bool (B, K).
        remixed: bool (B,), True where the stems do not belong to one piece.
        power: band power of the stems and the mixture (B, K, M, N).
        cross: real part of each stem's spectrum times the mixture's conjugate, in bands (B, K - 1, M, N).
        facts: numbers of the conditions, (B, FACTS).
        programs: instruments of the stems, (B, K - 1, PROGRAMS).
        seconds: of the frames since the beginnings of the clips, (B, T).
    """

    z: Tensor
    presence: Tensor
    remixed: Tensor
    power: Tensor
    cross: Tensor
    facts: Tensor
    programs: Tensor
    seconds: Tensor

    @property
    def sounding(self) -> Tensor:
        """Which tracks are louder than -50 dBFS over the crop, bool (B, K).

        See :func:`msgld.training.mixing.loudness_gains`.
        """
        return self.power.sum(2).mean(2) / 3 > 1e-5


def build_batch(crops: Energies, codec: Codec, config: MixConfig, rng: np.random.Generator) -> Batch:
    """Turn crops into a batch, on their device."""
    power, cross = mix_energies(crops, codec.mel, config, rng)
    presence = torch.cat([crops.present, torch.ones_like(crops.present[:, :1])], 1)
    z = codec.encode(to_log(power, codec.mel))
    frames = torch.arange(z.shape[-1], device=z.device) * codec.frame_columns * codec.mel.hop / codec.mel.rate
    seconds = crops.starts[:, None] + frames
    return Batch(z, presence, crops.remixed, power, cross, crops.facts, crops.programs, seconds)


def mask_loss(masks: Tensor, batch: Batch, counted: Tensor, floor: float = 1e-2) -> Tensor:
    """Mean log error of the stems that the masks cut out of the mixture, scalar, in nepers of power.

    With a gain m in a band, the error's power is m^2 |X|^2 - 2 m Re(S X*) + |S|^2 (Parseval); its logarithm
    relative to the stem's power is minus the SDR. Silent stems are held to ``floor`` times the mixture's power.

    Args:
        masks: (B, S, M, N). counted: bool (B, S), the stems to be learned.
    """
    mixture, stems = batch.power[:, -1:], batch.power[:, :-1]
    error = (masks.square() * mixture - 2 * masks * batch.cross + stems).sum((2, 3))
    least = floor * mixture.sum((2, 3)) + 1e-8
    logs = torch.log((error.clamp_min(0) + least) / (stems.sum((2, 3)) + least))
    return torch.where(counted, logs, 0.0).sum() / counted.sum().clamp_min(1)


def fit_codec(
    pool: EnergyPool, config: PatchConfig, mix: MixConfig, frames: int, crops: int, seed: int = 0
) -> PatchCodec:
    """Fit a codec to stems and mixtures, drawn and brought to the reference loudness as in training.

    Args:
        pool: with its first clips.
        config: the codec's shape.
        mix: how crops are varied.
        frames: length of a crop.
        crops: how many.
        seed: of the crops.
    """
    rng, blank = np.random.default_rng(seed), PatchCodec(config)

    def patches() -> Iterator[Tensor]:
        for _ in range(-(-crops // FITTED_AT_ONCE)):
            drawn = pool.draw(FITTED_AT_ONCE, frames * config.frame_columns, rng)
            mels = to_log(mix_energies(drawn, config.mel, mix, rng)[0], config.mel)
            yield blank.to_patches(mels).flatten(0, 2)

    return PatchCodec.fit(torch.cat(list(patches())), config)


@dataclass(frozen=True)
class ConditionsConfig:
    """How often conditions are given.

    Attributes:
        given: probability that an item has any; never where the mixture is present, as nothing is known of a song that
            is to be separated.
        each: probability of each of tempo, key, style and every stem's instruments in such an item.
    """

    given: float = 0.75
    each: float = 0.7


def drawn_conditions(
    batch: Batch, presence: torch.Tensor, styles: int, config: ConditionsConfig, rng: np.random.Generator
) -> Conditioning:
    """Conditioning of the items of a batch, as features for the network.

    Args:
        presence: bool (B, K), of the tracks that the denoiser sees.
    """
    items, stems = batch.programs.shape[:2]
    given = (rng.random((items, 1)) < config.given) & ~presence[:, -1:].numpy(force=True)
    kept = torch.from_numpy((rng.random((items, 3 + stems)) < config.each) & given).to(batch.facts)
    tempo, key, style, played = kept.split([1, 1, 1, stems], dim=1)
    facts = batch.facts * torch.cat([tempo.expand(-1, 3), key.expand(-1, 2), style], 1)
    return Conditioning(frame_features(facts, batch.seconds, styles), batch.programs * played.unsqueeze(2))
