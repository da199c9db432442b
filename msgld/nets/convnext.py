"""ConvNeXt blocks along time: the body of the vocoder and of the note reader."""

from __future__ import annotations

from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

Layer = TypeVar("Layer", bound=nn.Module)


def zeroed(layer: Layer) -> Layer:
    """The layer with weights of 0, so that at first it adds nothing."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class Block(nn.Module):
    """ConvNeXt block (Liu et al. 2022): depthwise in time, then a perceptron.

    Args:
        width: of its input and output.
        hidden: of the perceptron.
        kernel: of the convolution, odd.
        scale: with which its answer is added at first.
    """

    def __init__(self, width: int, hidden: int, kernel: int, scale: float) -> None:
        super().__init__()
        self.along_time = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Float[Tensor, "B N width"]) -> Float[Tensor, "B N width"]:
        """Add to x what the block makes of it."""
        y = self.norm(self.along_time(x.transpose(1, 2)).transpose(1, 2))
        return x + self.scale * self.down(F.gelu(self.up(y), approximate="tanh"))


class Columns(nn.Module):
    """A network from log-mels to numbers of each column, which are 0 before training."""

    def __init__(self, bands: int, width: int, depth: int, hidden: int, kernel: int, outputs: int) -> None:
        super().__init__()
        self.inward = nn.Conv1d(bands, width, kernel, padding=kernel // 2)
        self.blocks = nn.ModuleList(Block(width, hidden, kernel, 1 / depth) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.outward = zeroed(nn.Linear(width, outputs))

    def columns(self, mels: Float[Tensor, "B M N"]) -> Float[Tensor, "B N outputs"]:
        """Run the network on log-mels of as many bands as it takes."""
        x = self.inward((mels + 5) / 2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.outward(self.norm(x)).float()
