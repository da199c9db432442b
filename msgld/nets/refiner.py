"""The refiner: a small U-Net over frequency and time that corrects which part of the mixture each stem is.

The stem transformer hears all bands of a frame in one token, so it has to learn every pitch of every instrument
anew. Convolutions over a fine frequency axis have that built in: what they know of a note they know of its neighbours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Annotated, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.nets.image import Block, lie_close, silence
from msgld.registry import register
from msgld.schema import Between, Grid, Length, Size, Stems, same

GAIN = 5.0
"""Of the answer: logarithms of masks differ by several, which weights that begin at 0 would be long in reaching."""


@dataclass(frozen=True)
class RefinerConfig:
    """Size of the network.

    Attributes:
        stems: S. inputs: features of a band and column, those of the mixture and the S first guesses.
        bands: M, a multiple of 2 to the power of levels.
        widths: channels of each level, the finest first; processors are fast with multiples of 16. The finest has half
            the bands, as pairs of neighbours enter together; each further level has half the bands and columns of the
            one before.
        depth: blocks at the coarsest level, whose views in time double from one to the next.
        squeeze: by how much a block's layer across all bands is narrower than they are many.
    """

    stems: Stems = 5
    inputs: Size = 8
    bands: Annotated[int, Between(16, 2048)] = 256
    widths: Annotated[tuple[Size, ...], Length(1, 8)] = (16, 32, 48, 80)
    depth: Annotated[int, Between(1, 10)] = 4
    squeeze: Size = 4

    def check(self) -> None:
        """Raise ValueError where bands cannot be halved as often as there are levels."""
        if self.bands % (1 << len(self.widths)):
            raise ValueError(f"{self.bands} bands cannot be halved {len(self.widths)} times")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless it corrects the masks of so many stems."""
        same(stems=(self.stems, stems), inputs=(self.inputs, 3 + stems))


@register("refiner", "refiner", RefinerConfig)
class Refiner(nn.Module):
    """Corrects first guesses at masks; untrained it leaves them as they are."""

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
        self.outward = nn.ConvTranspose2d(widths[0], 2 * config.stems, (2, 1), stride=(2, 1))
        silence(self.outward)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Correct first guesses.

        Args:
            features: (B, inputs, M, T), see :func:`msgld.dsp.fine_bands.features`.

        Returns:
            What is added to the logarithms of the masks, and the part of it that counts to the left and against
            the right; each (B, S, M, T).
        """
        columns = features.shape[-1]
        x = lie_close(F.pad(features, (0, -columns % (1 << len(self.down)))))
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
        scores, lean = (GAIN * self.outward(F.gelu(x))[..., :columns].float()).chunk(2, dim=1)
        return scores, lean

    def settings(self) -> dict[str, Any]:
        """What a checkpoint's JSON says of this network."""
        return {"kind": "refiner", **asdict(self.config)}
