"""Features in fine bands for the refiner, which corrects the model's masks on the mixture's own spectrum.

Bands are fixed in hertz, whatever the song's rate; a song whose rate has no such band is silent in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

STEADY = 4
"""Features of phases."""

LARGEST_TURN = 4.0
"""Bound of a turn, whose masks would else grow without end."""


@dataclass(frozen=True)
class Corrections:
    """What a refiner answers.

    Attributes:
        scores: added to the masks' logarithms, (B, S, M, N).
        lean: added besides on the left and subtracted on the right, (B, S, M, N).
        turns: complex (B, S, bands, N), of the lowest bands, which are bins one by one; None for real masks.
    """

    scores: Tensor
    lean: Tensor
    turns: Tensor | None = None


@dataclass(frozen=True)
class Refined:
    """Masks of some columns of the song's grid.

    Attributes:
        masks: real (B, S, channels, F, N), sum 1 over the stems.
        turns: complex (B, S, channels, lowest bins, N), added to those of the lowest ones, sum 0; None for none.
    """

    masks: Tensor
    turns: Tensor | None = None

    def __getitem__(self, item: int) -> Refined:
        """Those of one of the batch."""
        return Refined(self.masks[item], None if self.turns is None else self.turns[item])


Network = Callable[[Tensor], Corrections]
"""Features (B, inputs, M, N) -> corrections."""


def even_bands(bands: int) -> int:
    """How many of the bands, the lowest ones, are bins one by one."""
    return min(int(EVEN / SPACING), 3 * bands // 8)


def inputs_of(stems: int, turned: int) -> int:
    """Features of a band and column."""
    return 3 + stems + (STEADY if turned else 0)


@lru_cache(maxsize=8)
def centres(bands: int) -> np.ndarray:
    """Centres of the bands in hertz, (M,)."""
    even = even_bands(bands)
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


def cells(bands: int, rate: int, n_fft: int) -> tuple[np.ndarray, np.ndarray]:
    """The bins of each band: first ones and numbers, each (bands,); where the lowest bands are bins, one of each."""
    places = centres(bands) * n_fft / rate
    middles = np.floor((places[1:] + places[:-1]) / 2).astype(int) + 1
    edges = np.concatenate([[0], middles, [n_fft // 2 + 1]])
    return edges[:-1], np.diff(edges)


def features(spectra: Tensor, masks: Tensor, bands: int, rate: int, turned: int = 0) -> Tensor:
    """The refiner's input, (B, inputs, M, N): :func:`mixture_features`, :func:`mask_features`, :func:`phase_features`.

    Args:
        spectra: of mixtures, as in :func:`mixture_features`.
        masks: of the model, in bands, (B, S, M, N).
        bands: M.
        rate: samples per second.
        turned: bands, the lowest ones, whose phases count; 0 for none.
    """
    parts = [mixture_features(spectra, bands, rate), mask_features(masks)]
    if turned:
        parts.append(torch.nn.functional.pad(phase_features(spectra, turned), (0, 0, 0, bands - turned)))
    return torch.cat(parts, 1)


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


def phase_features(spectra: Tensor, bins: int) -> Tensor:
    """How the phases of the lowest bins go on, (B, ``STEADY``, bins, N), each -1 to 1.

    Cosine and sine of the phase's advance since the last column, less that of the bin's own frequency, and of the step
    to the next bin: a partial alone in its bins has (1, 0) twice where it lies on the bin; partials that beat do not.

    Args:
        spectra: as in :func:`mixture_features`; hops are a quarter of the window.
        bins: counted from the lowest.
    """
    low = spectra[:, :, : bins + 1].mean(1)
    unit = low / (low.abs() + SILENCE**0.5)
    quarter = torch.tensor([1, -1j, -1, 1j], device=low.device)[torch.arange(bins, device=low.device) % 4]
    advance = unit[:, :bins, 1:] * unit[:, :bins, :-1].conj() * quarter[:, None]
    advance = torch.nn.functional.pad(advance, (1, 0))
    step = -unit[:, 1:] * unit[:, :-1].conj()
    return torch.stack([advance.real, advance.imag, step.real, step.imag], 1)


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
    own = (masks + LEAST).log() + scores.clamp(-FARTHEST, FARTHEST)
    side = lean.clamp(-FARTHEST, FARTHEST)
    sides = [own + side, own - side] if channels > 1 else []
    return torch.stack([*sides, *[own] * (channels - len(sides))], 2).softmax(1)


def turned_by(turns: Tensor, masks: Tensor) -> Tensor:
    """What is added to masks so that they become complex, sum 0 over the stems; nothing where a mask is 0.

    A mask m becomes m (1 + t - sum of m t over all stems).

    Args:
        turns: complex t, (B, S, bins, N).
        masks: real m, (B, S, channels, bins, N), sum 1 over the stems.
    """
    bounded = turns / (1 + turns.abs() / LARGEST_TURN)
    weighted = masks * bounded.unsqueeze(2)
    return weighted - masks * weighted.sum(1, keepdim=True)


@dataclass(frozen=True)
class Refinement:
    """A refiner's answer about mixtures, from which masks are made for a few columns at once: all take much memory.

    Attributes:
        masks: gives those of the model for some columns, (B, S, F, n).
        answer: of the refiner.
        channels: of the mixtures.
        grid: bands, rate and samples of the transform.
    """

    masks: Callable[[slice], Tensor]
    answer: Corrections
    channels: int
    grid: tuple[int, int, int]

    def at(self, columns: slice) -> Refined:
        """The masks of some columns."""
        wide = _to_bins(*self.grid)
        scores, lean = (wide(part[..., columns].mT) for part in (self.answer.scores, self.answer.lean))
        masks = corrected(self.masks(columns).mT, scores, lean, self.channels).mT
        if self.answer.turns is None:
            return Refined(masks)
        turns = self.answer.turns[..., columns]
        return Refined(masks, turned_by(turns, masks[..., : turns.shape[-2], :]))


def refinement(
    spectra: Tensor,
    masks: Tensor,
    at: Callable[[slice], Tensor],
    network: Network,
    rate: int,
    turned: int = 0,
) -> Refinement:
    """Ask a refiner about mixtures.

    Args:
        spectra: as in :func:`features`.
        masks: as in :func:`features`.
        at: gives them for some columns of the song's grid, (B, S, F, n).
        network: a refiner.
        rate: samples per second.
        turned: bands, the lowest ones, whose phases the refiner turns.
    """
    bands = masks.shape[2]
    answer = network(features(spectra, masks, bands, rate, turned))
    return Refinement(at, answer, spectra.shape[1], (bands, rate, 2 * (spectra.shape[2] - 1)))
