"""Made stems are brought to the level of real ones; what already is stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld.dsp.limiter import CEILING, LOUDEST, PITCHED_CREST, Bounds, bounds_for, limited
from msgld.dsp.loudness import gated_rms

RATE = 16_000


def part(seconds: float = 4.0, level: float = 0.05, seed: int = 0) -> np.ndarray:
    """Noise with a slow swell, (2, L)."""
    samples = round(seconds * RATE)
    swell = 0.7 + 0.3 * np.sin(np.arange(samples) * 2 * np.pi / RATE)
    return (level * swell * np.random.default_rng(seed).standard_normal((2, samples))).astype(np.float32)


def loud_note(sound: np.ndarray, start: float, seconds: float, gain: float) -> np.ndarray:
    sound = sound.copy()
    sound[:, round(start * RATE) : round((start + seconds) * RATE)] *= np.float32(gain)
    return sound


def level(sound: np.ndarray) -> float:
    return gated_rms(torch.from_numpy(sound), RATE)


def test_ordinary_parts_come_back_as_they_are():
    sound = part()
    assert limited(sound, RATE, bounds_for("piano", 0.1, None, RATE, 0.0)) is sound


@given(start=st.floats(0, 3.6), seconds=st.floats(0.05, 0.3), gain=st.floats(4, 300))
@settings(deadline=None, max_examples=25)
def test_a_note_that_sticks_out_is_turned_down_and_the_rest_stays(start: float, seconds: float, gain: float):
    plain = part()
    made = limited(loud_note(plain, start, seconds, gain), RATE, Bounds())
    assert np.abs(made).max() <= CEILING + 1e-6
    first, last = round((start - 0.3) * RATE), round((start + seconds + 0.3) * RATE)
    np.testing.assert_array_equal(made[:, : max(0, first)], plain[:, : max(0, first)])
    np.testing.assert_array_equal(made[:, last:], plain[:, last:])
    note = made[:, round(start * RATE) : round((start + seconds) * RATE)]
    assert np.sqrt((note**2).mean()) < 1.3 * PITCHED_CREST * level(loud_note(plain, start, seconds, gain))


@given(peak=st.floats(0.9, 100), place=st.floats(0, 1), rate=st.sampled_from([100, 8000, 44_100]))
@settings(deadline=None, max_examples=25)
def test_no_sample_is_beyond_the_ceiling(peak: float, place: float, rate: int):
    sound = 0.3 * part(1.0)
    sound[:, round(place * (sound.shape[1] - 1))] = peak
    assert np.abs(limited(sound, rate, Bounds())).max() <= CEILING + 1e-6


def test_gains_are_smooth():
    sign = np.where(np.random.default_rng(0).random((1, 4 * RATE)) < 0.5, -1, 1).astype(np.float32)
    sound = loud_note(np.float32(0.05) * sign, 2, 0.2, 30)
    gains = limited(sound, RATE, Bounds()) / sound
    assert gains.min() < 0.2
    assert np.abs(np.diff(gains)).max() < 0.01


def test_a_stem_is_no_louder_than_a_mixture_gets():
    made = limited(part(level=0.5), RATE, bounds_for("bass", 0.1, None, RATE, 0.0))
    assert level(made) == pytest.approx(0.1 * LOUDEST, rel=0.1)


def test_notes_of_what_was_given_are_left_alone():
    old = loud_note(part(), 2, 0.2, 12)
    bounds = bounds_for("piano", 0.1, old, RATE, float(np.abs(old).max()))
    np.testing.assert_array_equal(limited(old, RATE, bounds), old)


def test_silence_and_single_samples_are_no_trouble():
    for sound in (np.zeros((2, 5000), np.float32), np.ones((1, 1), np.float32), np.ones((2, 3), np.float32)):
        assert np.abs(limited(sound, RATE, Bounds(0.1))).max() <= CEILING
