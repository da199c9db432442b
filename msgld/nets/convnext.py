"""ConvNeXt blocks along time, which the vocoder and the note reader are made of."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


@runtime_checkable
class Sized(Protocol):
    """Widths of a stack of blocks; ``kernel`` is odd."""

    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def depth(self) -> int: ...  # noqa: D102
    @property
    def hidden(self) -> int: ...  # noqa: D102
    @property
    def kernel(self) -> int: ...  # noqa: D102


class Block(nn.Module):
    """ConvNeXt block (Liu et al. 2022): depthwise in time, then a perceptron."""

    def __init__(self, config: Sized) -> None:
        super().__init__()
        width = config.width
        self.along_time = nn.Conv1d(width, width, config.kernel, padding=config.kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, config.hidden)
        self.down = nn.Linear(config.hidden, width)
        self.scale = nn.Parameter(torch.full((width,), 1 / config.depth))

    def forward(self, x: Float[Tensor, "B N width"]) -> Float[Tensor, "B N width"]:
        """Add to x what the block makes of it."""
        y = self.norm(self.along_time(x.transpose(1, 2)).transpose(1, 2))
        return x + self.scale * self.down(F.gelu(self.up(y), approximate="tanh"))
