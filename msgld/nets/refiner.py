"""The refiner: a small U-Net over frequency and time that corrects the masks, and turns phases in the lowest bins.

The stem transformer sees all bands of a frame in one token, so it has to learn every pitch of every instrument
anew. Convolutions over a fine frequency axis share their weights among all pitches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.dsp.fine_bands import Corrections, even_bands, inputs_of
from msgld.nets.convnext import zeroed
from msgld.registry import register
from msgld.schema import Between, Grid, Length, Size, Stems, same

GAIN = 5.0
"""Of the output: logarithms of masks differ by several, and weights that begin at 0 grow slowly."""


@dataclass(frozen=True)
class RefinerConfig:
    """Size of the network.

    Attributes:
        stems: S.
        inputs: features of a band and column, of the mixture and of the S first masks.
        bands: M, a multiple of 2 to the power of levels.
        widths: channels of each level, the finest first; processors are fast with multiples of 16. The finest has half
            the bands, as pairs of neighbours enter together; each further level has half the bands and columns of the
            one before.
        depth: blocks at the coarsest level, whose dilations double from one to the next.
        squeeze: bands for each hidden unit of a block's perceptron.
        turned: bands, the lowest ones, whose masks are complex; 0 for a network whose masks are all real.
    """

    stems: Stems = 5
    inputs: Size = 8
    bands: Annotated[int, Between(16, 2048)] = 256
    widths: Annotated[tuple[Size, ...], Length(1, 8)] = (16, 32, 48, 80)
    depth: Annotated[int, Between(1, 10)] = 4
    squeeze: Size = 4
    turned: Annotated[int, Between(0, 2048)] = 0

    def check(self) -> None:
        """Raise ValueError where bands cannot be halved as often as there are levels, or phases turned."""
        if self.turned % 2 or self.turned > even_bands(self.bands):
            raise ValueError(
                f"{self.turned} bands cannot be turned: an even number of up to {even_bands(self.bands)} can"
            )
        if self.bands % (1 << len(self.widths)):
            raise ValueError(f"{self.bands} bands cannot be halved {len(self.widths)} times")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless it corrects the masks of so many stems."""
        same(stems=(self.stems, stems), inputs=(self.inputs, inputs_of(stems, self.turned)))


class Block(nn.Module):
    """Two convolutions, then a perceptron across all bands, each added to its input; both begin at 0.

    Args:
        width: channels.
        bands: of the image.
        squeeze: bands for each hidden unit of the perceptron.
        dilation: of the first convolution, along time.
    """

    def __init__(self, width: int, bands: int, squeeze: int, dilation: int = 1) -> None:
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=(1, dilation), dilation=(1, dilation))
        self.two = zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.narrow = nn.Linear(bands, max(8, bands // squeeze))
        self.wide = zeroed(nn.Linear(max(8, bands // squeeze), bands))

    def forward(self, x: Float[Tensor, "B width bands N"]) -> Float[Tensor, "B width bands N"]:
        """Add to x the answers of both."""
        x = x + self.two(F.gelu(self.one(F.gelu(x))))
        return x + self.wide(F.gelu(self.narrow(x.transpose(2, 3)))).transpose(2, 3)


@register("refiner", "refiner", RefinerConfig)
class Refiner(nn.Module):
    """Corrects masks; untrained it leaves them as they are."""

    def __init__(self, config: RefinerConfig) -> None:
        super().__init__()
        self.config = config
        widths, squeeze = config.widths, config.squeeze
        bands = [config.bands >> level for level in range(1, len(widths) + 1)]
        config.check()
        pairs = list(pairwise(widths))
        self.place = nn.Parameter(torch.zeros(widths[0], bands[0], 1))
        self.inward = nn.Conv2d(config.inputs, widths[0], (4, 3), stride=(2, 1), padding=1)
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, stride=2) for fine, coarse in pairs)
        levels = list(zip(widths, bands, strict=True))[:-1]
        self.before = nn.ModuleList(Block(width, count, squeeze) for width, count in levels)
        self.after = nn.ModuleList(Block(width, count, squeeze) for width, count in levels)
        self.middle = nn.ModuleList(
            Block(widths[-1], bands[-1], squeeze, 2**step) for step in range(config.depth)
        )
        self.outward = zeroed(nn.ConvTranspose2d(widths[0], 2 * config.stems, (2, 1), stride=(2, 1)))
        self.turning = None
        if config.turned:
            self.turning = zeroed(nn.ConvTranspose2d(widths[0], 2 * config.stems, (2, 1), stride=(2, 1)))

    def forward(self, features: Float[Tensor, "B inputs M N"]) -> Corrections:
        """Correct masks.

        Args:
            features: see :func:`msgld.dsp.fine_bands.features`.

        Returns:
            What corrects the masks.
        """
        columns = features.shape[-1]
        x = F.pad(features, (0, -columns % (1 << len(self.down))))
        x = x.contiguous(memory_format=torch.channels_last)  # half the time on a CPU
        x = self.inward(x) + self.place
        kept = []
        for block, down in zip(self.before, self.down, strict=True):
            x = block(x)
            kept.append(x)
            x = down(x)
        for block in self.middle:
            x = block(x)
        for block, up, skip in reversed(list(zip(self.after, self.up, kept, strict=True))):
            x = block(up(x) + skip)
        x = F.gelu(x)
        scores, lean = (GAIN * self.outward(x)[..., :columns].float()).chunk(2, dim=1)
        if self.turning is None:
            return Corrections(scores, lean)
        real, imaginary = (
            self.turning(x[:, :, : self.config.turned // 2])[..., :columns].float().chunk(2, dim=1)
        )
        return Corrections(scores, lean, torch.complex(real, imaginary))
