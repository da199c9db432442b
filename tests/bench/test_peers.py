"""The peers of the benchmark: their rules against exact Gaussian answers, their networks at a tiny size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from peers import msdm
from peers.htdemucs import HtDemucs
from peers.msdm import halved
from scipy.integrate import solve_ivp
from torch import Tensor

VARIANCES = torch.tensor([0.04, 0.01, 0.0025]).view(1, 3, 1)
"""Of three independent Gaussian stems."""


def oracle(x: Tensor, sigma: float) -> Tensor:
    """E[clean | x] of them."""
    return x * VARIANCES / (VARIANCES + sigma**2)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_generated_stems_have_the_spread_of_the_data():
    stems = msdm.generate(oracle, normal(1, 3, 20_000), steps=200)
    assert torch.allclose(stems.var(-1), VARIANCES[..., 0].double(), rtol=0.05)


def test_separated_stems_sum_to_the_mixture_and_are_what_the_rule_gives_not_what_is_best():
    mixture = normal(1, 4000, seed=1) * VARIANCES.sum().sqrt()
    draws = [msdm.separate(oracle, mixture, normal(1, 2, 4000, seed=2 + i), steps=200) for i in range(20)]
    for stems in draws:
        assert torch.allclose(stems.sum(1), mixture, atol=1e-6)
    mean = torch.stack(draws).mean(0)
    slopes = ((mean * mixture.unsqueeze(1)).mean(-1) / mixture.square().mean(-1, keepdim=True))[0]
    assert slopes.numpy() == pytest.approx(slopes_of_the_rule(), abs=0.02)
    best = (VARIANCES / VARIANCES.sum())[0, :, 0]
    assert slopes[0] < best[0] - 0.2 and slopes[2] > best[2] + 0.05


def slopes_of_the_rule() -> np.ndarray:
    """Shares of the mixture that the stems' means come to, by integrating the rule's equation for these Gaussians."""
    variances = VARIANCES[0, :, 0].double().numpy()

    def slope(sigma: float, free: np.ndarray) -> np.ndarray:
        whole = np.append(free, 1 - free.sum()) / (variances + sigma**2)
        return sigma * (whole[:-1] - whole[-1])

    run = solve_ivp(slope, (msdm.SIGMA_MAX, 0.0), np.zeros(2), rtol=1e-8, atol=1e-10)
    return np.append(run.y[:, -1], 1 - run.y[:, -1].sum())


def test_given_stems_are_kept_and_the_others_have_the_spread_of_the_data():
    given = normal(1, 20_000, seed=5) * 0.1
    noises = iter(range(10, 1000))
    made = msdm.impute(
        oracle, {1: given}, normal(1, 3, 20_000), 100, lambda: normal(1, 3, 20_000, seed=next(noises))
    )
    assert torch.equal(made[:, 1], given)
    assert torch.allclose(made[:, [0, 2]].var(-1), VARIANCES[:, [0, 2], 0].double(), rtol=0.06)


@pytest.mark.parametrize(("pitch", "kept"), [(440.0, 1.0), (10_000.0, 1.0), (15_000.0, 0.0)])
def test_half_the_rate_keeps_what_it_can(pitch: float, kept: float):
    time = torch.arange(44_100, dtype=torch.float64) / 44_100
    wave = torch.sin(2 * torch.pi * pitch * time)
    half = torch.sin(2 * torch.pi * pitch * torch.arange(22_050, dtype=torch.float64) / 22_050)
    assert torch.allclose(halved(wave), kept * half, atol=1e-3)


def test_the_waveform_diffusion_learns():
    torch.manual_seed(0)
    peer = msdm.Msdm(3, channels=24, multipliers=(1, 2, 2), factors=(2, 2), patch=4)
    tone = 0.2 * torch.sin(torch.arange(1024) * 0.15).expand(4, 3, 2, 1024)
    heard = halved(tone.mean(2))
    assert heard.shape[-1] % peer.multiple == 0
    optimiser = torch.optim.Adam(peer.parameters(), 2e-3)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = peer.loss(tone)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    assert peer.denoise(heard, 0.1).shape == heard.shape


def test_demucs_gives_stems_of_any_length():
    torch.manual_seed(0)
    peer = HtDemucs(["low", "high"], channels=16, layers=1, segment=1.0).eval()
    assert peer.separate(0.1 * torch.randn(2, 60_000)).shape == (2, 2, 60_000)
    stems = 0.1 * torch.randn(1, 2, 2, 44_100)
    peer.train().loss(stems).backward()
    assert all(torch.isfinite(p.grad).all() for p in peer.parameters() if p.grad is not None)
