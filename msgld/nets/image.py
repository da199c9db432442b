"""What networks over images of a spectrum, bands by columns, are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def silence(layer: nn.Module) -> None:
    """Let a layer answer with 0 at first."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class Block(nn.Module):
    """Two convolutions, then a perceptron across all bands, each added to its input; both begin at 0.

    Args:
        width: channels. bands: of the image. squeeze: by how much the perceptron is narrower than the bands are many.
        dilation: of the first convolution, along time.
    """

    def __init__(self, width: int, bands: int, squeeze: int, dilation: int = 1) -> None:
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=(1, dilation), dilation=(1, dilation))
        self.two = nn.Conv2d(width, width, 3, padding=1)
        self.narrow = nn.Linear(bands, max(8, bands // squeeze))
        self.wide = nn.Linear(max(8, bands // squeeze), bands)
        for layer in (self.two, self.wide):
            silence(layer)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, width, bands, N)."""
        x = x + self.two(F.gelu(self.one(F.gelu(x))))
        return x + self.wide(F.gelu(self.narrow(x.transpose(2, 3)))).transpose(2, 3)


def lie_close(image: Tensor) -> Tensor:
    """The image (B, C, M, N) with the channels of a point next to each other in memory: half the time on a CPU."""
    return image.contiguous(memory_format=torch.channels_last)
