"""Products with banded matrices."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from msgld.dsp.fine_bands import gather, spread
from msgld.dsp.masks import band_spread
from msgld.dsp.mel import Banded, MelConfig

MATRICES = {
    "refiner's bands to bins": lambda: spread(256, 44_100, 2048).T,
    "bins to refiner's bands": lambda: gather(256, 44_100, 2048).T,
    "bands to bins": lambda: band_spread(48_000, 2228, MelConfig()).T,
    "without bands above 4 kHz": lambda: gather(256, 8000, 372).T,
    "full": lambda: torch.rand(30, 70),
}


@pytest.mark.parametrize("name", MATRICES)
def test_a_product_is_that_of_the_whole_matrix(name: str):
    matrix: Tensor = MATRICES[name]()
    x = torch.rand(2, 3, 5, len(matrix))
    assert torch.allclose(Banded.of(matrix)(x), x @ matrix, atol=1e-5)


def test_a_tenth_of_the_work_is_left():
    matrix = spread(256, 44_100, 2048).T
    assert sum(block.numel() for _, block in Banded.of(matrix).blocks) < matrix.numel() / 7


def test_it_can_be_trained_through():
    matrix = spread(64, 44_100, 2048).T
    with torch.inference_mode():
        banded = Banded.of(matrix)
    x = torch.rand(4, len(matrix), requires_grad=True)
    banded(x).sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, matrix.sum(1).expand(4, -1), atol=1e-4)
