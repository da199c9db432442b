"""The score codec's network: one bar of one stem's notes <-> a latent, a variational autoencoder.

Latent diffusion (Rombach et al. 2022, section 3.1) needs a space that is smooth enough to denoise in; a slight
Kullback-Leibler term gives it. All steps of a bar share one embedding and one head, so that a rhythm costs nothing
for each pitch and a chord nothing for each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.music.bars import STEPS
from msgld.music.grid import PITCHES
from msgld.nets.attention import Perceptron
from msgld.schema import Depth, Size


@dataclass(frozen=True)
class BarAutoencoderConfig:
    """Size of the autoencoder.

    Attributes:
        stems: how many stems it knows.
        channels: numbers in the latent of a bar.
        step_width: of the embedding of a step.
        width: of the whole bar.
        depth: blocks of encoder and decoder each.
        expansion: hidden width of a block relative to the width.
    """

    stems: Size = 6
    channels: Size = 128
    step_width: Size = 160
    width: Size = 640
    depth: Depth = 2
    expansion: Size = 2


@dataclass(frozen=True)
class BarTensors:
    """Bars as tensors.

    Attributes:
        onset: loudness of onsets, 0 where there is none; see :class:`msgld.music.grid.Roll`.
        sounding: which pitches sound.
        offset: of a step's onsets, in steps.
        stem: number of the stem.
        steps: steps of the bar, 1 to 16.
    """

    onset: Float[Tensor, "N 16 88"]
    sounding: Float[Tensor, "N 16 88"]
    offset: Float[Tensor, "N 16"]
    stem: Int[Tensor, "N"]
    steps: Int[Tensor, "N"]

    def used(self) -> Bool[Tensor, "N 16"]:
        """Steps that the bar has."""
        return torch.arange(STEPS, device=self.steps.device) < self.steps[:, None]

    def to(self, device: torch.device) -> BarTensors:
        """On a device."""
        return BarTensors(*(part.to(device) for part in vars(self).values()))

    def pick(self, index: Tensor) -> BarTensors:
        """The bars that ``index`` chooses."""
        return BarTensors(*(part[index] for part in vars(self).values()))


@dataclass(frozen=True)
class BarLogits:
    """What the decoder answers, each for every step and pitch, the offset for every step.

    Attributes:
        onset: logits.
        sounding: logits.
        velocity: loudness of an onset, if there is one.
        offset: in steps.
    """

    onset: Float[Tensor, "N 16 88"]
    sounding: Float[Tensor, "N 16 88"]
    velocity: Float[Tensor, "N 16 88"]
    offset: Float[Tensor, "N 16"]


class BarAutoencoder(nn.Module):
    """Encoder and decoder of a bar; see the module."""

    def __init__(self, config: BarAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        step, width = config.step_width, config.width
        self.reader = nn.Linear(2 * PITCHES + 1, step)
        self.reader_stem = nn.Embedding(config.stems, step)
        self.reading = Perceptron(step, 2)
        self.gather = nn.Linear(STEPS * step, width)
        self.blocks = _blocks(config)
        self.posterior = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * config.channels))
        self.metre = nn.Embedding(STEPS + 1, width)
        self.stem = nn.Embedding(config.stems, width)
        self.open = nn.Linear(config.channels, width)
        self.writing_blocks = _blocks(config)
        self.spread = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, STEPS * step))
        self.writing = Perceptron(step, 2)
        self.writer_stem = nn.Embedding(config.stems, step)
        self.writer = nn.Linear(step, 3 * PITCHES + 1)
        with torch.no_grad():
            self.writer.bias[: 2 * PITCHES] = -4.0
            self.writer.bias[2 * PITCHES : -1] = 0.7
            for table in (self.metre, self.stem, self.reader_stem, self.writer_stem):
                table.weight.mul_(0.3)

    def encode(self, bars: BarTensors) -> tuple[Float[Tensor, "N channels"], Float[Tensor, "N channels"]]:
        """Mean and logarithm of the variance of the posterior."""
        steps = torch.cat([bars.onset, bars.sounding, 2 * bars.offset.unsqueeze(2)], -1)
        x = self.reader(steps) + self.reader_stem(bars.stem).unsqueeze(1)
        x = F.gelu(x + self.reading(x)) * bars.used().unsqueeze(2)
        x = self.gather(x.flatten(1)) + self.stem(bars.stem) + self.metre(bars.steps)
        for block in self.blocks:
            x = x + block(x)
        mean, logs = self.posterior(x).chunk(2, -1)
        return mean, logs.clamp(-10.0, 4.0)

    def decode(
        self, z: Float[Tensor, "N channels"], stem: Int[Tensor, "N"], steps: Int[Tensor, "N"]
    ) -> BarLogits:
        """Latents -> logits."""
        x = self.open(z) + self.stem(stem) + self.metre(steps)
        for block in self.writing_blocks:
            x = x + block(x)
        y = self.spread(x).unflatten(1, (STEPS, -1)) + self.writer_stem(stem).unsqueeze(1)
        y = y + self.writing(y)
        onset, sounding, velocity, offset = self.writer(F.gelu(y)).split([PITCHES] * 3 + [1], -1)
        return BarLogits(onset, sounding, velocity, offset.squeeze(2))


def _blocks(config: BarAutoencoderConfig) -> nn.ModuleList:
    return nn.ModuleList(Perceptron(config.width, config.expansion) for _ in range(config.depth))


def bar_losses(
    logits: BarLogits, bars: BarTensors, mean: Tensor, logs: Tensor
) -> dict[str, Float[Tensor, ""]]:
    """Losses of a batch of bars, in nats a bar.

    Returns:
        ``onset`` and ``sounding``: cross-entropies, ``velocity`` and ``offset``: Huber's loss over onsets, in units
        of a deviation that nobody hears (8 of 127, a tenth of a step), ``kl``: to the standard normal prior.
    """
    used = bars.used().unsqueeze(2).float()
    struck = (bars.onset > 0).float()
    any_struck = struck.amax(2)
    onset = F.binary_cross_entropy_with_logits(logits.onset, struck, reduction="none") * used
    sounding = F.binary_cross_entropy_with_logits(logits.sounding, bars.sounding, reduction="none") * used
    velocity = _robust((logits.velocity - bars.onset) / 0.06) * struck
    offset = _robust((logits.offset - bars.offset) / 0.1) * any_struck
    kl = 0.5 * (mean.square() + logs.exp() - 1 - logs)
    sums = {"onset": onset, "sounding": sounding, "velocity": velocity, "offset": offset, "kl": kl}
    return {name: value.flatten(1).sum(1).mean() for name, value in sums.items()}


def _robust(error: Tensor) -> Tensor:
    """Huber's loss (1964, eq. 3.2) of errors, with a bend at 2."""
    return F.huber_loss(error, torch.zeros_like(error), reduction="none", delta=2.0)
