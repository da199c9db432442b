"""The score codec: bars of a stem's notes <-> latents of unit variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from msgld.music.bars import STEPS
from msgld.music.grid import PITCHES, SOFTEST, Cells, Roll, from_roll, roll_of
from msgld.nets.bar_autoencoder import BarAutoencoder, BarAutoencoderConfig, BarTensors
from msgld.registry import register


@register("score_codec", "bars", BarAutoencoderConfig)
class ScoreCodec(nn.Module):
    """A bar autoencoder and the statistics of its latents, which are constants of the checkpoint.

    Attributes:
        mean: of each number of a latent.
        scale: its standard deviation, the posterior's included.
        weights: its share of signal, mean 1: numbers that the autoencoder leaves unused cost nothing.
    """

    mean: Tensor
    scale: Tensor
    weights: Tensor

    def __init__(self, config: BarAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.autoencoder = BarAutoencoder(config)
        for name in ("mean", "scale", "weights"):
            self.register_buffer(name, torch.full((config.channels,), float(name != "mean")))

    @property
    def channels(self) -> int:
        """C, numbers in a latent."""
        return self.config.channels

    def encode(self, bars: BarTensors) -> Float[Tensor, "N C"]:
        """Bars -> latents."""
        mean, _ = self.autoencoder.encode(bars)
        return (mean - self.mean) / self.scale

    def decode(
        self, z: Float[Tensor, "N C"], stem: Int[Tensor, "N"], steps: Int[Tensor, "N"]
    ) -> tuple[
        Float[Tensor, "N 16 88"], Float[Tensor, "N 16 88"], Float[Tensor, "N 16 88"], Float[Tensor, "N 16"]
    ]:
        """Latents -> probabilities of onsets and of sounding, loudness of onsets, and offsets of steps."""
        logits = self.autoencoder.decode(z * self.scale + self.mean, stem, steps)
        return logits.onset.sigmoid(), logits.sounding.sigmoid(), logits.velocity, logits.offset

    @torch.no_grad()
    def fit(self, mean: Float[Tensor, "N C"], logs: Float[Tensor, "N C"]) -> None:
        """Set the statistics from posteriors of the data."""
        noise = logs.exp().mean(0)
        signal = mean.var(0)
        self.mean.copy_(mean.mean(0))
        self.scale.copy_((signal + noise).sqrt().clamp_min(1e-4))
        part = signal / (signal + noise)
        self.weights.copy_(part / part.mean())


def bar_tensors(
    cells: Sequence[Mapping[str, Cells]], steps: Sequence[np.ndarray], stems: Sequence[str]
) -> BarTensors:
    """The bars of several excerpts of T bars each, in the order (excerpt, stem, bar), B * S * T of them."""
    count = len(steps[0])
    rolls = [roll_of(one.get(stem), size) for one, size in zip(cells, steps, strict=True) for stem in stems]
    onset, sounding, offset = (
        np.stack([getattr(roll, name) for roll in rolls]) for name in ("onset", "sounding", "offset")
    )
    stem = torch.arange(len(stems)).repeat_interleave(count).repeat(len(cells))
    lengths = np.repeat(np.stack(steps)[:, None], len(stems), 1).reshape(-1)
    return BarTensors(
        torch.from_numpy(onset).flatten(0, 1),
        torch.from_numpy(sounding.astype(np.float32)).flatten(0, 1),
        torch.from_numpy(offset).flatten(0, 1),
        stem,
        torch.from_numpy(lengths.astype(np.int64)),
    )


ONSET, SOUNDING = 0.5, 0.5
"""Probabilities above which a note begins, and sounds."""


def cells_of(
    onset: np.ndarray, sounding: np.ndarray, velocity: np.ndarray, offset: np.ndarray, steps: np.ndarray
) -> Cells:
    """Decoded bars of one stem, each (T, 16, ...), -> its notes."""
    struck = onset.reshape(-1, STEPS, PITCHES) > ONSET
    loud = np.where(struck, np.clip(velocity, SOFTEST + 1 / 127, 1), 0).astype(np.float32)
    return from_roll(Roll(loud, (sounding > SOUNDING) | struck, offset.astype(np.float32)), steps)
