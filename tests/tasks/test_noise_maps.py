"""Every task as its map of levels, and played through against an exact denoiser."""

from __future__ import annotations

import pytest
import torch
from gaussian import GaussianOracle, with_mixture
from torch import Tensor

from msgld.diffusion.noise import CosineSchedule
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.rollout import calls, roll_out, windows
from msgld.diffusion.sample import last_state, run
from msgld.diffusion.settings import Sampling
from msgld.tasks import noise_maps as maps

# Two stems and their sum.
STEMS = torch.tensor([[1.0, 0.8], [0.8, 1.0]], dtype=torch.float64)
COVARIANCE = with_mixture(STEMS)
K, T = 3, 6
DRAWS = 5000
MANY = Sampling(steps=40, sampler="multistep", seed=3)


def rows(task: NoiseMap) -> tuple[list[float], list[bool], list[bool]]:
    """A map that is the same in every frame, as lists over the tracks: levels, wanted, presence."""
    assert (task.levels == task.levels[..., :1]).all()
    assert (task.wanted == task.wanted[..., :1]).all()
    assert task.levels.shape == task.wanted.shape == (1, K, T)
    levels = [round(level, 6) for level in task.levels[0, :, 0].tolist()]
    return levels, task.wanted[0, :, 0].tolist(), task.presence[0].tolist()


def test_separate():
    assert rows(maps.separate(K, T)) == ([1, 1, 0], [True, True, False], [True, True, True])


def test_separate_knowing_some_stems():
    task = maps.separate(K, T, {1: 0.0})
    assert rows(task) == ([1, 0, 0], [True, False, False], [True, True, True])


def test_generate():
    assert rows(maps.generate(K, T)) == ([1, 1, 1], [True, True, False], [True, True, False])


def test_arrange():
    task = maps.arrange(K, T, {0: 0.0})
    assert rows(task) == ([0, 1, 1], [False, True, False], [True, True, False])


def test_arrange_softly():
    task = maps.arrange(K, T, {0: 0.3})
    assert rows(task) == ([0.3, 1, 1], [False, True, False], [True, True, False])


def test_vary():
    levels, wanted, present = rows(maps.vary(K, T, 0.6))
    assert levels[:2] == [0.6, 0.6]
    assert (wanted, present) == ([True, True, False], [True, True, False])


def test_continue():
    task = maps.restrict(maps.generate(K, T), 4, T)
    assert task.levels[0, :2].tolist() == [[0, 0, 0, 0, 1, 1]] * 2
    assert task.wanted[0, :2].tolist() == [[False] * 4 + [True] * 2] * 2
    assert not task.wanted[0, 2].any()
    assert task.presence[0].tolist() == [True, True, False]


def test_replay_a_stretch_of_one_stem():
    task = maps.restrict(maps.arrange(K, T, {0: 0.0}), 2, 4)
    assert task.levels[0].tolist() == [[0] * 6, [0, 0, 1, 1, 0, 0], [1] * 6]
    assert task.wanted[0].tolist() == [[False] * 6, [False, False, True, True, False, False], [False] * 6]


def test_between_separating_and_generating():
    task = maps.separate(K, T, noise=0.4)
    assert rows(task) == ([1, 1, 0.4], [True, True, False], [True, True, True])


def test_without_a_stem():
    task = maps.drop(maps.generate(K, T), [1])
    assert rows(task) == ([1, 1, 1], [True, False, False], [True, False, False])


# Played through


def play(task: NoiseMap, z: Tensor, settings: Sampling = MANY, memory: float = 0.0) -> Tensor:
    """The latents that a task ends with, (K, draws, T)."""
    return last_state(run(GaussianOracle(COVARIANCE, memory), z, task, settings)).x[0]


def piece(frames: int = T, memory: float = 0.0) -> Tensor:
    return GaussianOracle(COVARIANCE, memory).draw(frames, DRAWS, seed=11)


def covariance(tracks: Tensor) -> Tensor:
    return torch.cov(tracks.flatten(1))


def test_separated_stems_sum_to_the_mixture_and_are_plausible():
    z = piece()
    made = play(maps.separate(K, T), z)
    assert torch.equal(made[2], z[0, 2])
    assert (made[:2].sum(0) - z[0, 2]).abs().max() < 1e-3
    assert (covariance(made) - COVARIANCE).abs().max() < 0.1


def test_one_call_separates_with_the_least_squared_error():
    z = piece()
    made = play(maps.separate(K, T), z, Sampling())
    assert torch.allclose(made[:2], z[0, 2:] / 2, atol=1e-6)
    # E|z - E[z | m]|^2 = 1 - 1.8^2 / 3.6; a sample has twice that.
    assert (made[:2] - z[0, :2]).square().mean() == pytest.approx(0.1, rel=0.05)
    sampled = play(maps.separate(K, T), z)
    assert (sampled[:2] - z[0, :2]).square().mean() == pytest.approx(0.2, rel=0.1)


