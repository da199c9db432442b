"""The sampler against an exact denoiser: moments, conditionals, and what must not change."""

from __future__ import annotations

import math

import pytest
import torch
from gaussian import GaussianOracle, with_mixture
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Estimate
from msgld.diffusion.guidance import Guided
from msgld.diffusion.noise import CosineSchedule, mix
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import State, last_state, sample, stepper_of
from msgld.diffusion.settings import Sampling

DRAWS = 20_000
# Three stems, the first two of them strongly correlated.
STEMS = torch.tensor([[1.0, 0.9, 0.2], [0.9, 1.0, 0.0], [0.2, 0.0, 0.5]], dtype=torch.float64)
PAIR = torch.tensor([[1.0, 0.9], [0.9, 1.0]], dtype=torch.float64)


SETTINGS = {"ddim": Sampling(), "ddpm": Sampling(eta=1.0), "multistep": Sampling(sampler="multistep")}


def task(
    levels: list[float], wanted: list[bool] | None = None, present: list[bool] | None = None
) -> NoiseMap:
    """A map of one frame; by default everything at level 1 is wanted and everything is present."""
    wanted = [level == 1 for level in levels] if wanted is None else wanted
    present = [True] * len(levels) if present is None else present
    at = torch.tensor(levels, dtype=torch.float32)[None, :, None]
    return NoiseMap(at, torch.tensor(wanted)[None, :, None], torch.tensor([present]))


def normal(tracks: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, tracks, DRAWS, 1, generator=generator, dtype=torch.float64)


def run(oracle: GaussianOracle, z: Tensor, wish: NoiseMap, steps: int, name: str = "ddim") -> Tensor:
    """Every channel is a draw of its own; the result as (K, draws)."""
    x = mix(z, normal(z.shape[1], 1), wish.levels, oracle.schedule)
    states = sample(
        oracle, x, wish, steps, stepper_of(SETTINGS[name]), lambda step: normal(z.shape[1], 100 + step)
    )
    return last_state(states).x[0, :, :, 0]


def held(values: list[float]) -> Tensor:
    """Latents of the given values, the same in every draw."""
    return torch.tensor(values, dtype=torch.float64).view(1, -1, 1, 1).expand(-1, -1, DRAWS, -1)


@pytest.mark.parametrize(("name", "steps"), [("ddim", 150), ("ddpm", 300), ("multistep", 40)])
def test_generation_has_the_moments_of_the_data(name: str, steps: int):
    made = run(GaussianOracle(STEMS), held([0, 0, 0]), task([1, 1, 1]), steps, name)
    assert made.mean(1).abs().max() < 5 / math.sqrt(DRAWS)
    assert (torch.cov(made) - STEMS).abs().max() < 0.05


@pytest.mark.parametrize(("name", "steps"), [("ddim", 150), ("ddpm", 300), ("multistep", 40)])
def test_a_given_stem_yields_the_true_conditional(name: str, steps: int):
    made = run(GaussianOracle(PAIR), held([1.5, 0]), task([0, 1]), steps, name)
    assert made[1].mean() == pytest.approx(1.35, abs=0.02)
    assert made[1].var() == pytest.approx(1 - 0.81, abs=0.015)


@pytest.mark.parametrize("level", [0.2, 0.5, 0.8])
def test_a_softly_given_stem_is_known_as_well_as_its_level_says(level: float):
    oracle = GaussianOracle(PAIR)
    made = run(oracle, held([1.5, 0]), task([level, 1], [False, True]), 150)
    alpha, sigma = CosineSchedule()(torch.tensor(level, dtype=torch.float64))
    # All that is seen is x1 = alpha 1.5 + sigma n: E[z2 | x1] = 0.9 alpha x1, its variance 1 - (0.9 alpha)^2.
    seen = made[0]
    assert seen.mean() == pytest.approx(1.5 * float(alpha), abs=5 * float(sigma) / math.sqrt(DRAWS))
    expected = 0.9 * alpha * seen
    assert (made[1] - expected).mean() == pytest.approx(0, abs=0.03)
    assert (made[1] - expected).var() == pytest.approx(float(1 - (0.9 * alpha) ** 2), abs=0.03)
    assert torch.corrcoef(torch.stack([made[1] - expected, seen]))[0, 1].abs() < 0.03


