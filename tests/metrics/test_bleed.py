"""Bleedless and fullness against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.measures import MEASURES
from msgld.metrics import bleed


def noise(seed: int = 0, seconds: float = 0.5) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((2, round(44_100 * seconds)))


def test_a_perfect_estimate_has_all_and_nothing_else() -> None:
    assert bleed(noise(), noise()) == (100.0, 100.0)


@pytest.mark.parametrize("decibels", [3.0, 10.0])
def test_a_change_of_volume_costs_its_decibels_on_one_side(decibels: float) -> None:
    x, gain = noise(), 10 ** (decibels / 20)
    score = 100 / (1 + decibels)
    assert bleed(gain * x, x) == pytest.approx((score, 100.0), rel=1e-4)
    assert bleed(x / gain, x) == pytest.approx((100.0, score), rel=1e-4)


def test_bleed_and_loss_change_places_when_estimate_and_target_do() -> None:
    x, y = noise(0), noise(0) + 0.3 * noise(1)
    there, back = bleed(x, y), bleed(y, x)
    assert (there.bleedless, there.fullness) == pytest.approx((back.fullness, back.bleedless))


def test_another_stem_bleeds_and_a_low_pass_loses() -> None:
    low, both = noise(), noise()
    spectrum = np.fft.rfft(low)
    spectrum[:, spectrum.shape[1] // 2 :] = 0
    low = np.fft.irfft(spectrum, low.shape[1])
    assert bleed(both, low).bleedless < 10 < 90 < bleed(both, low).fullness
    assert bleed(low, both).fullness < 10 < 90 < bleed(low, both).bleedless


def test_silence_is_80_db_deep_below_each_signals_own_loudest() -> None:
    x = noise()
    x[1] = 0
    # Of two signals alike the silent channel is alike, too, whatever lies below the range.
    assert bleed(x, x + np.array([[0.0], [1e-7]]) * noise(2)) == pytest.approx((100, 100), abs=0.5)


def test_shapes_are_checked() -> None:
    with pytest.raises(UsageError, match="channels, samples"):
        bleed(noise()[0], noise()[0])


def test_measures_leave_silent_stems_out() -> None:
    stems = np.stack([noise(0), noise(1), 0 * noise(0)]).astype(np.float32)
    clip = Clip(stems, np.array([True, True, True]), 44_100, "clip")
    estimates = stems * np.array([2, 0.5, 1], np.float32)[:, None, None]
    side = 100 / (1 + 20 * np.log10(2))
    for name, expected in (("bleedless", [side, 100]), ("fullness", [100, side])):
        values = MEASURES[name].compute(estimates, clip)
        assert values[:2] == pytest.approx(expected, rel=1e-3) and np.isnan(values[2])
        assert MEASURES[name].higher