def test_knowing_all_but_one_stem_gives_that_one():
    z = piece()
    made = play(maps.separate(K, T, {0: 0.0}), z)
    assert (made - z[0]).abs().max() < 1e-4


def test_generated_stems_are_distributed_as_the_data():
    made = play(maps.generate(K, T), torch.zeros(1, K, DRAWS, T, dtype=torch.float64))
    assert (covariance(made[:2]) - STEMS).abs().max() < 0.05
    assert made[:2].mean((1, 2)).abs().max() < 0.03


def test_arranging_fits_what_is_given():
    z = piece()
    made = play(maps.arrange(K, T, {0: 0.0}), z)
    assert torch.equal(made[0], z[0, 0])
    residual = made[1] - 0.8 * made[0]
    assert residual.mean() == pytest.approx(0, abs=0.02)
    assert residual.var() == pytest.approx(1 - 0.64, abs=0.02)
    # Nothing of the true stem or of the mixture leaked in.
    truth = z[0, 1] - 0.8 * z[0, 0]
    assert torch.corrcoef(torch.stack([residual.flatten(), truth.flatten()]))[0, 1].abs() < 0.02


@pytest.mark.parametrize("level", [0.3, 0.7])
def test_arranging_softly_keeps_the_less_the_higher_the_level(level: float):
    z = piece()
    made = play(maps.arrange(K, T, {0: level}), z)
    alpha = float(CosineSchedule()(torch.tensor(level))[0])
    both = torch.stack([made[1].flatten(), z[0, 0].flatten()])
    assert torch.cov(both)[0, 1] == pytest.approx(0.8 * alpha**2, abs=0.03)
    assert made[1].var() == pytest.approx(1, abs=0.03)


def test_varying_keeps_the_distribution_and_some_of_the_piece():
    z, likeness = piece(), []
    for level in (0.1, 0.5, 0.9):
        made = play(maps.vary(K, T, level), z)
        assert (covariance(made[:2]) - STEMS).abs().max() < 0.05
        likeness.append(float(torch.corrcoef(torch.stack([made[0].flatten(), z[0, 0].flatten()]))[0, 1]))
    assert likeness[0] > 0.95 > likeness[1] > 0.4 > likeness[2]


def test_continuing_goes_on_from_the_past():
    z = piece(memory=0.9)
    made = play(maps.restrict(maps.generate(K, T), 4, T), z, memory=0.9)
    assert torch.equal(made[:2, :, :4], z[0, :2, :, :4])
    # The next frame of an AR(1) process: 0.9 times the last one, and fresh noise in the stems' proportions.
    news = made[:2, :, 4] - 0.9 * z[0, :2, :, 3]
    assert (torch.cov(news) - (1 - 0.81) * STEMS).abs().max() < 0.02


def test_replaying_joins_at_both_ends():
    z = piece(memory=0.9)
    made = play(maps.restrict(maps.arrange(K, T, {0: 0.0}), 2, 3), z, Sampling(120, seed=3), memory=0.9)
    assert torch.equal(made[0], z[0, 0])
    assert torch.equal(made[1][:, [0, 1, 3, 4, 5]], z[0, 1][:, [0, 1, 3, 4, 5]])
    joint = GaussianOracle(COVARIANCE, 0.9).covariance(T)
    known = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    gain = joint[8, known] @ torch.linalg.inv(joint[known][:, known])
    expected = torch.einsum("k,kd->d", gain, z[0, :2].transpose(1, 2).flatten(0, 1)[known])
    left = float(joint[8, 8] - gain @ joint[known, 8])
    assert (made[1, :, 2] - expected).mean() == pytest.approx(0, abs=0.02)
    assert (made[1, :, 2] - expected).var() == pytest.approx(left, rel=0.1)


@pytest.mark.parametrize("level", [0.3, 0.7])
def test_between_lies_between(level: float):
    z = piece()
    made = play(maps.separate(K, T, noise=level), z)
    alpha = float(CosineSchedule()(torch.tensor(level))[0])
    both = torch.stack([made[:2].sum(0).flatten(), z[0, 2].flatten()])
    # Cov[E[m | x], m] for x = alpha m + sigma n, where m has variance 3.6.
    expected = 3.6 * alpha**2 * 3.6 / (alpha**2 * 3.6 + 1 - alpha**2)
    assert torch.cov(both)[0, 1] == pytest.approx(expected, rel=0.03)
    assert (covariance(made[:2]) - STEMS).abs().max() < 0.06


def test_the_same_seed_gives_the_same_result_and_another_seed_another():
    z = piece()
    task = maps.arrange(K, T, {0: 0.0})
    for name, eta in (("ddim", 0.0), ("ddim", 1.0), ("multistep", 0.0)):
        one, same, other = (play(task, z, Sampling(4, 1.0, seed, name, eta)) for seed in (1, 1, 2))
        assert torch.equal(one, same)
        assert not torch.allclose(one[1], other[1], atol=0.1)


