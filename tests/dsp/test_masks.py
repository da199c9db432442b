"""Laws of the masks on the mixture's own spectrum."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from msgld.dsp.masks import Coarse, apply_masks, band_spread, grid, in_time, masks_from_mels
from msgld.dsp.mel import MelConfig, log_mel, to_log

MEL = MelConfig()
RATES = [8000, 22_050, 44_100, 48_000, 96_000, 192_000]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def columns_of(samples: int, rate: int) -> int:
    """Columns on the model's grid of a stretch of sound, in whole latent frames."""
    return 4 * math.ceil(samples / rate * MEL.rate / MEL.hop / 4)


def random_masks(stems: int, columns: int) -> Tensor:
    return (3 * noise(stems, MEL.bands, columns, seed=1)).softmax(0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_stems_sum_to_the_mixture(rate: int, channels: int):
    mixture = 0.3 * noise(channels, round(0.4 * rate) + 7)
    stems = apply_masks(mixture, random_masks(4, columns_of(mixture.shape[1], rate)), rate, MEL)
    assert stems.shape == (4, *mixture.shape)
    assert (stems.sum(0) - mixture).abs().max() < 1e-5


@pytest.mark.parametrize("samples", [1, 100, 511, 512, 513, 2049, 4096 + 300, 101 * 512])
def test_any_length_is_kept(samples: int):
    mixture = 0.3 * noise(2, samples)
    stems = apply_masks(mixture, random_masks(3, columns_of(samples, MEL.rate)), MEL.rate, MEL)
    assert stems.shape == (3, 2, samples)
    assert (stems.sum(0) - mixture).abs().max() < 1e-5


@pytest.mark.parametrize("rate", RATES)
def test_one_stem_that_has_it_all_is_the_mixture(rate: int):
    mixture = 0.3 * noise(2, round(0.4 * rate))
    masks = torch.zeros(3, MEL.bands, columns_of(mixture.shape[1], rate))
    masks[1] = 1
    stems = apply_masks(mixture, masks, rate, MEL)
    assert torch.allclose(stems[1], mixture, atol=1e-5)
    assert stems[[0, 2]].abs().max() == 0


def test_stems_are_linear_in_the_mixture_and_in_the_masks():
    one, other = 0.3 * noise(2, 9000), 0.3 * noise(2, 9000, seed=2)
    masks = random_masks(3, columns_of(9000, MEL.rate))
    apart = apply_masks(one, masks, MEL.rate, MEL) + apply_masks(other, masks, MEL.rate, MEL)
    assert torch.allclose(apply_masks(one + other, masks, MEL.rate, MEL), apart, atol=1e-5)
    half = apply_masks(one, 0.5 * masks, MEL.rate, MEL)
    assert torch.allclose(half, 0.5 * apply_masks(one, masks, MEL.rate, MEL), atol=1e-5)


@pytest.mark.parametrize("rate", RATES)
def test_tones_far_apart_are_separated_by_their_ideal_masks(rate: int):
    time = torch.arange(rate, dtype=torch.float64) / rate
    tones = torch.stack([0.3 * torch.sin(2 * math.pi * hertz * time) for hertz in (220.0, 2500.0)]).float()
    at_model = torch.arange(MEL.rate, dtype=torch.float64) / MEL.rate
    heard = torch.stack([0.3 * torch.sin(2 * math.pi * hertz * at_model) for hertz in (220.0, 2500.0)])
    masks = masks_from_mels(log_mel(heard.float()[:, None], MEL), MEL, exponent=2.0)
    stems = apply_masks(tones.sum(0)[None], masks, rate, MEL)[:, 0]
    inside = slice(rate // 10, -rate // 10)
    for stem, tone in zip(stems, tones, strict=True):
        error = (stem - tone)[inside].square().mean()
        assert 10 * math.log10(float(tone[inside].square().mean() / error)) > 25


@pytest.mark.parametrize("rate", RATES)
def test_masks_change_when_the_sound_does(rate: int):
    # The first stem has the first half, the second one the rest: in seconds, whatever the rate.
    masks = torch.zeros(2, MEL.bands, columns_of(2 * rate, rate))
    middle = round(MEL.rate / MEL.hop)
    masks[0, :, :middle] = 1
    masks[1, :, middle:] = 1
    stems = apply_masks(torch.ones(1, 2 * rate), masks, rate, MEL)[:, 0]
    crossing = int((stems[0] > stems[1]).nonzero().max()) / rate
    assert crossing == pytest.approx((middle - 0.5) * MEL.hop / MEL.rate, abs=0.006)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("config", [MEL, MelConfig(bands=64, fmax=8000.0)])
def test_bands_make_up_every_bin_whole(rate: int, config: MelConfig):
    n_fft, _ = grid(rate, config)
    spread = band_spread(rate, n_fft, config)
    assert spread.shape == (n_fft // 2 + 1, config.bands)
    assert torch.allclose(spread.sum(1), torch.ones(()), atol=1e-6)
    assert (spread >= 0).all()
    hertz = torch.arange(n_fft // 2 + 1) * rate / n_fft
    assert (spread[hertz >= config.fmax, -1] == 1).all(), "above the model's band the highest share holds"


@pytest.mark.parametrize("rate", RATES)
def test_the_grid_is_the_models_in_seconds(rate: int):
    n_fft, hop = grid(rate, MEL)
    assert n_fft == 4 * hop
    assert hop / rate == pytest.approx(MEL.hop / MEL.rate, rel=0.01)
    assert grid(MEL.rate, MEL) == (MEL.n_fft, MEL.hop)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("columns", [1, 7, 8, 12, 30])
def test_masks_are_cut_or_held_to_the_songs_columns(rate: int, columns: int):
    spread = Coarse(in_time(random_masks(3, 8), rate, columns, MEL), rate, MEL).at(slice(None))
    assert spread.shape == (3, grid(rate, MEL)[0] // 2 + 1, columns)
    assert torch.allclose(spread.sum(0), torch.ones(()), atol=1e-5)
    if columns == 30:
        assert torch.allclose(spread[..., 15:], spread[..., 15:16].expand(-1, -1, 15))


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_masks_are_ratios_of_amplitudes(exponent: float):
    amplitudes = torch.tensor([3.0, 1.0, 0.0]).view(3, 1, 1).expand(-1, 4, 5)
    masks = masks_from_mels(to_log(amplitudes.square(), MEL), MEL, exponent)
    expected = amplitudes**exponent / (amplitudes**exponent).sum(0)
    assert torch.allclose(masks, expected, atol=1e-3)


def test_silence_is_shared_out_to_nobody():
    silence = to_log(torch.zeros(3, 4, 5), MEL)
    masks = masks_from_mels(silence, MEL)
    assert masks.isfinite().all()
    assert masks.sum(0).max() < 0.1
