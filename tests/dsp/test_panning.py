"""Places between the loudspeakers: on the stated side, and as loud as anywhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgld.dsp.panning import gains_like, gains_of, place, stereo_gains
from msgld.stems import STEMS, about

PANS = {"bass": 0.0, "drums": 0.0, "guitar": -0.4, "piano": 0.4, "vocals": 0.0, "other": 0.15}


@given(st.floats(-1, 1))
def test_power_is_the_same_at_every_place(where: float):
    assert (stereo_gains(where) ** 2).mean() == pytest.approx(1)


@given(st.floats(-1, 1))
def test_left_and_right_are_mirror_images(where: float):
    np.testing.assert_allclose(stereo_gains(where), stereo_gains(-where)[::-1], atol=1e-9)


def test_the_ends_and_the_middle():
    np.testing.assert_allclose(stereo_gains(-1), [np.sqrt(2), 0], atol=1e-9)
    np.testing.assert_allclose(stereo_gains(0), [1, 1])


def test_stems_stand_where_the_table_says():
    assert {stem: about(stem).pan for stem in STEMS} == PANS
    for stem, where in PANS.items():
        left, right = gains_of(stem)
        assert np.sign(round(right - left, 6)) == np.sign(where)
    np.testing.assert_allclose(gains_of("kazoo"), [1, 1])


def test_a_place_is_taken_over_from_sound_that_is_there():
    noise = np.random.default_rng(0).standard_normal((1, 1000))
    gains = gains_like(np.array([[0.5], [-2.0]]) * noise, "guitar")
    assert gains[1] / gains[0] == pytest.approx(4)
    assert (gains**2).mean() == pytest.approx(1)
    np.testing.assert_allclose(gains_like(noise, "guitar"), [1])


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_silence_gets_the_stated_place_at_full_power(channels: int):
    gains = gains_like(np.zeros((channels, 10)), "guitar")
    assert gains.shape == (channels,)
    assert (gains**2).mean() == pytest.approx(1)
    if channels > 1:
        assert gains[0] > gains[1]


def test_placed_sound_has_a_channel_for_each_gain():
    placed = place(np.ones(5, np.float32), gains_of("piano"))
    assert (placed.shape, placed.dtype) == ((2, 5), np.float32)
    assert (placed**2).mean() == pytest.approx(1)