@pytest.mark.parametrize("name", SETTINGS)
def test_separated_stems_sum_to_the_mixture(name: str):
    oracle = GaussianOracle(with_mixture(STEMS))
    z = oracle.draw(1, DRAWS)
    made = run(oracle, z, task([1, 1, 1, 0]), 50, name)
    mixture = z[0, -1, :, 0]
    assert (made[:-1].sum(0) - mixture).abs().max() < 1e-3
    assert torch.equal(made[-1], mixture)
    # A sample, not a mean: together with the mixture it is distributed as the true stems are.
    assert (torch.cov(made) - with_mixture(STEMS)).abs().max() < 0.1


def test_one_call_from_pure_noise_is_the_conditional_mean():
    covariance = with_mixture(STEMS)
    oracle = GaussianOracle(covariance)
    z = oracle.draw(1, DRAWS)
    made = run(oracle, z, task([1, 1, 1, 0]), 1)
    expected = covariance[:3, 3:] / covariance[3, 3] * z[0, -1, :, 0]
    assert torch.allclose(made[:3], expected, atol=1e-9)
    assert len(oracle.calls) == 1


def flow(oracle: GaussianOracle, start: Tensor, steps: int, name: str) -> Tensor:
    wish = task([1.0] * start.shape[1])
    return last_state(sample(oracle, start, wish, steps, stepper_of(SETTINGS[name]))).x


@pytest.mark.parametrize("steps", [6, 8, 12, 16, 25])
def test_the_second_order_is_closer_to_the_limit(steps: int):
    oracle, start = GaussianOracle(STEMS), normal(3, 5)[:, :, :500]
    values, vectors = torch.linalg.eigh(STEMS)
    # The limit of infinitely many steps of the flow multiplies by the covariance's square root.
    limit = torch.einsum("ij,bjct->bict", vectors * values.sqrt() @ vectors.T, start)
    errors = {
        name: (flow(oracle, start, steps, name) - limit).square().mean() for name in ("ddim", "multistep")
    }
    assert errors["multistep"] < errors["ddim"]


@pytest.mark.parametrize("name", ["ddim", "multistep"])
def test_the_error_vanishes_with_the_steps(name: str):
    oracle, start = GaussianOracle(STEMS), normal(3, 5)[:, :, :500]
    values, vectors = torch.linalg.eigh(STEMS)
    limit = torch.einsum("ij,bjct->bict", vectors * values.sqrt() @ vectors.T, start)
    errors = [float((flow(oracle, start, steps, name) - limit).abs().mean()) for steps in (10, 40, 160)]
    assert errors[1] < errors[0] / 2
    # Four times the steps: a quarter of the error at first order, less at a higher one.
    assert errors[2] < errors[1] / (3.5 if name == "ddim" else 5)


@pytest.mark.parametrize("name", SETTINGS)
def test_held_tracks_never_change(name: str):
    oracle = GaussianOracle(with_mixture(STEMS))
    x = normal(4, 3)
    wish = task([0, 1, 0.4, 0], [False, True, False, False])
    for state in sample(oracle, x, wish, 5, stepper_of(SETTINGS[name]), lambda step: normal(4, step)):
        assert torch.equal(state.x[:, [0, 2, 3]], x[:, [0, 2, 3]])
        assert not torch.equal(state.x[:, 1], x[:, 1])
    for levels, _ in oracle.calls:
        assert levels[0, [0, 2, 3], 0].tolist() == pytest.approx([0, 0.4, 0])


def test_the_levels_fall_by_the_schedule_and_every_call_is_yielded():
    oracle = GaussianOracle(STEMS)
    states = list(sample(oracle, normal(3, 1), task([1, 0.5, 0.3], [True, True, False]), 4))
    assert [(state.step, state.steps) for state in states] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    levels = torch.stack([levels[0, :, 0] for levels, _ in oracle.calls])
    fall = torch.tensor(CosineSchedule().fractions(4)[:-1])
    held = torch.full((4,), 0.3)
    assert torch.allclose(levels, torch.stack([fall, 0.5 * fall, held], 1))


def test_steppers_without_noise_ask_for_none_and_ddpm_says_so():
    oracle = GaussianOracle(STEMS)
    last_state(sample(oracle, normal(3, 1), task([1, 1, 1]), 3))
    with pytest.raises(ValueError, match="noise"):
        last_state(sample(oracle, normal(3, 1), task([1, 1, 1]), 3, stepper_of(SETTINGS["ddpm"])))


