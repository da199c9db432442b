"""The level of music does not depend on pauses, noise, offsets, rumble and clicks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld.dsp.loudness import ABSOLUTE_GATE, gated_rms, without_heavy_rumble, without_rumble
from msgld.model import REFERENCE_RMS
from msgld.tasks.loudness import gain_of_given, gain_to_reference

RATE = 16_000


def decibels(ratio: float) -> float:
    return 20 * math.log10(ratio)


def noise(seconds: float, level: float = 1.0, channels: int = 2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return level * torch.randn(channels, round(seconds * RATE), generator=generator)


def music(seconds: float = 10.0) -> torch.Tensor:
    """Tones over noise, with two beats a second."""
    at = torch.arange(round(seconds * RATE)) / RATE
    beat = torch.exp(-8 * (at % 0.5))
    tones = sum(torch.sin(2 * math.pi * hertz * at) for hertz in (55.0, 220.0, 277.0, 330.0))
    return 0.05 * tones + 0.2 * beat * noise(seconds)


def silence(seconds: float) -> torch.Tensor:
    return torch.zeros(2, round(seconds * RATE))


def with_clicks(sound: torch.Tensor, count: int, length: int) -> torch.Tensor:
    sound = sound.clone()
    for number in range(count):
        start = round((number + 0.5) * sound.shape[1] / count)
        sound[:, start : start + length] = 0.99
    return sound


def tone(hertz: float, level: float) -> torch.Tensor:
    return level * torch.sin(2 * math.pi * hertz * torch.arange(10 * RATE) / RATE)


def faded(sound: torch.Tensor, seconds: float) -> torch.Tensor:
    samples = round(seconds * RATE)
    ramp = torch.cat([torch.linspace(0, 1, samples), torch.ones(sound.shape[1] - samples)])
    return sound * ramp


SAME = {
    "offset 0.02": lambda x: x + 0.02,
    "offset 0.9": lambda x: x + 0.9,
    "noise before": lambda x: torch.cat([noise(30, 3e-5), x], 1),
    "noise after": lambda x: torch.cat([x, noise(30, 3e-5)], 1),
    "zeros around": lambda x: torch.cat([silence(3), x, silence(30)], 1),
    "pause": lambda x: torch.cat([x[:, : 5 * RATE], silence(30), x[:, 5 * RATE :]], 1),
    "noisy pause": lambda x: torch.cat([x[:, : 5 * RATE], noise(30, 3e-5), x[:, 5 * RATE :]], 1),
    "click long before": lambda x: torch.cat([torch.full((2, 1), 1e-4), silence(30), x], 1),
    "one click": lambda x: with_clicks(x, 1, 40),
    "five clicks": lambda x: with_clicks(x, 5, 40),
    "five clicks in soft music": lambda x: 10 * with_clicks(0.1 * x, 5, 8),
    "rumble at 8 Hz": lambda x: x + tone(8, 0.5),
    "opposite polarity": lambda x: x * torch.tensor([[1.0], [-1.0]]),
    "fade-in": lambda x: faded(torch.cat([x, x], 1), 3),
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_no_music_does_not_change_the_level(name: str):
    sound = music()
    assert decibels(gated_rms(SAME[name](sound), RATE) / gated_rms(sound, RATE)) == pytest.approx(0, abs=0.5)


def test_for_steady_music_it_is_the_rms():
    sound = music()
    plain = float(sound.square().mean().sqrt())
    assert decibels(gated_rms(sound, RATE) / plain) == pytest.approx(0, abs=0.2)


@given(
    seconds=st.floats(0.001, 3), rate=st.sampled_from([100, 8000, 44_100, 192_000]), level=st.floats(1e-6, 10)
)
@settings(deadline=None, max_examples=30)
def test_sounds_of_any_length_have_a_level_in_proportion(seconds: float, rate: int, level: float):
    sound = noise(seconds * rate / RATE + 1 / RATE, channels=1)
    one = gated_rms(0.5 * sound, rate)
    assert 0 < one < float(0.5 * sound.abs().max()) + 1e-6
    if level > 4 * ABSOLUTE_GATE / one:
        assert gated_rms(0.5 * level * sound, rate) == pytest.approx(level * one, rel=1e-3)


def test_nothing_and_silence_have_no_level():
    assert gated_rms(torch.zeros(2, 0), RATE) == gated_rms(torch.zeros(2, 500), RATE) == 0
    assert gated_rms(torch.full((1, 20_000), 0.5), RATE) < 1e-6


def test_sparse_beats_are_music_where_there_is_nothing_else():
    beats = torch.cat([noise(0.02, 0.3), noise(9.98, 1e-5)], 1)
    assert gated_rms(beats, RATE) > 0.003


def test_the_high_pass_keeps_music_and_its_phase():
    sound = music()
    torch.testing.assert_close(
        without_rumble(sound + 0.5, RATE), without_rumble(sound, RATE), atol=1e-5, rtol=0
    )
    high = tone(60, 0.1)[None]
    inside = slice(RATE, -RATE)
    torch.testing.assert_close(without_rumble(high, RATE)[:, inside], high[:, inside], atol=1e-3, rtol=0)
    assert torch.equal(without_heavy_rumble(sound, RATE), sound)
    assert float(without_heavy_rumble(sound + 0.5, RATE).mean().abs()) < 1e-4


def test_the_gain_brings_a_mixture_to_the_reference_and_silence_is_not_blown_up():
    sound = 0.02 * music()
    assert gated_rms(gain_to_reference(sound, RATE, REFERENCE_RMS) * sound, RATE) == pytest.approx(
        REFERENCE_RMS
    )
    assert gain_to_reference(sound, RATE, None) == 1
    most = REFERENCE_RMS / ABSOLUTE_GATE
    for quiet in (torch.zeros(2, 100), noise(2, 3e-5)):
        assert gain_to_reference(quiet, RATE, REFERENCE_RMS) == pytest.approx(most)


def test_given_stems_are_brought_to_their_part_of_the_whole():
    stems = torch.stack([noise(2, 0.3, seed=seed) for seed in range(5)])
    gain = gain_of_given(stems[:2], 5, RATE, REFERENCE_RMS)
    # Five independent stems alike: with the gain of any two of them the whole is at the reference.
    assert gated_rms(gain * stems.sum(0), RATE) == pytest.approx(REFERENCE_RMS, rel=0.05)
    assert gain_of_given(stems, 5, RATE, REFERENCE_RMS) == pytest.approx(
        gain_to_reference(stems.sum(0), RATE, REFERENCE_RMS)
    )
    assert gain_of_given(1e-4 * stems[:2], 5, RATE, REFERENCE_RMS) == 1
    assert gain_of_given(stems, 5, RATE, None) == 1


def test_the_gain_of_a_window_of_ten_seconds_is_quick(benchmark_seconds: float = 0.5):
    import time

    sound = noise(10 * 44_100 / RATE)
    began = time.process_time()
    gated_rms(sound, 44_100)
    assert time.process_time() - began < benchmark_seconds
    assert np.isfinite(gated_rms(sound, 44_100))
