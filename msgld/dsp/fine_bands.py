"""From a mixture's own spectrum and first guesses at masks to masks that a refiner has corrected.

Everything here is in hertz and seconds: the bands lie where they lie whatever the song's rate, and a song without
the highest of them has silence there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.banded import Banded
from msgld.dsp.mel import constant, product, spread_over_bins

SPACING = 44_100 / 2048
"""Hertz from one band to the next at the lower end: bins of the spectrum, one by one."""

EVEN, TOP = 2000.0, 20_000.0
"""Up to here, or as far as three eighths of the bands go, bands are evenly spaced; above, by equal ratios."""

SILENCE = 1e-8
"""Power below which a band counts as silent (a sinusoid of amplitude 1 has 1)."""

LEAST = 1e-3
"""Share below which a first guess is not told from none."""

FARTHEST = 30.0
"""Corrections of logarithms beyond this are as good as this, and their exponentials are numbers."""

Network = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Features (B, 3 + S, M, T) -> corrections of the masks' logarithms and their lean to the left, (B, S, M, T)."""


@lru_cache(maxsize=8)
def centres(bands: int) -> np.ndarray:
    """Where the bands lie, in hertz, (M,)."""
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
    """Weights with which bins make up bands: float32 (M, F), means over what :func:`spread` gives each; rows sum to 1.

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
    """:func:`gather`, for what lies column by column: (..., F) -> (..., M)."""
    return Banded.of(gather(bands, rate, n_fft).T)


def features(spectra: Tensor, masks: Tensor, bands: int, rate: int) -> Tensor:
    """What a refiner hears: (B, 3 + S, M, T), :func:`heard` and :func:`told`.

    Args:
        spectra: of mixtures, as in :func:`heard`.
        masks: first guesses, (B, S, F, T).
    """
    narrow = to_bands(bands, rate, 2 * (spectra.shape[2] - 1))
    return torch.cat([heard(spectra, bands, rate), told(narrow(masks.mT).mT)], 1)


def heard(spectra: Tensor, bands: int, rate: int) -> Tensor:
    """What of a mixture a refiner hears: loudness, difference of the first two channels and their coherence.

    Args:
        spectra: at the level that the model knows, complex (B, channels, F, T), a sinusoid of amplitude 1 being 1.

    Returns:
        (B, 3, M, T), each about -1 to 1.
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


def told(masks: Tensor) -> Tensor:
    """First guesses (B, S, M, T) in bands as a refiner is told them: their logarithms, about -0.5 to 0.5."""
    return torch.log10(masks + LEAST) / 3 + 0.5


def divided(masks: Tensor, scores: Tensor, lean: Tensor, channels: int) -> Tensor:
    """Corrected masks of each channel, (B, S, channels, ...), sum 1 over the stems.

    Args:
        masks: first guesses (B, S, ...). scores: what is added to their logarithms.
        lean: what is added besides on the left and taken away on the right; there may be no sides.
    """
    own = (masks + LEAST) * scores.clamp(-FARTHEST, FARTHEST).exp()
    side = lean.clamp(-FARTHEST, FARTHEST).exp()
    sides = [own * side, own / side] if channels > 1 else []
    parts = torch.stack([*sides, *[own] * (channels - len(sides))], 2)
    return parts / parts.sum(1, keepdim=True)


def refined_masks(spectra: Tensor, masks: Tensor, network: Network, bands: int, rate: int) -> Tensor:
    """Masks of stems, (B, S, channels, F, T), whose sum over the stems is 1.

    Args:
        spectra, masks: as in :func:`features`.
        network: a refiner. bands: M of it.
    """
    scores, lean = network(features(spectra, masks, bands, rate))
    wide = _to_bins(bands, rate, 2 * (spectra.shape[2] - 1))
    return divided(masks.mT, wide(scores.mT), wide(lean.mT), spectra.shape[1]).mT
