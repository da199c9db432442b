"""Laws of the multichannel Wiener filter: stems of stereo songs are told apart by where they stand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from msgld.dsp.masks import apply_masks, grid, masked
from msgld.dsp.mel import MelConfig
from msgld.dsp.stft import istft, stft
from msgld.dsp.wiener import HIGHEST, POWER_EXPONENT, STRIDE, covariances, wiener_filter

MEL = MelConfig()
RATE = MEL.rate


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def at(place: float, sound: Tensor) -> Tensor:
    """A sound (L,) in stereo: 0 is left, 1 is right."""
    return torch.stack([(1 - place) * sound, place * sound])


def db(true: Tensor, estimate: Tensor) -> float:
    """How far the error lies below the true sound."""
    return float(10 * torch.log10(true.square().sum() / (true - estimate).square().sum()))


def cut(mixture: Tensor, masks: Tensor) -> Tensor:
    """Stems (S, 2, L) that the filter finds with masks (S, 1, F, T) of a mixture (2, L)."""
    stems = waves(filtered(spectra(mixture), masks), mixture.shape[-1])
    return torch.cat([stems, (mixture - stems.sum(0))[None]])


def filtered(mixture: Tensor, masks: Tensor) -> Tensor:
    """The filter with the covariances of the same columns."""
    return wiener_filter(mixture, masks, covariances(mixture[..., ::STRIDE], masks[..., ::STRIDE]))


def spectra(stems: Tensor, rate: int = RATE) -> Tensor:
    return stft(stems, *grid(rate, MEL), last=True)


def waves(spectra: Tensor, samples: int) -> Tensor:
    return istft(spectra, *grid(RATE, MEL), samples)


@pytest.mark.parametrize("rate", [8000, RATE, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_stems_sum_to_the_mixture(rate: int, channels: int):
    mixture = 0.3 * noise(channels, rate // 2 + 7)
    masks = (3 * noise(4, MEL.bands, 64, seed=1)).softmax(0)
    stems = apply_masks(mixture, masks, rate, MEL, wiener=True)
    assert stems.shape == (4, *mixture.shape)
    assert (stems.sum(0) - mixture).abs().max() < 1e-5


@pytest.mark.parametrize("channels", [1, 3])
def test_only_two_channels_are_filtered(channels: int):
    mixture = 0.3 * noise(channels, 30_000)
    masks = (3 * noise(3, MEL.bands, 64, seed=1)).softmax(0)
    plain, filtered = (apply_masks(mixture, masks, RATE, MEL, wiener=flag) for flag in (False, True))
    assert torch.equal(plain, filtered)


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_high_bins_are_left_to_the_masks(rate: int):
    mixture = 0.3 * noise(2, rate) * torch.tensor([[1.0], [0.4]])
    masks = (3 * noise(3, MEL.bands, 96, seed=1)).softmax(0)
    plain, filtered = (
        spectra(apply_masks(mixture, masks, rate, MEL, wiener=flag), rate) for flag in (False, True)
    )
    hertz = torch.linspace(0, rate / 2, plain.shape[-2])
    above, below = hertz > HIGHEST + 100, hertz < HIGHEST - 100
    assert db(plain[..., above, :].abs(), filtered[..., above, :].abs()) > 60
    assert db(plain[..., below, :].abs(), filtered[..., below, :].abs()) < 40


def test_places_heard_alone_tell_stems_apart_where_they_play_together():
    third = RATE
    one, other = 0.1 * noise(3 * third), 0.1 * noise(3 * third, seed=1)
    one[third : 2 * third] = 0
    other[:third] = 0
    stems = torch.stack([at(0.2, one), at(0.7, other)])
    mixture = stems.sum(0)
    columns = spectra(mixture).shape[-1]
    first = torch.full((columns,), 0.5)  # in the last third masks know nothing
    first[: columns // 3], first[columns // 3 : 2 * columns // 3] = 1, 0
    masks = torch.stack([first, 1 - first])[:, None, None].expand(2, 1, MEL.n_fft // 2 + 1, columns)
    together = slice(2 * third + MEL.n_fft, 3 * third - MEL.n_fft)
    found = cut(mixture, masks)[..., together]
    plain = waves(masked(spectra(mixture), masks), 3 * third)[..., together]
    true = stems[..., together]
    assert max(db(t, p) for t, p in zip(true, plain, strict=True)) < 8
    assert min(db(t, f) for t, f in zip(true, found, strict=True)) > 20


def test_true_masks_gain_most_where_stems_stand_apart():
    # Each plays in half of the tenths of a second.
    bars = [(noise(20, seed=9 + seed) > 0).repeat_interleave(RATE // 10) for seed in range(3)]
    sounds = [0.1 * noise(len(bar), seed=seed) * bar for seed, bar in enumerate(bars)]

    def gain(places: tuple[float, ...]) -> float:
        stems = torch.stack([at(place, sound) for place, sound in zip(places, sounds, strict=True)])
        powers = spectra(stems).abs().square().sum(1, keepdim=True).sqrt()
        masks, mixture = powers / powers.sum(0).clamp_min(1e-9), stems.sum(0)
        plain = waves(masked(spectra(mixture), masks), mixture.shape[-1])
        return db(stems, cut(mixture, masks)) - db(stems, plain)

    together, apart = gain((0.5, 0.5, 0.5)), gain((0.1, 0.5, 0.9))
    assert abs(together) < 1
    assert apart > together + 2


def test_at_one_place_only_powers_count():
    mixture = at(0.5, 0.1 * noise(RATE))
    masks = (3 * noise(3, 1, MEL.n_fft // 2 + 1, spectra(mixture).shape[-1], seed=1)).softmax(0)
    powers = masks.square() ** POWER_EXPONENT
    expected = masked(spectra(mixture), powers / powers.sum(0))[:-1]
    found = filtered(spectra(mixture), masks)
    assert (found - expected).abs().max() < 5e-3 * expected.abs().max()


def test_sides_can_be_exchanged_and_loudness_changed():
    mixture = at(0.3, 0.1 * noise(RATE)) + at(0.8, 0.1 * noise(RATE, seed=1))
    masks = (3 * noise(3, 2, MEL.n_fft // 2 + 1, spectra(mixture).shape[-1], seed=2)).softmax(0)
    found = filtered(spectra(mixture), masks)
    exchanged = filtered(spectra(mixture.flip(0)), masks.flip(1)).flip(1)
    softer = filtered(0.01 * spectra(mixture), masks) / 0.01
    assert torch.allclose(exchanged, found, atol=1e-4 * float(found.abs().max()))
    assert (softer - found).abs().max() < 1e-2 * found.abs().max()


def test_silence_and_a_dead_channel_stay_numbers():
    mixture = at(0.0, 0.1 * noise(RATE))
    mixture[:, RATE // 3 : RATE // 2] = 0
    masks = (3 * noise(3, MEL.bands, 128, seed=1)).softmax(0)
    for sound in (mixture, mixture.flip(0), 0 * mixture):
        stems = apply_masks(sound, masks, RATE, MEL, wiener=True)
        assert stems.isfinite().all()
        assert (stems.sum(0) - sound).abs().max() < 1e-5
