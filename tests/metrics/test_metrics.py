"""Metrics against closed forms and against another implementation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld import metrics
from msgld.errors import UsageError
from msgld.metrics.sdr import LOWEST

RNG_SHAPE = (2, 4000)


def others_si_sdr(estimate: np.ndarray, target: np.ndarray) -> torch.Tensor:
    """The same figure by another implementation, which takes seconds to load: processes without this test need not."""
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

    return scale_invariant_signal_distortion_ratio(torch.from_numpy(estimate), torch.from_numpy(target))


def signals(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape or RNG_SHAPE)


def orthogonal_noise(target: np.ndarray, seed: int = 1) -> np.ndarray:
    """Noise of the target's power with nothing of the target in it."""
    noise = signals(*target.shape, seed=seed)
    noise -= (noise * target).sum() / (target**2).sum() * target
    return noise * np.sqrt((target**2).sum() / (noise**2).sum())


@given(st.floats(-60, 60), st.floats(0.001, 1000), st.sampled_from([-1.0, 1.0]))
@settings(deadline=None, max_examples=40)
def test_si_sdr_of_known_noise_at_any_scale(level_db: float, scale: float, sign: float):
    target = signals()
    estimate = sign * scale * (target + 10 ** (-level_db / 20) * orthogonal_noise(target))
    assert metrics.si_sdr(estimate, target) == pytest.approx(level_db, abs=1e-6)
    assert metrics.si_sdr(estimate, scale * target) == pytest.approx(level_db, abs=1e-6)


def test_si_sdr_of_the_extremes():
    target = signals()
    assert metrics.si_sdr(target, target) == np.inf
    assert metrics.si_sdr(2 * target, target) > 250
    assert metrics.si_sdr(orthogonal_noise(target), target) == LOWEST
    assert metrics.si_sdr(0 * target, target) == LOWEST
    assert metrics.si_sdr(1e-200 * orthogonal_noise(target), target) == LOWEST
    assert np.isnan(metrics.si_sdr(target, 0 * target))


def test_silence_and_cancelled_channels_never_pass_for_good():
    target = signals(2, 4000)
    mixture = target + 0.5 * orthogonal_noise(target)
    assert np.isfinite(metrics.si_sdri(0 * target, target, mixture))
    assert metrics.si_sdri(0 * target, target, mixture) < -50
    opposed = target * np.array([[1], [-1]])
    assert metrics.si_sdr(opposed, opposed) == np.inf
    assert metrics.si_sdr(0 * opposed, opposed) == LOWEST
    assert metrics.summary([metrics.si_sdr(0 * target, target), 10.0]).mean == (LOWEST + 10) / 2


def test_si_sdr_of_a_batch_is_that_of_each():
    estimates, targets = signals(3, 4, 2, 500), signals(3, 4, 2, 500, seed=5)
    got = metrics.si_sdr(estimates, targets)
    assert got.shape == (3, 4)
    assert got[2, 1] == metrics.si_sdr(estimates[2, 1], targets[2, 1])


def test_si_sdr_takes_the_channels_as_one_signal():
    left = signals(1, 4000)
    target = np.concatenate([left, np.zeros_like(left)])
    # Half of the power moved to the wrong channel: as much wanted as unwanted.
    assert metrics.si_sdr(np.concatenate([left, left]), target) == pytest.approx(0.0)
    assert metrics.si_sdr(target, target) == np.inf


def test_si_sdr_of_one_mono_signal_is_a_float():
    assert isinstance(metrics.si_sdr(signals(100), signals(100, seed=1)), float)


def test_si_sdr_agrees_with_torchmetrics():
    target = signals(5, 1, 2000) + 0.5
    estimate = target + 0.3 * signals(5, 1, 2000, seed=1)
    theirs = others_si_sdr(estimate, target)
    ours = metrics.si_sdr(estimate, target)
    np.testing.assert_allclose(ours, theirs[:, 0].numpy(), atol=1e-6)


