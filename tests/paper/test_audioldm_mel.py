"""Laws of the front end of AudioLDM: magnitudes, bands of equal area, a hard floor."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from msgld.dsp.masks import masks_from_mels
from msgld.dsp.mel import AUDIOLDM, MelConfig, band_edges, filterbank, from_log, log_mel, spectrum, to_log


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_the_published_segment_has_1024_columns():
    assert log_mel(torch.zeros(2, 1, 163_840), AUDIOLDM).shape == (2, 64, 1024)


def test_silence_is_the_logarithm_of_the_floor():
    assert torch.allclose(log_mel(torch.zeros(1, 16_000), AUDIOLDM), torch.tensor(math.log(1e-5)))


def test_twice_the_amplitude_is_ln_2_more():
    audio = noise(1, 16_000)
    more = log_mel(2 * audio, AUDIOLDM) - log_mel(audio, AUDIOLDM)
    assert torch.allclose(more, torch.tensor(math.log(2)), atol=1e-4)


def test_bands_have_equal_area():
    # Narrow bands hold few bins, so their sum only comes near to the area.
    areas = filterbank(AUDIOLDM).sum(1) * AUDIOLDM.rate / AUDIOLDM.n_fft
    wide = torch.from_numpy(band_edges(AUDIOLDM)[:, 2] - band_edges(AUDIOLDM)[:, 0]) > 200
    assert torch.allclose(areas[wide], torch.ones(()), atol=0.02)
    assert areas.min() > 0


def test_the_spectrum_is_that_of_the_mirrored_waveform():
    audio = noise(4096)
    half = AUDIOLDM.n_fft // 2
    mirrored = torch.cat([audio[1 : half + 1].flip(0), audio[: half + 1]])[: AUDIOLDM.n_fft]
    window = torch.hann_window(AUDIOLDM.n_fft)
    assert torch.allclose(spectrum(audio, AUDIOLDM)[:, 0], torch.fft.rfft(mirrored * window), atol=1e-3)


@pytest.mark.parametrize("samples", [160, 500, 513, 1024])
def test_short_waveforms_have_a_column_for_every_whole_hop(samples: int):
    assert log_mel(noise(2, 1, samples), AUDIOLDM).shape == (2, 64, samples // 160)


def test_the_logarithm_has_an_inverse_above_the_floor():
    power = 10 ** torch.linspace(-9.9, 3, 100)
    assert torch.allclose(from_log(to_log(power, AUDIOLDM), AUDIOLDM), power, rtol=1e-4)
    assert from_log(to_log(torch.tensor([0.0, 1e-12]), AUDIOLDM), AUDIOLDM).max() == 0
    assert from_log(log_mel(torch.zeros(1, 1600), AUDIOLDM), AUDIOLDM).max() == 0


def test_shares_are_ratios_of_amplitudes():
    audio = noise(1, 16_000)
    mels = torch.stack([log_mel(3 * audio, AUDIOLDM), log_mel(audio, AUDIOLDM)])
    assert torch.allclose(masks_from_mels(mels, AUDIOLDM)[0], torch.tensor(0.75), atol=1e-3)
    assert torch.allclose(masks_from_mels(mels, AUDIOLDM, exponent=2.0)[0], torch.tensor(0.9), atol=1e-3)


def test_anti_phase_stereo_is_as_loud_as_in_phase():
    left = noise(8192)
    both, opposed = torch.stack([left, left]), torch.stack([left, -left])
    assert torch.allclose(log_mel(both, AUDIOLDM), log_mel(opposed, AUDIOLDM), atol=1e-5)
    assert torch.allclose(log_mel(both, AUDIOLDM), log_mel(left[None], AUDIOLDM), atol=1e-5)


def test_its_gradient_is_finite_in_silence():
    audio = torch.zeros(1, 3200, requires_grad=True)
    log_mel(audio, AUDIOLDM).sum().backward()
    assert audio.grad is not None and bool(audio.grad.isfinite().all())


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="power or magnitude"):
        MelConfig(kind="loudness")
