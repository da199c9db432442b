"""Laws of the spectra and the mel bands."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from msgld.dsp.mel import (
    MelConfig,
    band_edges,
    band_power,
    columns,
    filterbank,
    from_log,
    hz_to_mel,
    log_mel,
    mel_to_hz,
    spectrum,
    to_log,
)

MEL = MelConfig()


def sinusoid(hertz: float, seconds: float = 0.5, amplitude: float = 1.0) -> Tensor:
    time = torch.arange(round(seconds * MEL.rate), dtype=torch.float64) / MEL.rate
    return (amplitude * torch.sin(2 * math.pi * hertz * time)).float()


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("bin_number", [20, 93, 500, 1000])
def test_a_sinusoid_of_amplitude_one_has_magnitude_one_at_its_bin(bin_number: int):
    hertz = bin_number * MEL.rate / MEL.n_fft
    magnitude = spectrum(sinusoid(hertz), MEL).abs()[:, 4:-4]
    assert torch.allclose(magnitude[bin_number], torch.ones(()), atol=1e-3)
    assert (magnitude.argmax(0) == bin_number).all()


@pytest.mark.parametrize("samples", [512, 513, 1023, 2048, 7001])
def test_there_is_a_column_for_every_whole_hop(samples: int):
    assert columns(samples, MEL) == samples // MEL.hop
    assert spectrum(noise(2, 3, samples), MEL).shape == (2, 3, MEL.n_fft // 2 + 1, samples // MEL.hop)


def test_a_column_is_centred_on_its_hop():
    click = torch.zeros(20 * MEL.hop)
    click[7 * MEL.hop] = 1
    energy = spectrum(click, MEL).abs().square().sum(0)
    assert energy.argmax() == 7
    assert torch.allclose(energy[6], energy[8], rtol=1e-4)


@given(st.floats(0, 22_050))
def test_the_mel_scale_has_an_inverse(hertz: float):
    assert mel_to_hz(hz_to_mel(np.array(hertz))) == pytest.approx(hertz, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("config", [MEL, MelConfig(bands=64, fmin=0.0, fmax=8000.0), MelConfig(bands=256)])
def test_bands_rise_and_each_begins_at_the_centre_of_the_last(config: MelConfig):
    low, centre, high = band_edges(config).T
    assert (np.diff(centre) > 0).all()
    assert (low < centre).all() and (centre < high).all()
    assert np.allclose(low[1:], centre[:-1]) and np.allclose(high[:-1], centre[1:])
    assert low[0] == pytest.approx(config.fmin) and high[-1] == pytest.approx(config.fmax)
    assert np.allclose(np.diff(hz_to_mel(centre)), hz_to_mel(centre[1]) - hz_to_mel(centre[0]))


def test_no_band_is_empty():
    assert (filterbank(MEL).sum(1) > 0).all()


def test_the_bands_share_out_the_power_between_the_outer_centres():
    hertz = np.arange(MEL.n_fft // 2 + 1) * MEL.rate / MEL.n_fft
    edges = band_edges(MEL)
    inside = torch.from_numpy((hertz >= edges[0, 1]) & (hertz <= edges[-1, 1]))
    power = spectrum(noise(MEL.rate), MEL).abs().square()
    assert torch.allclose(filterbank(MEL).sum(0)[inside], torch.ones(()), atol=1e-5)
    assert torch.allclose(band_power(power * inside[:, None], MEL).sum(0), power[inside].sum(0), rtol=1e-4)


def test_the_power_of_a_spectrum_is_that_of_the_waveform():
    audio = noise(MEL.rate)
    power = spectrum(audio, MEL).abs().square().sum(0)[4:-4].mean()
    # One-sided, through a Hann window scaled to a sum of 2: 3 times the mean square (sum w^2 n / (sum w)^2 = 1.5).
    assert power == pytest.approx(3 * float(audio.square().mean()), rel=0.05)


def test_the_logarithm_has_an_inverse():
    power = 10 ** torch.linspace(-6, 3, 100)
    assert torch.allclose(from_log(to_log(power, MEL), MEL), power, rtol=5e-3)
    assert from_log(to_log(torch.zeros(3), MEL), MEL).max() < 1e-3 * MEL.floor**2
    assert from_log(torch.full((3,), -50.0), MEL).max() == 0


def test_the_logarithm_rises_from_the_floor():
    power = torch.cat([torch.zeros(1), 10 ** torch.linspace(-12, 3, 100)])
    logs = to_log(power, MEL)
    assert logs[0] == pytest.approx(math.log(MEL.floor))
    assert (logs.diff() >= 0).all()
    # In nepers of amplitude: ten times the amplitude is ln 10 more.
    assert logs[-1] == pytest.approx(0.5 * math.log(1000), abs=1e-5)


def test_anti_phase_stereo_is_as_loud_as_in_phase():
    left = noise(8192)
    both, opposed = torch.stack([left, left]), torch.stack([left, -left])
    assert torch.allclose(log_mel(both, MEL), log_mel(opposed, MEL), atol=1e-5)
    assert torch.allclose(log_mel(both, MEL), log_mel(left[None], MEL), atol=1e-5)


def test_a_stem_panned_hard_has_half_the_power():
    left = noise(8192)
    panned = torch.stack([left, torch.zeros_like(left)])
    drop = log_mel(left[None], MEL) - log_mel(panned, MEL)
    assert torch.allclose(drop, torch.tensor(0.5 * math.log(2)), atol=1e-3)


def test_items_do_not_see_each_other():
    audio = noise(3, 2, 4096)
    whole = log_mel(audio, MEL)
    assert whole.shape == (3, MEL.bands, 8)
    assert torch.allclose(whole[1], log_mel(audio[1], MEL), atol=1e-5)
