"""Muon, many matrices at a time."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from msgld.training import optim
from msgld.training.optim import StackedMuon, orthogonal
from msgld.training.recipe import OptimConfig

SETTINGS = {"lr": 0.01, "weight_decay": 0.02, "ns_steps": 3, "adjust_lr_fn": "match_rms_adamw"}
SHAPES = [(24, 8), (8, 8), (24, 8), (8, 32), (32, 8), (8, 8)]
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def matrices() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(*shape, generator=generator)) for shape in SHAPES]


def learn(optimiser: torch.optim.Optimizer, held: list[nn.Parameter], steps: range) -> None:
    """Gradients that depend on the step and on the weights; the second matrix never has one."""
    for step in steps:
        for number, matrix in enumerate(held):
            noise = torch.randn(matrix.shape, generator=torch.Generator().manual_seed(100 * step + number))
            matrix.grad = None if number == 1 else noise + matrix.detach()
        optimiser.step()


def test_updates_are_those_of_torch():
    one, other, start = matrices(), matrices(), matrices()
    learn(torch.optim.Muon(one, **SETTINGS), one, range(5))
    learn(StackedMuon(other, **SETTINGS), other, range(5))
    for a, b, before in zip(one, other, start, strict=True):
        assert (a - b).norm() <= 0.02 * (a - before).norm()
    assert torch.equal(other[1], start[1])


@pytest.mark.parametrize("kinds", [(torch.optim.Muon, StackedMuon), (StackedMuon, torch.optim.Muon)])
def test_either_goes_on_from_the_others_state(kinds: tuple[type, type]):
    whole, halves = matrices(), matrices()
    learn(torch.optim.Muon(whole, **SETTINGS), whole, range(6))
    first = kinds[0](halves, **SETTINGS)
    learn(first, halves, range(3))
    second = kinds[1](halves, **SETTINGS)
    second.load_state_dict(first.state_dict())
    learn(second, halves, range(3, 6))
    for a, b in zip(whole, halves, strict=True):
        assert torch.allclose(a, b, atol=2e-3)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("shape", [(3, 16, 48), (2, 48, 16), (1, 16, 16)])
def test_singular_values_come_near_one(
    shape: tuple[int, int, int], fast: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(optim, "bf16_is_fast", lambda device: fast)
    made = orthogonal(torch.randn(*shape, generator=torch.Generator().manual_seed(1)), COEFFICIENTS, 5, 1e-7)
    assert made.dtype == (torch.bfloat16 if fast else torch.float32)
    values = torch.linalg.svdvals(made.float())
    assert values.min() > 0.3 and values.max() < 1.3


def test_no_gradient_moves_nothing():
    assert orthogonal(torch.zeros(2, 4, 4), COEFFICIENTS, 5, 1e-7).abs().max() == 0


def test_a_kernel_is_a_matrix_with_a_row_for_each_channel():
    kernel = nn.Parameter(torch.randn(8, 3, 5, generator=torch.Generator().manual_seed(2)))
    flat = nn.Parameter(kernel.detach().flatten(1).clone())
    for one, kind in ((kernel, StackedMuon), (flat, torch.optim.Muon)):
        optimiser = kind([one], **SETTINGS)
        one.grad = torch.ones_like(one) + one.detach()
        optimiser.step()
    assert torch.allclose(kernel.detach().flatten(1), flat.detach(), atol=2e-3)


def test_everywhere_leaves_tables_and_single_channels_to_adamw():
    network = nn.Sequential(
        nn.Embedding(9, 8), nn.Conv1d(8, 8, 3, groups=8), nn.Conv1d(8, 4, 3), nn.Linear(4, 2)
    )
    adamw, muon = optim.build_optimisers(network, OptimConfig(everywhere=True))
    shapes = {tuple(p.shape) for p in muon.param_groups[0]["params"]}
    assert shapes == {(4, 8, 3), (2, 4)}
    assert sum(len(one.param_groups[0]["params"]) for one in (adamw, muon)) == 7
    assert len(optim.build_optimisers(network, OptimConfig())) == 1, "there are no blocks"
