"""The anchor: masks of the mixture become masks on the mixture's own spectrum, so nothing is re-synthesised.

Phase, band and channels are the song's. Shares come from the model's grid (mel bands, columns of its hop) and
are carried to the song's grid in hertz and seconds. Above the model's highest band its mask holds.
Masks that sum to 1 give stems that sum to the song, because analysis and synthesis are linear and exact.

On the song's grid tensors are (..., F, columns), and in memory a column lies together, as the transform leaves it and
takes it: arithmetic between tensors that lie otherwise takes several times as long. ``.mT`` is that order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from msgld.dsp.banded import Banded
from msgld.dsp.mel import MelConfig, band_edges, constant, from_log, spread_over_bins
from msgld.dsp.wiener import HIGHEST, filtered


def masks_from_mels(log_mels: Tensor, config: MelConfig, exponent: float = 1.0) -> Tensor:
    """Shares of stems (..., K, M, N) in proportion to their decoded amplitude to the power ``exponent``.

    Silence has no mask; where all stems are silent nothing is shared out and the residual gets it.
    """
    powers = from_log(log_mels, config).pow(exponent / 2)
    floor = config.floor**exponent
    return powers / (powers.sum(-3, keepdim=True) + floor)


def grid(rate: int, config: MelConfig) -> tuple[int, int]:
    """Window and hop in samples with which a song of that rate is analysed: the model's, in seconds."""
    hop = max(16, round(config.hop * rate / config.rate))
    return 4 * hop, hop


@constant
def band_spread(rate: int, n_fft: int, config: MelConfig) -> Tensor:
    """Weights with which bands make up bins: float32 (F, M), rows sum to 1."""
    return spread_over_bins(band_edges(config), rate, n_fft)


def spread_masks(masks: Tensor, rate: int, columns: int, config: MelConfig) -> Tensor:
    """Shares on the model's grid (..., M, N) -> on the song's grid (..., F, columns), linear in time."""
    wide = _to_bins(rate, grid(rate, config)[0], config)
    return wide(in_time(masks, rate, columns, config).mT).mT


@lru_cache(maxsize=8)
def _to_bins(rate: int, n_fft: int, config: MelConfig) -> Banded:
    return Banded.of(band_spread(rate, n_fft, config).T)


def in_time(masks: Tensor, rate: int, columns: int, config: MelConfig) -> Tensor:
    """Shares (..., M, N) on the model's grid in time -> (..., M, columns) on the song's; the last one holds."""
    _, hop = grid(rate, config)
    if rate == config.rate:
        missing = max(0, columns - masks.shape[-1])
        return torch.cat([masks, masks[..., -1:].expand(*masks.shape[:-1], missing)], -1)[..., :columns]
    seconds = torch.arange(columns, device=masks.device) * hop / rate
    place = (seconds * config.rate / config.hop).clamp(0, masks.shape[-1] - 1)
    left = place.floor().long()
    right = (left + 1).clamp_max(masks.shape[-1] - 1)
    return torch.lerp(masks[..., left], masks[..., right], (place - left).to(masks))


Refine = Callable[[Tensor, Tensor], Tensor]
"""Spectrum (channels, F, columns), a sinusoid of amplitude 1 being 1, and masks (K, F, columns) -> masks
(K, channels, F, columns), whose sum over the stems is 1."""


def apply_masks(
    mixture: Tensor,
    masks: Tensor,
    rate: int,
    config: MelConfig,
    refine: Refine | None = None,
    spatial: bool = False,
) -> Tensor:
    """Cut stems out of a mixture.

    Args:
        mixture: (channels, L) at ``rate``; sample 0 is the centre of the first column of ``masks``.
        masks: (K, M, N) on the model's grid, in [0, 1].
        refine: corrects them on the song's grid.
        spatial: whether stems of stereo songs are told apart by where they stand, too.

    Returns:
        (K, channels, L); the mixture less their sum is what no mask covers, which is nothing with ``refine`` or
        where ``spatial`` applies.
    """
    spectrum = analyse(mixture, rate, config)
    on_grid = spread_masks(masks, rate, spectrum.shape[-1], config)
    masks = on_grid.unsqueeze(1) if refine is None else refine(spectrum, on_grid)
    if spatial and len(mixture) == 2:
        stems = _told_apart(spectrum, masks, round(HIGHEST * grid(rate, config)[0] / rate))
    elif refine is None:
        return synthesise(masked(spectrum, masks), rate, config, mixture.shape[-1])
    else:
        stems = masked(spectrum, masks[:-1])
    waves = synthesise(stems, rate, config, mixture.shape[-1])
    rest = mixture - waves.sum(0)  # the last stem, without a transform of its own
    return torch.cat([waves, rest.unsqueeze(0)])


def _told_apart(spectrum: Tensor, masks: Tensor, bins: int) -> Tensor:
    """All stems but the last one: the lower bins by masks and places, the others by masks alone."""
    low = filtered(spectrum[:, :bins], masks[:, :, :bins])
    high = masked(spectrum[:, bins:], masks[:-1, :, bins:])
    return torch.cat([low.mT, high.mT], -1).mT


def masked(spectrum: Tensor, masks: Tensor) -> Tensor:
    """Complex (channels, F, columns) times real (K, channels or 1, F, columns)."""
    parts = torch.view_as_real(spectrum.mT) * masks.mT.unsqueeze(-1)
    return torch.view_as_complex(parts).mT


@constant
def _window(n_fft: int) -> Tensor:
    return torch.hann_window(n_fft) * (4 / n_fft)


def analyse(audio: Tensor, rate: int, config: MelConfig) -> Tensor:
    """Waveforms (..., L) -> spectra on the song's grid, complex (..., F, columns); a sinusoid of amplitude 1 has 1."""
    n_fft, hop = grid(rate, config)
    window = _window(n_fft).to(audio.device)
    flat = audio.reshape(-1, audio.shape[-1])
    spectra = torch.stft(flat, n_fft, hop, window=window, pad_mode="constant", return_complex=True)
    return spectra.unflatten(0, audio.shape[:-1])


def synthesise(spectra: Tensor, rate: int, config: MelConfig, samples: int) -> Tensor:
    """Inverse of :func:`analyse`: (..., F, columns) -> (..., samples)."""
    n_fft, hop = grid(rate, config)
    window = _window(n_fft).to(spectra.device)
    waves = torch.istft(spectra.flatten(0, -3), n_fft, hop, window=window, length=samples)
    return waves.reshape(*spectra.shape[:-2], samples)
