"""The score codec: bars of a stem's notes <-> latents.

The first number of a latent says whether the stem plays in the bar at all; the others, of unit variance, what it plays.
Silence would else be one more bar, which lies where the mean of all bars does: a denoiser in doubt falls silent.
"""

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

PLAYS = 2.0
"""First number of the latent of a bar in which a stem plays; minus that where it is silent. The farther apart they are,
the higher the noise level at which a denoiser decides who plays."""

COST = 4.0
"""Cost of an error in that number, where those of the others are 1 on average."""


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
        return 1 + self.config.channels

    @property
    def costs(self) -> Float[Tensor, "C"]:
        """What an error in each number costs."""
        return torch.cat([self.weights.new_full((1,), COST), self.weights])

    def encode(self, bars: BarTensors) -> Float[Tensor, "N C"]:
        """Bars -> latents; of silent ones all but the first number is 0."""
        mean, _ = self.autoencoder.encode(bars)
        plays = bars.sounding.flatten(1).amax(1, keepdim=True)
        return torch.cat([PLAYS * (2 * plays - 1), (mean - self.mean) / self.scale * plays], 1)

    def decode(
        self, z: Float[Tensor, "N C"], stem: Int[Tensor, "N"], steps: Int[Tensor, "N"]
    ) -> tuple[
        Float[Tensor, "N 16 88"], Float[Tensor, "N 16 88"], Float[Tensor, "N 16 88"], Float[Tensor, "N 16"]
    ]:
        """Latents -> probabilities of onsets and of sounding, loudness of onsets, and offsets of steps."""
        logits = self.autoencoder.decode(z[:, 1:] * self.scale + self.mean, stem, steps)
        plays = (z[:, 0] > 0).to(logits.onset)[:, None, None]
        onset, sounding = logits.onset.sigmoid() * plays, logits.sounding.sigmoid() * plays
        return onset, sounding, logits.velocity, logits.offset

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