def test_no_step_is_an_error():
    with pytest.raises(ValueError, match="step"):
        last_state(sample(GaussianOracle(STEMS), normal(3, 1), task([1, 1, 1]), 0))


# Guidance


def last_estimate(denoiser: Guided | GaussianOracle, x: Tensor, wish: NoiseMap) -> Tensor:
    return denoiser(x, wish.levels, wish.presence).z


GIVEN = task([0, 0.7, 0.7], [False, True, True])


def test_guidance_of_weight_one_is_plain_for_one_call():
    oracle, x = GaussianOracle(STEMS), normal(3, 2)
    plain = last_estimate(oracle, x, GIVEN)
    oracle.calls.clear()
    assert torch.equal(last_estimate(Guided(oracle, 1.0), x, GIVEN), plain)
    assert len(oracle.calls) == 1


def test_guidance_of_weight_zero_ignores_what_is_given_for_one_call():
    oracle, x = GaussianOracle(STEMS), normal(3, 2)
    null = last_estimate(oracle, x, NoiseMap(GIVEN.levels, GIVEN.wanted, torch.tensor([[False, True, True]])))
    oracle.calls.clear()
    assert torch.equal(last_estimate(Guided(oracle, 0.0), x, GIVEN)[:, 1:], null[:, 1:])
    assert [presence.tolist() for _, presence in oracle.calls] == [[[False, True, True]]]


@pytest.mark.parametrize("weight", [0.25, 0.5, 2.0])
def test_guidance_is_linear_in_its_weight(weight: float):
    oracle, x = GaussianOracle(STEMS), normal(3, 2)
    null, full = (last_estimate(Guided(oracle, w), x, GIVEN) for w in (0.0, 1.0))
    oracle.calls.clear()
    guided = last_estimate(Guided(oracle, weight), x, GIVEN)
    assert torch.allclose(guided[:, 1:], (null + weight * (full - null))[:, 1:])
    assert torch.allclose(guided[:, 0], x[:, 0]), "what is given stays as it is"
    assert len(oracle.calls) == 2


@pytest.mark.parametrize("weight", [0.0, 3.0])
def test_guidance_has_nothing_to_do_where_nothing_is_given(weight: float):
    oracle, x = GaussianOracle(STEMS), normal(3, 2)
    # Absent tracks at level 0 are not given either.
    wish = task([0, 1, 1], present=[False, True, True])
    assert torch.equal(last_estimate(Guided(oracle, weight), x, wish), last_estimate(oracle, x, wish))
    assert len(oracle.calls) == 2


@pytest.mark.parametrize("weight", [1.0, 0.0, 1.5])
def test_guided_sampling_calls_the_denoiser_as_often_as_promised(weight: float):
    oracle = GaussianOracle(PAIR)
    wish = task([0, 1])
    states: list[State] = list(sample(Guided(oracle, weight), normal(2, 1), wish, 4))
    assert len(states) == 4
    assert len(oracle.calls) == (4 if weight in (0, 1) else 8)


def test_guided_shares_lie_between_those_of_both_estimates_and_sum_to_one():
    class Two(Denoiser):
        schedule = CosineSchedule()

        def __call__(self, x, levels, presence):
            scores = torch.tensor([0.0, 2.0]) if bool(presence[0, -1]) else torch.tensor([0.0, 0.0])
            return Estimate(x, scores.softmax(0).view(1, 2, 1, 1).expand(1, 2, 4, 4))

    x, levels, presence = torch.zeros(1, 3, 4, 1), torch.ones(1, 3, 1), torch.ones(1, 3, dtype=torch.bool)
    levels[:, -1] = 0
    shares = {w: Guided(Two(), w)(x, levels, presence).masks for w in (0.0, 0.5, 1.0, 2.0)}
    assert all(torch.allclose(s.sum(1), torch.ones(1, 4, 4)) for s in shares.values())
    firsts = [float(shares[w][0, 1, 0, 0]) for w in (0.0, 0.5, 1.0, 2.0)]
    # Log odds of 0, 1, 2 and 4.
    assert firsts == pytest.approx([1 / (1 + math.exp(-odds)) for odds in (0, 1, 2, 4)], abs=1e-5)
