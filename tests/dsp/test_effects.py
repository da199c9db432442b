"""What effects are made of: gains of filters, compressors, delays; channels are treated alike."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.dsp.delays import delayed, swing, tremolo_gains
from msgld.dsp.dynamics import biased_tanh, compressor_gains, followed, peaks_of, rms, sounding_rms
from msgld.dsp.filters import (
    HERTZ,
    at_bins,
    bell,
    fast_length,
    filtered,
    high_pass,
    high_shelf,
    low_pass,
    low_shelf,
)
from msgld.dsp.noises import noise_like
from msgld.training.listener import effects

RATE = 44_100


def decibels(response: np.ndarray, hertz: float) -> float:
    return float(np.interp(hertz, HERTZ, 20 * np.log10(np.abs(response))))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32) * np.float32(0.1)


@pytest.mark.parametrize("gain", [-9.0, 4.0])
def test_bells_and_shelves_have_their_gain_where_they_are_and_none_elsewhere(gain: float) -> None:
    one = bell(1000, gain, 1.5)
    assert decibels(one, 1000) == pytest.approx(gain, abs=0.05)
    assert decibels(one, 20) == pytest.approx(0, abs=0.1) == pytest.approx(decibels(one, 20_000), abs=0.2)
    low, high = low_shelf(300, gain), high_shelf(3000, gain)
    assert (
        decibels(low, 300)
        == pytest.approx(gain / 2, abs=0.05)
        == pytest.approx(decibels(high, 3000), abs=0.1)
    )
    assert decibels(low, 5) == pytest.approx(gain, abs=0.1) and decibels(low, 20_000) == pytest.approx(
        0, abs=0.1
    )
    assert decibels(high, 5) == pytest.approx(0, abs=0.1)
    assert decibels(high * low, 5) == pytest.approx(gain, abs=0.1), "responses multiply"


def test_cuts_lose_three_decibels_at_the_corner_and_twelve_an_octave() -> None:
    for cut, octave in ((high_pass(500), -1), (low_pass(500), 1)):
        assert decibels(cut, 500) == pytest.approx(-3, abs=0.1)
        step = decibels(cut, 500 * 2.0 ** (4 * octave)) - decibels(cut, 500 * 2.0 ** (3 * octave))
        assert step == pytest.approx(-12, abs=0.3)


def test_no_section_sounds_before_its_cause() -> None:
    size = 1 << 15
    for response in (bell(200, 9, 4), low_shelf(200, -8), high_pass(60, 2), bell(3000, -12, 5)):
        impulse = np.fft.irfft(at_bins(response, size, RATE), size)
        early = np.sum(impulse[size // 2 : -4] ** 2) / np.sum(impulse**2)
        assert early < 1e-4


def test_flat_gains_change_nothing_and_channels_are_filtered_alike() -> None:
    x, curve = noise(2, 5000), np.linspace(0, 1, 50)
    np.testing.assert_allclose(filtered(x, np.ones(3)), x, atol=1e-6)
    np.testing.assert_allclose(filtered(x, curve)[1], filtered(x[1], curve), atol=1e-6)


@pytest.mark.parametrize("length", [1, 100, 44_101, 441_000])
def test_fast_lengths_are_even_and_long_enough(length: int) -> None:
    assert length <= fast_length(length) < 1.2 * length + 64 and fast_length(length) % 2 == 0


def test_a_steady_tone_is_compressed_by_the_ratio() -> None:
    tone = np.sin(2 * np.pi * 441 * np.arange(RATE) / RATE)
    gains = compressor_gains(np.stack([0.1 * tone, tone]), RATE, 4, 10 ** (-12 / 20), 0.005, 0.1)
    # 12 dB above the threshold become 3; the louder channel counts.
    assert 20 * np.log10(gains[RATE // 2 :]) == pytest.approx(-9, abs=0.3)
    assert compressor_gains(tone * 0.2, RATE, 4, 0.25, 0.005, 0.1) == pytest.approx(1)


def test_loudness_is_followed_in_the_given_times() -> None:
    peaks = np.r_[np.ones(200), np.zeros(500)]
    level, block = followed(peaks, RATE, 0.01, 0.1), 64 / RATE
    assert level[round(0.01 / block) - 1] == pytest.approx(1 - np.exp(-1), abs=0.05)
    assert level[199 + round(0.1 / block)] == pytest.approx(np.exp(-1), abs=0.05)
    assert peaks_of(np.array([[0.1] * 65, [-0.2] * 64 + [0]])).tolist() == [0.2, 0.1]


def test_rests_do_not_count_in_the_loudness_of_what_sounds() -> None:
    sound = noise(20_000)
    rests = np.pad(sound, (0, 180_000))
    assert sounding_rms(rests) == pytest.approx(sounding_rms(sound)) and rms(rests) < 0.4 * rms(sound)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_the_soft_curve_has_slope_one_at_rest_and_bends_what_is_loud(bias: float) -> None:
    x = np.array([-3, -1e-3, 0, 1e-3, 3], np.float32)
    y = biased_tanh(x, bias)
    assert y[2] == 0 and y[3] == pytest.approx(1e-3, rel=0.01) and y[1] == pytest.approx(-1e-3, rel=0.01)
    assert y[0] > -3 and y[4] < 3 and (np.diff(y) > 0).all()
    assert (y[0] + y[4] == pytest.approx(0, abs=1e-6)) == (bias == 0)


def test_delays_are_exact_in_whole_samples_and_cubic_between() -> None:
    x = noise(2, 1000)
    np.testing.assert_array_equal(delayed(x, np.zeros(1000)), x)
    np.testing.assert_array_equal(delayed(x, np.full(1000, 7.0)), np.pad(x, ((0, 0), (7, 0)))[:, :1000])
    np.testing.assert_array_equal(delayed(x, np.full(1000, -7.0)), np.pad(x, ((0, 0), (0, 7)))[:, 7:])
    assert not delayed(x, np.full(1000, 2000.0)).any()
    place, curve = np.arange(4000), swing(4000, RATE, np.array([5.0]), np.array([0.1]), np.array([20.0]))
    tone = np.sin(0.2 * place).astype(np.float32)
    np.testing.assert_allclose(delayed(tone, curve)[50:-50], np.sin(0.2 * (place - curve))[50:-50], atol=1e-3)


def test_a_tremolo_goes_from_one_to_its_depth() -> None:
    turn = swing(RATE, RATE, np.array([3.0]), np.zeros(1), np.ones(1))
    gains = tremolo_gains(turn, 0.4)
    assert gains.min() == pytest.approx(0.6, abs=1e-3) and gains.max() == pytest.approx(1, abs=1e-3)


def test_noise_has_its_colour() -> None:
    white, brown = (noise_like(1 << 16, np.random.default_rng(1), (slope, slope)) for slope in (0.0, 1.0))
    for sound, octave in ((white, 3), (brown, -3)):
        power = np.abs(np.fft.rfft(sound)) ** 2
        rise = 10 * np.log10(power[8192:16384].sum() / power[4096:8192].sum())
        assert rise == pytest.approx(octave, abs=0.3) and rms(sound) == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("name", ["compressed", "moved", "driven"])
@pytest.mark.parametrize("seed", range(4))
def test_ears_effects_treat_two_equal_channels_as_one(name: str, seed: int) -> None:
    x = noise(RATE // 4)
    arguments = () if name == "driven" else (RATE,)
    one, two = (
        getattr(effects, name)(y, *arguments, np.random.default_rng(seed)) for y in (x, np.stack([x, x]))
    )
    np.testing.assert_allclose(two, np.stack([one, one]), atol=1e-6)


def test_a_room_of_the_ears_is_another_one_in_each_channel() -> None:
    x = noise(RATE // 4)
    wet = effects.roomed(np.stack([x, x]), RATE, np.random.default_rng(1))
    assert wet.shape == (2, len(x)) and rms(wet[0] - wet[1]) > 0
    np.testing.assert_allclose(wet[:, :40], np.stack([x, x])[:, :40], atol=1e-5)
