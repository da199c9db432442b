"""Kernel distance, MSDM's score, and whether parts fit together, against closed forms and made sounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

from msgld.errors import UsageError
from msgld.metrics import (
    kernel_distance,
    msdm_average,
    msdm_si_sdr,
    on_scale,
    rhythm_agreement,
    si_sdr,
    tonal_agreement,
)
from msgld.metrics.coherence import ONSET_HZ, chroma, onset_envelope

RATE = 22_050


def points(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 6)) + shift


# The kernel distance


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


# The score of MSDM


def test_for_stems_that_sound_it_is_the_si_sdr():
    target, noise = points(3, 1, 0)[0].repeat(500), np.random.default_rng(4).standard_normal(3000)
    estimate = target + 0.3 * noise
    assert msdm_si_sdr(estimate, target) == pytest.approx(float(si_sdr(estimate, target)), abs=1e-3)


def test_silent_targets_flatter():
    rng = np.random.default_rng(5)
    targets = rng.standard_normal((3, 8 * 100))
    targets[2] = 0
    estimates = targets + 0.3 * rng.standard_normal(targets.shape)
    counted = msdm_average(estimates, targets, rate=100)
    without = msdm_average(estimates[:2], targets[:2], rate=100)
    estimates[2] *= 1e-3
    assert msdm_average(estimates, targets, rate=100) > counted + 15
    mixture = targets.sum(0)
    gains = [si_sdr(estimates[k], targets[k]) - si_sdr(mixture, targets[k]) for k in range(2)]
    assert without == pytest.approx(np.mean(gains), abs=1)
    assert np.isnan(msdm_average(estimates[2:], targets[2:], rate=100))


# Parts that fit together


def clicks(times: np.ndarray, seconds: float = 6.0, seed: int = 0) -> np.ndarray:
    sound = np.zeros(round(seconds * RATE))
    burst = np.random.default_rng(seed).standard_normal(800) * np.exp(-np.arange(800) / 150)
    for time in times:
        start = round(time * RATE)
        sound[start : start + 800] += burst[: len(sound) - start]
    return sound


def chord(pitches: list[int], seconds: float = 3.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * 55 * 2 ** (p / 12) * time) for p in pitches)


def test_onsets_are_where_they_are():
    envelope = onset_envelope(clicks(np.array([1.0, 2.5])), RATE)
    found = np.sort(np.argsort(envelope)[-2:]) / ONSET_HZ
    assert np.abs(found - [1.0, 2.5]).max() < 0.04


def test_parts_that_play_together_agree_and_others_do_not():
    beats = np.arange(0.3, 5.8, 0.5)
    drums, bass = clicks(beats), clicks(beats[::2], seed=1)
    late = clicks(beats[::2] + 0.19, seed=1)
    rng = np.random.default_rng(7)
    loose = clicks(beats[::2] + 0.008 * rng.standard_normal(len(beats[::2])), seed=1)
    assert rhythm_agreement(drums, drums, RATE) == pytest.approx(1)
    assert rhythm_agreement(drums, bass, RATE) > 0.5
    assert rhythm_agreement(drums, loose, RATE) > 0.4
    assert rhythm_agreement(drums, late, RATE) < 0.1
    assert np.isnan(rhythm_agreement(drums, np.zeros_like(drums), RATE))


@pytest.mark.parametrize("pitch", [0, 5, 11, 14, 31])
def test_a_tone_is_of_its_pitch_class(pitch: int):
    assert (chroma(chord([pitch]), RATE)[1:-1].argmax(1) == pitch % 12).all()


def test_chords_agree_with_their_own_notes():
    minor, bass = chord([24, 27, 31]), chord([12])
    assert tonal_agreement(minor, bass, RATE) > 0.3
    assert tonal_agreement(minor, chord([13]), RATE) < 0
    assert tonal_agreement(minor, chord([12, 15, 19]), RATE) > 0.9
    assert np.isnan(tonal_agreement(minor, np.zeros_like(minor), RATE))


def test_the_scale_runs_from_shuffled_to_real():
    assert on_scale([0.2, 0.4], [0.1, float("nan"), 0.1], [0.5]) == pytest.approx(0.5)
    with pytest.raises(UsageError, match="no scale"):
        on_scale([0.2], [0.5], [0.4])


def test_torchmetrics_says_the_same_of_si_sdr():
    rng = np.random.default_rng(8)
    target = rng.standard_normal(4000)
    estimate = target + 0.5 * rng.standard_normal(4000)
    theirs = scale_invariant_signal_distortion_ratio(torch.tensor(estimate), torch.tensor(target))
    assert msdm_si_sdr(estimate, target) == pytest.approx(float(theirs), abs=1e-3)


# Channels that cancel in mono


def test_agreements_and_chroma_do_not_cancel_between_channels():
    rng = np.random.default_rng(7)
    beat = np.exp(-20 * (np.arange(4 * RATE) / RATE % 0.5))
    one, other = beat * rng.standard_normal((2, 4 * RATE))
    opposed = np.stack([one, -one])
    np.testing.assert_allclose(chroma(opposed, RATE), chroma(one, RATE))
    np.testing.assert_allclose(onset_envelope(opposed, RATE), onset_envelope(one, RATE))
    for agreement in (rhythm_agreement, tonal_agreement):
        assert agreement(opposed, other[None], RATE) == pytest.approx(agreement(one, other, RATE))
    with pytest.raises(UsageError, match="equal lengths"):
        rhythm_agreement(one, other[:-1], RATE)


def test_msdm_counts_channels_as_one_signal():
    rng = np.random.default_rng(8)
    targets = rng.standard_normal((2, 800))
    estimates = targets + 0.3 * rng.standard_normal(targets.shape)
    mono = msdm_average(estimates, targets, rate=100)
    opposed = [np.stack([part, -part], 1) for part in (estimates, targets)]
    assert msdm_average(*opposed, rate=100) == pytest.approx(mono, abs=1e-6)
