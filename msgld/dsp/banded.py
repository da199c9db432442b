"""Products with matrices whose columns are 0 but for a stretch, as where neighbouring bins make up each band."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

WIDTH = 64
"""Columns of a block: fewer are less work, more are fewer products."""


@dataclass(frozen=True)
class Banded:
    """A matrix (I, O) as blocks of its columns, each with the rows from ``first`` on that are not 0 in all of them."""

    blocks: tuple[tuple[int, Tensor], ...]

    @classmethod
    def of(cls, matrix: Tensor) -> Banded:
        """Take a matrix apart. In inference mode, too, its blocks can be trained through, if the matrix can."""
        with torch.inference_mode(False):
            return cls(tuple(_rows(block) for block in matrix.split(WIDTH, 1)))

    def __call__(self, x: Tensor) -> Tensor:
        """x (..., I) @ matrix -> (..., O)."""
        parts = [x[..., first : first + len(block)] @ block.to(x) for first, block in self.blocks]
        return torch.cat(parts, -1)


def _rows(block: Tensor) -> tuple[int, Tensor]:
    """The first row that is not 0, and those up to the last such one; one row at least."""
    there = block.any(1).nonzero().flatten().tolist() or [0]
    first, last = there[0], there[-1]
    return first, block[first : last + 1].contiguous()
