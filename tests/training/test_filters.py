"""Random tones and dynamics of what is trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from msgld.training.mixing import QUIETEST, dynamics, slow_curves, tones

PLACES = np.linspace(0, 1, 128)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_curves_have_the_deviation_and_no_mean():
    curves = slow_curves((4000,), PLACES, 3.0, rng())
    assert curves.mean() == pytest.approx(0, abs=0.1)
    assert np.sqrt((curves**2).mean()) == pytest.approx(3.0, rel=0.05)


def test_curves_are_slow():
    curves = slow_curves((500,), PLACES, 3.0, rng())
    assert np.abs(np.diff(curves)).max() < 2.0


def test_most_tones_are_slight_and_a_few_are_strong():
    deviations = tones((4000,), PLACES, 3.0, rng()).std(1)
    assert np.median(deviations) < 2.5
    assert np.percentile(deviations, 97) > 7


def test_dynamics_raise_loudness_to_a_power():
    power = torch.exp(torch.randn(5, 3, 200, generator=torch.Generator().manual_seed(0)))
    made = power * dynamics(power, 0.2, rng()).square()
    slopes = []
    for before, after in zip(
        power.flatten(0, 1).log().numpy(), made.flatten(0, 1).log().numpy(), strict=True
    ):
        slope, offset = np.polyfit(before, after, 1)
        assert np.allclose(after, slope * before + offset, atol=1e-3)
        slopes.append(slope)
    assert 0.08 < np.std(slopes) < 0.35
    assert 0.599 < min(slopes) < 1 < max(slopes) < 1.401


def test_steady_sound_and_silence_stay():
    steady = torch.full((1, 2, 50), 3.0)
    steady[:, 1] = 0
    gains = dynamics(steady, 0.3, rng())
    assert torch.allclose(gains[:, 0], torch.ones(1, 50))
    assert gains.isfinite().all()
    assert gains.max() <= QUIETEST**-0.3 + 1e-3
