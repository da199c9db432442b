"""Features in fine bands for the refiner, which corrects the model's masks on the mixture's own spectrum.

Bands are fixed in hertz, whatever the song's rate; a song whose rate has no such band is silent in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.mel import Banded, product, spread_over_bins
from msgld.dsp.stft import constant

SPACING = 44_100 / 2048
"""Hertz from one band to the next at the lower end: bins of the spectrum, one by one."""

EVEN, TOP = 2000.0, 20_000.0
"""Hertz up to which bands are evenly spaced, three eighths of them at most; the others have equal ratios up to TOP."""

SILENCE = 1e-8
"""Power below which a band counts as silent (a sinusoid of amplitude 1 has 1)."""

LEAST = 1e-3
"""Added to every mask, so that its logarithm is finite."""

FARTHEST = 30.0
"""Bound of the corrections of logarithms, so that their exponentials are finite."""

Network = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Features (B, 3 + S, M, N) -> corrections of the masks' logarithms, for all channels and for left against right, both
(B, S, M, N)."""


@lru_cache(maxsize=8)
def centres(bands: int) -> np.ndarray:
    """Centres of the bands in hertz, (M,)."""
    even = min(int(EVEN / SPACING), 3 * bands // 8)
    low = SPACING * np.arange(even)
    return np.concatenate([low, np.geomspace(low[-1] + SPACING, TOP, bands - even)])


@constant
def spread(bands: int, rate: int, n_fft: int) -> Tensor:
    """Weights with which bands make up bins: float32 (F, M), rows sum to 1, linear between centres."""
    places = centres(bands)
    points = np.stack([2 * places[0] - places[1], *places, 2 * places[-1] - places[-2]])
    return spread_over_bins(np.stack([points[:-2], points[1:-1], points[2:]], axis=1), rate, n_fft)


@constant
def gather(bands: int, rate: int, n_fft: int) -> Tensor:
    """Weights with which bins make up bands: float32 (M, F), the transpose of :func:`spread` with rows that sum to 1.

    A row is 0 where the song's rate has no such band.
    """
    weights = spread(bands, rate, n_fft).T
    weights = torch.where(torch.from_numpy(centres(bands) <= rate / 2)[:, None], weights, 0.0)
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-8)


@lru_cache(maxsize=8)
def _to_bins(bands: int, rate: int, n_fft: int) -> Banded:
    return Banded.of(spread(bands, rate, n_fft).T)


@lru_cache(maxsize=8)
def to_bands(bands: int, rate: int, n_fft: int) -> Banded:
    """The product with :func:`gather`, (..., F) -> (..., M)."""
    return Banded.of(gather(bands, rate, n_fft).T)


def features(spectra: Tensor, masks: Tensor, bands: int, rate: int) -> Tensor:
    """The refiner's input, (B, 3 + S, M, N): :func:`mixture_features` and :func:`mask_features`.

    Args:
        spectra: of mixtures, as in :func:`mixture_features`.
        masks: of the model, (B, S, F, N).
        bands: M.
        rate: samples per second.
    """
    narrow = to_bands(bands, rate, 2 * (spectra.shape[2] - 1))
    return torch.cat([mixture_features(spectra, bands, rate), mask_features(narrow(masks.mT).mT)], 1)


def mixture_features(spectra: Tensor, bands: int, rate: int) -> Tensor:
    """Loudness of mixtures, difference of their first two channels and the channels' coherence.

    Args:
        spectra: at the model's reference RMS, complex (B, channels, F, N), a sinusoid of amplitude 1 being 1.
        bands: M.
        rate: samples per second.

    Returns:
        (B, 3, M, N), each about -1 to 1.
    """
    narrow = to_bands(bands, rate, 2 * (spectra.shape[2] - 1))
    right = min(1, spectra.shape[1] - 1)
    powers = narrow(product(spectra, spectra).mT).mT
    both = narrow(product(spectra[:, 0], spectra[:, right]).mT).mT
    one, other = powers[:, 0], powers[:, right]
    loudness = torch.log10(powers.mean(1) + SILENCE) / 4 + 1
    balance = (one - other) / (one + other + SILENCE)
    coherence = both / ((one * other).clamp_min(0).sqrt() + SILENCE)
    return torch.stack([loudness, balance, coherence], 1)


def mask_features(masks: Tensor) -> Tensor:
    """Logarithms of masks (B, S, M, N) in bands, about -0.5 to 0.5."""
    return torch.log10(masks + LEAST) / 3 + 0.5


def corrected(masks: Tensor, scores: Tensor, lean: Tensor, channels: int) -> Tensor:
    """Corrected masks of each channel, (B, S, channels, ...), sum 1 over the stems.

    Args:
        masks: of the model, (B, S, ...).
        scores: added to their logarithms, (B, S, ...).
        lean: added besides on the left and subtracted on the right, (B, S, ...); unused for mono.
        channels: of the song.
    """
    own = (masks + LEAST) * scores.clamp(-FARTHEST, FARTHEST).exp()
    side = lean.clamp(-FARTHEST, FARTHEST).exp()
    sides = [own * side, own / side] if channels > 1 else []
    parts = torch.stack([*sides, *[own] * (channels - len(sides))], 2)
    return parts / parts.sum(1, keepdim=True)


def refined_masks(spectra: Tensor, masks: Tensor, network: Network, bands: int, rate: int) -> Tensor:
    """Masks of stems, (B, S, channels, F, N), whose sum over the stems is 1.

    Args:
        spectra: as in :func:`features`.
        masks: as in :func:`features`.
        network: a refiner.
        bands: M of the refiner.
        rate: samples per second.
    """
    scores, lean = network(features(spectra, masks, bands, rate))
    wide = _to_bins(bands, rate, 2 * (spectra.shape[2] - 1))
    return corrected(masks.mT, wide(scores.mT), wide(lean.mT), spectra.shape[1]).mT
