"""The model's masks become masks on the mixture's own spectrum, so no stem is re-synthesised.

Phase, bandwidth and channels are the song's. Masks on the model's grid (mel bands, columns of its hop) are carried to
the song's grid in hertz and seconds. Above the model's highest band the mask of that band holds.
Masks that sum to 1 give stems that sum to the song, because the transform and its inverse are linear and exact.

On the song's grid tensors are (..., F, columns), and in memory a column lies together, as the transform leaves it and
takes it: arithmetic between tensors that lie otherwise takes several times as long. ``.mT`` is that order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor

from msgld.dsp.fine_bands import Refined, gather
from msgld.dsp.mel import Banded, MelConfig, band_edges, from_log, spread_over_bins
from msgld.dsp.stft import constant, istft, stft
from msgld.dsp.wiener import HIGHEST, STRIDE, Covariance, covariances, wiener_filter


def masks_from_mels(log_mels: Tensor, config: MelConfig, exponent: float = 1.0) -> Tensor:
    """Masks of stems (..., S, M, N): their decoded amplitudes to the power ``exponent``, over the sum of all stems.

    Where all stems are silent, the masks are 0 and the residual gets the song.
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
    """Weights with which mel bands make up bins: float32 (F, M), rows sum to 1."""
    return spread_over_bins(band_edges(config), rate, n_fft)


@lru_cache(maxsize=8)
def _to_bins(rate: int, n_fft: int, config: MelConfig) -> Banded:
    return Banded.of(band_spread(rate, n_fft, config).T)


def in_time(masks: Tensor, rate: int, columns: int, config: MelConfig) -> Tensor:
    """Masks (..., M, N) on the model's grid in time -> (..., M, columns) on the song's; the last one holds."""
    _, hop = grid(rate, config)
    if rate == config.rate:
        missing = max(0, columns - masks.shape[-1])
        return torch.cat([masks, masks[..., -1:].expand(*masks.shape[:-1], missing)], -1)[..., :columns]
    seconds = torch.arange(columns, device=masks.device) * hop / rate
    place = (seconds * config.rate / config.hop).clamp(0, masks.shape[-1] - 1)
    left = place.floor().long()
    right = (left + 1).clamp_max(masks.shape[-1] - 1)
    return torch.lerp(masks[..., left], masks[..., right], (place - left).to(masks))


@dataclass(frozen=True)
class Coarse:
    """A model's masks, in time on the song's grid and in frequency on the model's.

    Attributes:
        masks: (..., S, M, columns).
        rate: of the song.
        config: the model's grid.
    """

    masks: Tensor
    rate: int
    config: MelConfig

    def at(self, columns: slice) -> Tensor:
        """Those of some columns, on the song's grid in frequency, too: (..., S, F, n)."""
        wide = _to_bins(self.rate, grid(self.rate, self.config)[0], self.config)
        return wide(self.masks[..., columns].mT).mT

    def in_bands(self, bands: int) -> Tensor:
        """In the bands of a refiner, (..., S, bands, columns)."""
        return _to_fine_bands(bands, self.rate, grid(self.rate, self.config)[0], self.config)(
            self.masks.mT
        ).mT


@lru_cache(maxsize=8)
def _to_fine_bands(bands: int, rate: int, n_fft: int, config: MelConfig) -> Banded:
    return Banded.of((gather(bands, rate, n_fft) @ band_spread(rate, n_fft, config)).T)


Refine = Callable[[Tensor, Coarse], Callable[[slice], Refined]]
"""Spectrum (channels, F, columns), a sinusoid of amplitude 1 being 1, and masks (S, M, columns) -> the refined ones of
any columns."""

STRETCH = 108
"""Columns that are cut out at once, 1.25 s: a whole window would take much memory."""

EDGE = 2
"""Columns on either side whose windows reach into a stretch."""


def apply_masks(
    mixture: Tensor,
    masks: Tensor,
    rate: int,
    config: MelConfig,
    refine: Refine | None = None,
    wiener: bool = False,
) -> Tensor:
    """Cut stems out of a mixture.

    Args:
        mixture: (channels, L) at ``rate``; sample 0 is the centre of the first column of ``masks``.
        masks: (S, M, N) on the model's grid, in [0, 1].
        rate: samples per second.
        config: the model's grid.
        refine: corrects the masks on the song's grid.
        wiener: whether stems of stereo songs also pass the multichannel Wiener filter.

    Returns:
        (S, channels, L). The mixture less their sum is what no mask covers; with ``refine``, or where the Wiener
        filter applies, that is nothing.
    """
    n_fft, hop = grid(rate, config)
    spectrum = stft(mixture, n_fft, hop, last=True)
    coarse = Coarse(in_time(masks, rate, spectrum.shape[-1], config), rate, config)
    if refine is None and not (wiener and len(mixture) == 2):
        on_grid = coarse.at(slice(None))
        return istft(masked(spectrum, on_grid.unsqueeze(1)), n_fft, hop, mixture.shape[-1])
    at = partial(_as_they_are, coarse) if refine is None else refine(spectrum, coarse)
    directions = None
    if wiener and len(mixture) == 2:
        bins, some = round(HIGHEST * n_fft / rate), slice(None, None, STRIDE)
        directions = covariances(spectrum[:, :bins, some], at(some).masks[:, :, :bins])
    waves = mixture.new_empty(len(masks), *mixture.shape)
    columns = spectrum.shape[-1]
    for first in range(0, columns, STRETCH):
        last, begin = min(columns, first + STRETCH), max(0, first - EDGE)
        near = slice(begin, min(columns, last + EDGE))
        stop = mixture.shape[-1] if last == columns else last * hop
        stems = cut_out(spectrum[:, :, near], at(near), directions)
        waves[:-1, :, first * hop : stop] = istft(stems, n_fft, hop, stop - begin * hop)[
            ..., (first - begin) * hop :
        ]
    waves[-1] = mixture - waves[:-1].sum(0)  # the last stem, without a transform of its own
    return waves


def _as_they_are(coarse: Coarse, columns: slice) -> Refined:
    return Refined(coarse.at(columns).unsqueeze(1))


def cut_out(spectrum: Tensor, refined: Refined, directions: Sequence[Covariance] | None = None) -> Tensor:
    """All stems but the last one, which is the rest of the mixture: complex (S - 1, channels, F, columns).

    Args:
        spectrum: complex (channels, F, columns).
        refined: masks of one mixture.
        directions: of the stems in the lowest bins, which then pass the multichannel Wiener filter there.
    """
    masks = refined.masks
    stems = masked(spectrum, masks[:-1]) if directions is None else _filtered(spectrum, masks, directions)
    if refined.turns is None:
        return stems
    bins = refined.turns.shape[-2]
    low = stems[:, :, :bins] + refined.turns[:-1] * spectrum[:, :bins]
    return torch.cat([low.mT, stems[:, :, bins:].mT], -1).mT


def _filtered(spectrum: Tensor, masks: Tensor, directions: Sequence[Covariance]) -> Tensor:
    """All stems but the last one: the lower bins by the Wiener filter, the others by masks alone."""
    bins = directions[0].left.shape[-1]
    low = wiener_filter(spectrum[:, :bins], masks[:, :, :bins], directions)
    high = masked(spectrum[:, bins:], masks[:-1, :, bins:])
    return torch.cat([low.mT, high.mT], -1).mT


def masked(spectrum: Tensor, masks: Tensor) -> Tensor:
    """Complex (channels, F, columns) times real (S, channels or 1, F, columns)."""
    parts = torch.view_as_real(spectrum.mT) * masks.mT.unsqueeze(-1)
    return torch.view_as_complex(parts).mT
