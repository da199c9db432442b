"""Laws of the schedule and of the keyed noise."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld.diffusion.noise import CosineSchedule, keyed_noise, mix, noise_like

CHANNELS = 16


def kolmogorov_distance(values: torch.Tensor) -> float:
    """Largest distance between the values' distribution and the standard normal one."""
    ordered = values.flatten().double().sort().values
    normal = 0.5 * (1 + torch.erf(ordered / math.sqrt(2)))
    steps = torch.arange(len(ordered) + 1).double() / len(ordered)
    return float(torch.maximum(normal - steps[:-1], steps[1:] - normal).max())


def correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])


@given(st.floats(0, 1))
def test_the_schedule_preserves_variance(level: float):
    alpha, sigma = CosineSchedule()(torch.tensor(level, dtype=torch.float64))
    assert alpha**2 + sigma**2 == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_schedule_is_exact_at_both_ends(dtype: torch.dtype):
    alpha, sigma = CosineSchedule()(torch.tensor([0.0, 1.0], dtype=dtype))
    assert alpha.tolist() == [1, 0]
    assert sigma.tolist() == [0, 1]


def test_the_signal_falls_and_the_noise_rises_with_the_level():
    alpha, sigma = CosineSchedule()(torch.linspace(0, 1, 1001, dtype=torch.float64))
    assert (alpha.diff() < 0).all()
    assert (sigma.diff() > 0).all()


@given(st.integers(1, 40), st.floats(0.01, 1))
def test_runs_fall_from_their_level_to_zero_in_the_steps_asked_for(steps: int, start: float):
    shares = CosineSchedule().fractions(steps, start)
    assert len(shares) == steps + 1 and shares[0] == pytest.approx(1) and shares[-1] == 0
    assert all(before > after for before, after in pairwise(shares))


@given(st.integers(2, 40), st.data())
def test_what_is_left_of_a_run_goes_on_as_one_that_begins_there(steps: int, data: st.DataObject):
    done = data.draw(st.integers(1, steps - 1))
    whole = CosineSchedule().fractions(steps)
    level = whole[done]
    assert [level * share for share in CosineSchedule().fractions(steps - done, level)] == pytest.approx(
        whole[done:]
    )


def test_no_step_from_noise_is_shorter_than_the_one_before_it():
    steps = -np.diff(CosineSchedule().fractions(12))
    assert (np.diff(steps) > 0).all(), "what a piece is is decided next to level 1"


def test_mixing_leaves_the_known_and_drowns_the_unknown():
    z, noise = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    levels = torch.zeros(2, 3, 5)
    levels[0, 1] = 1
    x = mix(z, noise, levels, CosineSchedule())
    assert torch.equal(x[0, 1], noise[0, 1])
    levels[0, 1] = 0
    assert torch.equal(mix(z, noise, levels, CosineSchedule()), z)


@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
@settings(max_examples=30)
def test_windows_agree_where_they_overlap(start: int, a: int, length_a: int, b: int, length_b: int):
    first, last = max(a, b), min(a + length_a, b + length_b)
    one = keyed_noise(7, 2, start + a, length_a, CHANNELS)
    other = keyed_noise(7, 2, start + b, length_b, CHANNELS)
    if first < last:
        assert torch.equal(one[:, first - a : last - a], other[:, first - b : last - b])


def test_noise_is_standard_normal():
    noise = keyed_noise(1, 0, 0, 4000, CHANNELS)
    # The critical distance of the Kolmogorov-Smirnov test at one in a million is about 2.7 / sqrt n.
    assert kolmogorov_distance(noise) < 2.7 / math.sqrt(noise.numel())
    assert noise.mean() == pytest.approx(0, abs=5 / math.sqrt(noise.numel()))
    assert noise.var() == pytest.approx(1, abs=5 * math.sqrt(2 / noise.numel()))
    assert noise.isfinite().all()


def test_channels_and_frames_are_independent():
    noise = keyed_noise(1, 0, 0, 4000, CHANNELS).double()
    covariance = noise @ noise.T / noise.shape[1]
    assert (covariance - torch.eye(CHANNELS)).abs().max() < 6 / math.sqrt(noise.shape[1])
    # Both numbers of a Box-Muller pair share a radius: their squares have to be uncorrelated too.
    squares = torch.corrcoef(noise.square())
    assert (squares - torch.eye(CHANNELS)).abs().max() < 6 / math.sqrt(noise.shape[1])
    assert abs(correlation(noise[:, 1:], noise[:, :-1])) < 5 / math.sqrt(noise.numel())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, 0, 0), (1, 0, 0)),
        ((0, 0, 0), (0, 1, 0)),
        ((0, 0, 0), (0, 0, 1)),
        ((1, 2, 3), (3, 2, 1)),
        ((5 + 2**32, 0, 0), (5, 1, 0)),
        ((5 + (3 << 32), 0, 0), (5, 3, 0)),
        ((2**63, 0, 0), (2**63 + 2**40, 0, 0)),
    ],
)
def test_other_seeds_tracks_and_draws_give_unrelated_noise(one: tuple, other: tuple):
    def noise(seed: int, track: int, draw: int) -> torch.Tensor:
        return keyed_noise(seed, track, 100, 2000, CHANNELS, draw)

    assert abs(correlation(noise(*one), noise(*other))) < 5 / math.sqrt(2000 * CHANNELS)


def test_an_item_does_not_depend_on_its_batch():
    z = torch.zeros(3, 2, CHANNELS, 9)
    batch = noise_like(z, [4, 5, 6], starts=17, draw=2)
    assert torch.equal(batch.flip(0), noise_like(z, [6, 5, 4], starts=17, draw=2))
    assert torch.equal(batch[1:2], noise_like(z[:1], [5], starts=17, draw=2))
    for track in range(2):
        assert torch.equal(batch[1, track], keyed_noise(5, track, 17, 9, CHANNELS, 2))


def test_global_generators_are_neither_read_nor_moved():
    torch.manual_seed(3)
    np.random.seed(3)
    expected = torch.rand(1), np.random.random()
    torch.manual_seed(3)
    np.random.seed(3)
    keyed_noise(1, 0, 0, 10, CHANNELS)
    assert (torch.rand(1), np.random.random()) == expected
