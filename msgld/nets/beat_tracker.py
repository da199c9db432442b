"""The beat tracker: a network from a mixture to where its beats and bar lines are.

Dilated convolutions along time (as in Davies and Böck 2019) see about twelve seconds, enough to tell where bars begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.nets.log_spectra import Attacks
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Size


@dataclass(frozen=True)
class BeatTrackerConfig:
    """Size of the network and its input.

    Attributes:
        rate: samples per second of its input.
        hop: samples from one frame to the next.
        window: of its spectra, samples.
        bands: on a scale of pitch.
        width: of the convolutions.
        depth: blocks; each sees twice as far in time as the one before.
    """

    rate: Annotated[int, Between(8000, 192_000)] = 22_050
    hop: Annotated[int, Between(64, 4096, 64)] = 256
    window: Annotated[int, Between(256, 8192, 2)] = 1024
    bands: Annotated[int, Between(4, 256)] = 72
    width: Size = 48
    depth: Depth = 9

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Any codec and any stems fit: it works on sound."""

    @property
    def width_of_time(self) -> int:
        """Frames to either side that an answer depends on."""
        return 2 * (2**self.depth - 1) + 2 + -(-self.window // (2 * self.hop)) + 1


@dataclass(frozen=True)
class BeatScores:
    """What the network says of every frame, as scores (logits).

    Attributes:
        beat: that there is a beat.
        first: that there is a bar's first beat.
        compound: that beats are divided in three there.
    """

    beat: Float[Tensor, "B T"]
    first: Float[Tensor, "B T"]
    compound: Float[Tensor, "B T"]


class TimeBlock(nn.Module):
    """A residual block along time."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.along_time = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.outward = nn.Conv1d(width, width, 1)

    def forward(self, x: Float[Tensor, "B W T"]) -> Float[Tensor, "B W T"]:
        """Add to x what the block makes of it."""
        return x + self.outward(F.elu(self.along_time(x)))


@register("beats", "beats", BeatTrackerConfig)
class BeatTracker(nn.Module):
    """Waveforms of mixtures -> scores of beats."""

    def __init__(self, config: BeatTrackerConfig) -> None:
        super().__init__()
        self.config = config
        self.spectra = Attacks(config.rate, config.hop, config.window, config.bands, 1)
        self.inward = nn.Conv1d(config.bands, 2 * config.width, 3, padding=1)
        self.narrow = nn.Conv1d(2 * config.width, config.width, 3, padding=1)
        self.blocks = nn.ModuleList(TimeBlock(config.width, 2**index) for index in range(config.depth))
        self.outward = nn.Conv1d(config.width, 3, 1)
        nn.init.zeros_(self.outward.weight)
        with torch.no_grad():
            self.outward.get_parameter("bias").copy_(torch.tensor([-3.0, -4.0, -2.0]))

    def frames(self, samples: int) -> int:
        """Frames of a sound: one at its start, and one every hop."""
        return samples // self.config.hop + 1

    def forward(self, waves: Float[Tensor, "B L"]) -> BeatScores:
        """Scores of waveforms at the network's rate and an RMS of about 0.1."""
        x = F.elu(self.narrow(F.elu(self.inward(self.spectra(waves)))))
        for block in self.blocks:
            x = block(x)
        beat, first, compound = self.outward(F.elu(x)).float().unbind(1)
        return BeatScores(beat, first, compound)