def test_si_sdri_counts_from_the_mixture():
    target = signals()
    noise = orthogonal_noise(target)
    mixture = target + noise
    assert metrics.si_sdri(mixture, target, mixture) == 0.0
    assert metrics.si_sdri(target + 0.1 * noise, target, mixture) == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("estimate", "target", "says"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "shape"),
        (np.ones((2, 0)), np.ones((2, 0)), "empty"),
        (np.full((2, 3), np.nan), np.ones((2, 3)), "estimate holds NaN"),
        (np.ones((2, 3)), np.full((2, 3), np.inf), "target holds NaN or inf"),
    ],
)
def test_arrays_that_do_not_fit_are_named(estimate: np.ndarray, target: np.ndarray, says: str):
    for metric in (metrics.si_sdr, metrics.log_mel_l1, metrics.log_mel_mse):
        with pytest.raises(UsageError, match=says):
            metric(estimate, target)


def test_silence_is_a_matter_of_rms():
    ones = np.ones((2, 1000))
    assert metrics.is_silent(10 ** (-50.1 / 20) * ones)
    assert not metrics.is_silent(10 ** (-49.9 / 20) * ones)
    assert metrics.is_silent(0 * ones, floor_db=-200)
    assert metrics.is_silent(0.1 * ones, floor_db=-19)


def test_summary_of_known_values():
    got = metrics.summary([1, 2, 3, 4, 10, float("nan")])
    assert (got.mean, got.median, got.count) == (4.0, 3.0, 5)
    assert got.low < got.mean < got.high
    assert got == metrics.summary([1, 2, 3, 4, 10]) != metrics.summary([1, 2, 3, 4, 10], seed=1)
    assert metrics.summary([2.0]) == metrics.Summary(2.0, 2.0, 2.0, 2.0, 1)


def test_summary_of_nothing():
    got = metrics.summary([float("nan")])
    assert got.count == 0 and np.isnan([got.mean, got.median, got.low, got.high]).all()


def test_summary_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [metrics.summary(rng.standard_normal(40), resamples=300) for _ in range(300)]
    covered = np.mean([one.low <= 0 <= one.high for one in intervals])
    assert 0.90 <= covered <= 0.98


def test_log_mel_distances_of_a_shift():
    mel = signals(2, 128, 30)
    assert metrics.log_mel_l1(mel - 3, mel) == pytest.approx(3.0)
    assert metrics.log_mel_mse(mel - 3, mel) == pytest.approx(9.0)
    assert metrics.log_mel_l1(mel, mel) == metrics.log_mel_mse(mel, mel) == 0.0


# The score of MSDM


def test_for_stems_that_sound_it_is_the_si_sdr():
    target, noise = (np.random.default_rng(seed).standard_normal(3000) for seed in (3, 4))
    estimate = target + 0.3 * noise
    assert metrics.msdm_si_sdr(estimate, target) == pytest.approx(
        float(metrics.si_sdr(estimate, target)), abs=1e-3
    )


def test_silent_targets_flatter():
    rng = np.random.default_rng(5)
    targets = rng.standard_normal((3, 8 * 100))
    targets[2] = 0
    estimates = targets + 0.3 * rng.standard_normal(targets.shape)
    counted = metrics.msdm_gains(estimates, targets, rate=100).mean()
    without = metrics.msdm_gains(estimates[:2], targets[:2], rate=100).mean()
    estimates[2] *= 1e-3
    assert metrics.msdm_gains(estimates, targets, rate=100).mean() > counted + 15
    mixture = targets.sum(0)
    gains = [metrics.si_sdr(estimates[k], targets[k]) - metrics.si_sdr(mixture, targets[k]) for k in range(2)]
    assert without == pytest.approx(np.mean(gains), abs=1)
    assert not metrics.msdm_gains(estimates[2:], targets[2:], rate=100).size


def test_torchmetrics_says_the_same_of_si_sdr():
    rng = np.random.default_rng(8)
    target = rng.standard_normal(4000)
    estimate = target + 0.5 * rng.standard_normal(4000)
    theirs = others_si_sdr(estimate, target)
    assert metrics.msdm_si_sdr(estimate, target) == pytest.approx(float(theirs), abs=1e-3)


def test_msdm_counts_channels_as_one_signal():
    rng = np.random.default_rng(8)
    targets = rng.standard_normal((2, 800))
    estimates = targets + 0.3 * rng.standard_normal(targets.shape)
    mono = metrics.msdm_gains(estimates, targets, rate=100).mean()
    opposed = [np.stack([part, -part], 1) for part in (estimates, targets)]
    assert metrics.msdm_gains(*opposed, rate=100).mean() == pytest.approx(mono, abs=1e-6)
