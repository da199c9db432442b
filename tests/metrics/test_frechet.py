"""Distances between sets: Gaussians whose distance is known in closed form, envelopes whose rhythm is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld.errors import UsageError
from msgld.metrics import frechet_distance, gaussian_distance, kernel_distance, mel_statistics

RATE = 86.13  # columns a second


def draws(count: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, size))


def test_a_set_is_no_distance_from_itself_in_any_order():
    points = draws(30, 5)
    assert frechet_distance(points, points[::-1]) == pytest.approx(0, abs=1e-9)


def test_a_shifted_set_is_as_far_as_the_shift_squared():
    points, shift = draws(30, 4), np.array([3.0, 0.0, -4.0, 0.0])
    assert frechet_distance(points, points + shift) == pytest.approx(25)


@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), st.integers(0, 100))
@settings(deadline=None, max_examples=25)
def test_along_shared_axes_deviations_subtract(deviations: list[float], seed: int):
    # Covariances that commute: the distance is the sum of (s - t)^2 over the axes.
    size = len(deviations)
    axes, _ = np.linalg.qr(draws(size, size, seed))
    first, second = np.array(deviations), np.array(deviations)[::-1]
    covariances = [(axes * scale**2) @ axes.T for scale in (first, second)]
    zero = np.zeros(size)
    got = gaussian_distance(zero, covariances[0], zero, covariances[1])
    assert got == pytest.approx(((first - second) ** 2).sum(), abs=1e-6)


def test_the_distance_of_two_axes_that_do_not_commute():
    # tr (A B)^(1/2) of 2 x 2 matrices is sqrt(tr(A B) + 2 sqrt(det(A B))).
    a, b = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, -0.5], [-0.5, 4.0]])
    shared = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    expected = 1 + np.trace(a) + np.trace(b) - 2 * shared
    assert gaussian_distance(np.zeros(2), a, np.array([0.0, 1.0]), b) == pytest.approx(expected)
    assert gaussian_distance(np.array([0.0, 1.0]), b, np.zeros(2), a) == pytest.approx(expected)


@pytest.mark.parametrize("second", [draws(1, 3), draws(5, 4), np.full((5, 3), np.nan), draws(5, 3)[0]])
def test_sets_that_cannot_be_compared_are_refused(second: np.ndarray):
    with pytest.raises(UsageError):
        frechet_distance(draws(5, 3), second)


def test_statistics_of_a_steady_sound_are_its_level_alone():
    figures = mel_statistics(np.full((64, 200), -3.0), RATE)
    assert figures.shape == (48,)
    assert figures[:16] == pytest.approx(-3.0) and figures[16:] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("hertz", "octave"), [(0.75, 0), (1.5, 1), (3.0, 2), (6.0, 3)])
def test_the_pace_of_changes_is_told_apart(hertz: float, octave: int):
    seconds = np.arange(400) / 100
    mels = np.broadcast_to(2 * np.sin(2 * np.pi * hertz * seconds), (32, 400))
    rhythm = mel_statistics(mels, 100)[32:].reshape(4, 4)
    assert rhythm[:, octave] == pytest.approx(np.sqrt(2))  # deviation of a sine of amplitude 2
    assert np.delete(rhythm, octave, axis=1) == pytest.approx(0, abs=1e-9)


def test_statistics_do_not_depend_on_when_things_happen_but_on_how_loud_and_where():
    mels = draws(64, 300)
    assert mel_statistics(np.roll(mels, 77, axis=1), RATE) == pytest.approx(mel_statistics(mels, RATE))
    assert not np.allclose(mel_statistics(mels[::-1], RATE), mel_statistics(mels, RATE))
    several = np.stack([mels, mels + 1])
    assert mel_statistics(several, RATE)[1] == pytest.approx(mel_statistics(mels + 1, RATE))


def test_louder_parts_are_as_far_as_their_level_says():
    mels = np.random.default_rng(0).standard_normal((6, 32, 100))
    plain, reverse, louder = (mel_statistics(one, RATE) for one in (mels, mels[::-1], mels + 0.5))
    assert frechet_distance(plain, reverse) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(louder, plain) == pytest.approx(16 * 0.25, abs=1e-6)


@pytest.mark.parametrize(
    "mels", [np.zeros((8, 100)), np.zeros((32, 0)), np.full((32, 4), np.inf), np.zeros(32)]
)
def test_log_mels_without_statistics_are_refused(mels: np.ndarray):
    with pytest.raises(UsageError):
        mel_statistics(mels, RATE)


# The kernel distance


def points(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 6)) + shift


def test_the_kernel_distance_is_that_of_its_definition():
    made, true, width = points(0, 7), points(1, 9, 0.5), 2.0

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-((a - b) ** 2).sum() / (2 * width**2)))

    own = np.mean([kernel(a, b) for i, a in enumerate(made) for j, b in enumerate(made) if i != j])
    theirs = np.mean([kernel(a, b) for i, a in enumerate(true) for j, b in enumerate(true) if i != j])
    across = np.mean([kernel(a, b) for a in made for b in true])
    assert kernel_distance(made, true, width) == pytest.approx(100 * (own + theirs - 2 * across))


def test_it_has_no_bias_in_small_sets():
    same = [kernel_distance(points(2 * s, 8), points(2 * s + 1, 8), 3.0) for s in range(300)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(len(same))
    apart = [kernel_distance(points(2 * s, 8), points(2 * s + 1, 8, 1.0), 3.0) for s in range(50)]
    # E k over Gaussians of unit variance in D dimensions whose means are d apart, in closed form.
    inside, moved = (9 / 11) ** 3, (9 / 11) ** 3 * np.exp(-6 / 22)
    assert np.mean(apart) == pytest.approx(200 * (inside - moved), rel=0.1)


def test_sets_that_do_not_compare_are_refused():
    for made, true in ((points(0, 1), points(1, 5)), (points(0, 5), points(1, 5)[:, :3])):
        with pytest.raises(UsageError):
            kernel_distance(made, true)
