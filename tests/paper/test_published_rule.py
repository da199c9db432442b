"""The published way to arrange, measured against the truth: two Gaussian stems whose exact denoiser is known.

Correlation 0.9, the first stem given as 1.5: the other one is N(1.35, 0.19). The rule (overwrite the given stem with
a copy noised to the level of the other, then step) is compared with repeated steps and with a stem given at level 0.
"""

from __future__ import annotations

import pytest
import torch
from gaussian import GaussianOracle, with_mixture
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Draw, Estimate
from msgld.diffusion.guidance import Guided
from msgld.diffusion.noise import CosineSchedule, Schedule
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import last_state, run
from msgld.diffusion.settings import Sampling
from msgld.errors import UsageError
from msgld.paper.denoiser import Overwriting, all_present
from msgld.paper.schedule import SqrtLinearSchedule
from msgld.tasks import noise_maps as maps

DRAWS = 4000
GIVEN = 1.5
MEAN, VARIANCE = 0.9 * GIVEN, 1 - 0.9**2
SCHEDULES = (CosineSchedule(), SqrtLinearSchedule())


class OneLevel(GaussianOracle):
    """The exact denoiser of two stems and their sum, which may only be asked about one level for all stems."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(with_mixture(torch.tensor([[1.0, 0.9], [0.9, 1.0]])))
        self.schedule = schedule

    def __call__(self, x: Tensor, levels: Tensor, presence: Tensor) -> Estimate:
        assert (levels[:, :-1] == levels[:, :1, :1]).all(), "several levels"
        return super().__call__(x, levels, presence)

    def adapt(self, guided: Denoiser, task: NoiseMap, noise: Draw) -> tuple[Denoiser, NoiseMap]:
        return Overwriting(guided, noise), all_present(task)


class Joint(OneLevel):
    """The same, but each frame may have a level of its own: what a network trained on noise maps learns."""

    __call__ = GaussianOracle.__call__
    adapt = GaussianOracle.adapt


def arranged(denoiser: GaussianOracle, **settings: float) -> Tensor:
    """Many draws of the second stem, the first one given."""
    z = torch.zeros(1, 3, DRAWS, 1, dtype=torch.float64)
    z[:, 0] = GIVEN
    task = maps.arrange(3, 1, {0: 0.0})
    state = last_state(run(denoiser, z, task, Sampling(**{"steps": 100, "seed": 3, "eta": 1.0, **settings})))
    assert torch.equal(state.x[:, 0], z[:, 0]), "what is given comes back as it was"
    return state.x[0, 1, :, 0]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_the_published_rule_hears_too_little_and_more_steps_do_not_help(schedule: Schedule):
    means = [float(arranged(OneLevel(schedule), steps=steps).mean()) for steps in (50, 200)]
    assert all(0.8 < mean < 1.1 for mean in means), means
    assert abs(means[0] - means[1]) < 0.1


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_repeated_steps_come_close_to_the_truth(schedule: Schedule):
    means = [float(arranged(OneLevel(schedule), iterations=turns).mean()) for turns in (1, 3, 10)]
    assert means[0] < means[1] < means[2]
    assert means[2] == pytest.approx(MEAN, abs=0.08)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_a_stem_given_at_level_0_is_heard_exactly(schedule: Schedule):
    made = arranged(Joint(schedule))
    assert made.mean() == pytest.approx(MEAN, abs=0.03)
    assert made.var() == pytest.approx(VARIANCE, abs=0.03)


def test_repeating_steps_does_not_spoil_what_is_exact():
    made = arranged(Joint(CosineSchedule()), iterations=3, steps=300)
    assert made.mean() == pytest.approx(MEAN, abs=0.03)
    assert made.var() == pytest.approx(VARIANCE, abs=0.03)


def test_generation_needs_no_rule():
    z = torch.zeros(1, 3, DRAWS, 1, dtype=torch.float64)
    oracle = OneLevel(SqrtLinearSchedule())
    made = last_state(run(oracle, z, maps.generate(3, 1), Sampling(steps=200, eta=1.0))).x[0, :2, :, 0]
    assert torch.cov(made).flatten().tolist() == pytest.approx([1, 0.9, 0.9, 1], abs=0.06)
    assert not any(presence[0, -1] for _, presence in oracle.calls)


def test_separation_takes_the_mixture_as_it_is():
    oracle = OneLevel(SqrtLinearSchedule())
    z = oracle.draw(1, DRAWS)
    made = last_state(run(oracle, z, maps.separate(3, 1), Sampling(steps=200))).x[0, :, :, 0]
    assert (made[0] + made[1] - z[0, 2, :, 0]).abs().mean() < 0.05


def test_stems_that_nobody_asks_for_are_made_all_the_same():
    oracle = OneLevel(CosineSchedule())
    z = torch.zeros(1, 3, DRAWS, 1, dtype=torch.float64)
    task = maps.drop(maps.generate(3, 1), [1])
    made = last_state(run(oracle, z, task, Sampling(steps=100))).x[0, 0, :, 0]
    assert made.var() == pytest.approx(1, abs=0.1)
    assert all(presence[0, :2].all() for _, presence in oracle.calls)


def noise(number: int) -> Tensor:
    return torch.randn(1, 3, 4, 2, generator=torch.Generator().manual_seed(number))


def ask(levels: list[list[float]], mixture: bool = False) -> None:
    presence = torch.tensor([[True, True, mixture]])
    Overwriting(OneLevel(CosineSchedule()), noise)(noise(0), torch.tensor([levels]), presence)


def test_what_the_rule_has_no_answer_to_is_refused():
    ask([[0.0, 0.4], [0.4, 0.4], [1.0, 1.0]])
    with pytest.raises(UsageError, match="exact"):
        ask([[0.3, 0.3], [0.9, 0.9], [1.0, 1.0]])
    with pytest.raises(UsageError, match="guidance"):
        ask([[0.9, 0.9], [0.9, 0.9], [0.5, 0.5]], mixture=True)


@pytest.mark.parametrize(("weight", "passes"), [(0.0, 1), (1.0, 1), (2.0, 2)])
def test_one_pass_a_step_where_guidance_has_nothing_to_weigh(weight: float, passes: int):
    oracle = OneLevel(SqrtLinearSchedule())
    z = oracle.draw(1, 4)
    last_state(run(oracle, z, maps.separate(3, 1), Sampling(steps=10, guidance=weight)))
    assert len(oracle.calls) == 10 * passes


def test_an_arrangement_is_not_guided_by_its_own_stems():
    # The published weight is about the mixture alone: without one there is nothing to weigh.
    oracle = OneLevel(SqrtLinearSchedule())
    z = oracle.draw(1, 4)
    last_state(run(oracle, z, maps.arrange(3, 1, {0: 0.0}), Sampling(steps=10, guidance=2.0)))
    assert len(oracle.calls) == 10


class TestSchedule:
    def test_the_published_grid(self):
        assert SqrtLinearSchedule().grid(5) == [801, 601, 401, 201, 1]
        assert SqrtLinearSchedule().grid(200)[:2] == [996, 991]

    @pytest.mark.parametrize("steps", [2, 3, 7, 12, 150, 333, 999])
    def test_as_many_steps_as_asked_for(self, steps: int):
        grid = SqrtLinearSchedule().grid(steps)
        assert len(set(grid)) == steps and max(grid) < 1000
        assert grid == sorted(grid, reverse=True)

    @pytest.mark.parametrize("steps", [0, 1, 1000])
    def test_steps_that_cannot_be(self, steps: int):
        with pytest.raises(UsageError, match="steps"):
            SqrtLinearSchedule().fractions(steps)

    def test_a_timestep_survives_the_way_through_a_level(self):
        schedule = SqrtLinearSchedule()
        times = torch.arange(1000)
        assert torch.equal(schedule.timestep(((times + 1) / 1000).float()), times)

    def test_levels_are_monotone_and_keep_the_variance(self):
        levels = torch.linspace(0, 1, 1001, dtype=torch.float64)
        alpha, sigma = SqrtLinearSchedule()(levels)
        assert (alpha.diff() < 0).all() and (sigma.diff() > 0).all()
        assert torch.allclose(alpha**2 + sigma**2, torch.ones_like(alpha))
        assert alpha[0] == 1 and float(alpha[-1] ** 2) == pytest.approx(1.423e-4, rel=1e-3)


def test_guided_first_then_overwritten():
    # Guidance inside the rule sees given stems at the level of the others, so only the mixture counts as given.
    oracle = OneLevel(CosineSchedule())
    levels = torch.tensor([[[0.0], [0.5], [0.0]]])
    wrapped = Overwriting(Guided(oracle, 2.0), lambda number: torch.zeros(1, 3, 4, 1))
    wrapped(torch.zeros(1, 3, 4, 1), levels, torch.ones(1, 3, dtype=torch.bool))
    assert len(oracle.calls) == 2


def test_a_map_of_nothing_wanted_changes_nothing():
    z = torch.randn(1, 3, 4, 2, dtype=torch.float64)
    levels = torch.zeros(1, 3, 2)
    task = NoiseMap(levels, torch.zeros(1, 3, 2, dtype=torch.bool), torch.ones(1, 3, dtype=torch.bool))
    assert torch.equal(last_state(run(Joint(CosineSchedule()), z, task, Sampling(steps=2))).x, z)