def test_guidance_weight_zero_ignores_what_is_given():
    z = piece()
    settings = Sampling(40, 0.0, 3, "multistep")
    made = play(maps.arrange(K, T, {0: 0.0}), z, settings)
    assert torch.corrcoef(torch.stack([made[1].flatten(), z[0, 0].flatten()]))[0, 1].abs() < 0.02
    assert torch.equal(made[0], z[0, 0])


# Longer than a window

WINDOW, PAST = 8, 3
FEW = Sampling(steps=3, seed=5, sampler="multistep")


def on(task: NoiseMap, z: Tensor, settings: Sampling = FEW) -> tuple[list[Tensor], GaussianOracle]:
    oracle = GaussianOracle(COVARIANCE, 0.7)
    return [made.clone() for _, made in roll_out(oracle, z, task, settings, WINDOW, PAST)], oracle


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 12, 13, 14, 30])
def test_windows_cover_every_frame_once_and_hear_the_past(frames: int):
    done = 0
    for first, last, fresh in windows(frames, WINDOW, PAST):
        assert fresh == done
        assert last > fresh >= first >= 0
        assert last - first == min(WINDOW, frames)
        assert fresh == 0 or fresh - first >= PAST
        done = last
    assert done == frames


@pytest.mark.parametrize("frames", [5, 8, 9, 13, 21])
def test_a_roll_out_makes_everything_wanted_in_as_many_calls_as_promised(frames: int):
    blank = torch.full((1, K, 4, frames), 77.0, dtype=torch.float64)
    states, oracle = on(maps.generate(K, frames), blank)
    assert len(states) == len(oracle.calls) == calls(maps.generate(K, frames), FEW, WINDOW, PAST)
    assert (states[-1][:, :2] != 77).all()
    assert (states[-1][:, :2].abs() < 7).all()
    assert (states[-1][:, 2] == 77).all(), "the mixture is not wanted"
    assert (blank == 77).all(), "the input is the caller's"


def test_what_is_made_stays_as_it_is():
    states, _ = on(maps.generate(K, 21), torch.zeros(1, K, 4, 21, dtype=torch.float64))
    final = states[-1]
    for number, made in enumerate(states):
        done = WINDOW if number + 1 >= FEW.steps else 0
        assert torch.equal(made[:, :2, :, :done], final[:, :2, :, :done])


def test_later_windows_are_told_the_past():
    _, oracle = on(maps.generate(K, 13), torch.zeros(1, K, 4, 13, dtype=torch.float64))
    levels = oracle.calls[FEW.steps][0]
    assert levels[0, :2].tolist() == [[0] * PAST + [1] * (WINDOW - PAST)] * 2


def test_given_tracks_are_unchanged_in_every_window():
    z = GaussianOracle(COVARIANCE, 0.7).draw(21, 4, seed=2)
    states, oracle = on(maps.arrange(K, 21, {1: 0.0}), z)
    assert torch.equal(states[-1][:, 1], z[:, 1])
    assert (states[-1][:, 0] != z[:, 0]).all()
    assert all((levels[:, 1] == 0).all() for levels, _ in oracle.calls)


def test_softly_given_tracks_stay_soft_in_the_past():
    z = GaussianOracle(COVARIANCE, 0.7).draw(21, 4, seed=2)
    _, oracle = on(maps.arrange(K, 21, {1: 0.4}), z)
    assert all(torch.allclose(levels[:, 1], torch.tensor(0.4)) for levels, _ in oracle.calls)


def test_a_replayed_stretch_touches_only_its_windows():
    z = GaussianOracle(COVARIANCE, 0.7).draw(40, 4, seed=2)
    states, oracle = on(maps.restrict(maps.arrange(K, 40, {1: 0.0}), 30, 33), z)
    changed = (states[-1] != z).any(2)[0]
    assert changed[0].nonzero().flatten().tolist() == [30, 31, 32]
    assert not changed[1:].any()
    assert len(oracle.calls) < calls(maps.generate(K, 40), FEW, WINDOW, PAST)


def test_the_first_window_does_not_know_how_long_the_piece_gets():
    short, _ = on(maps.generate(K, WINDOW), torch.zeros(1, K, 4, WINDOW, dtype=torch.float64))
    long, _ = on(maps.generate(K, 21), torch.zeros(1, K, 4, 21, dtype=torch.float64))
    assert torch.equal(short[-1][:, :2], long[-1][:, :2, :, :WINDOW])


def test_a_long_piece_has_the_distribution_of_the_data_across_the_joins():
    frames = 13
    blank = torch.zeros(1, K, DRAWS, frames, dtype=torch.float64)
    states, _ = on(maps.generate(K, frames), blank, Sampling(30, seed=1, sampler="multistep"))
    made = states[-1][0, 0]
    for frame in range(frames - 1):
        neighbours = torch.cov(made[:, frame : frame + 2].T)
        assert neighbours[0, 1] == pytest.approx(0.7, abs=0.06), frame
        assert neighbours[1, 1] == pytest.approx(1, abs=0.08), frame
