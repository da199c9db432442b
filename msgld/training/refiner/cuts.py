"""A pool that keeps the products of spectra that a training step of the refiner needs.

With a mask m in a band, the stem that is cut out has the power m^2 |X|^2 and the product m Re(S X*) with the true
one (Parseval). So its error and its SI-SDR are sums of these products over bands, and no step needs a transform.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Source
from msgld.dsp.fine_bands import mixture_features, spread, to_bands
from msgld.dsp.masks import grid, spread_masks
from msgld.dsp.mel import MelConfig, columns, product
from msgld.dsp.stft import stft
from msgld.model import REFERENCE_RMS
from msgld.training.mixing import slow_curves, tones
from msgld.training.pool.clips import Remixer
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig

LOWEST = 20.0
"""Hertz up to which a stem's filter is level."""

Guess = Callable[[Tensor], Tensor]
"""Mixtures (B, 2, L) as loud as the model knows them -> first guesses at masks (B, S, M, N) on the model's grid."""


@dataclass(frozen=True)
class CutConfig:
    """How clips are varied before they are kept, and crops of them as they are drawn.

    Attributes:
        remix: fraction of the clips whose stems come from different pieces.
        gain_db: a stem's gain is uniform within +- this.
        jitter_db: standard deviation of the mixture's loudness.
        tone_db: of a slow curve over the octaves that filters a stem; see :func:`tones`.
        bend_db: standard deviation of a slow curve over the bands that filters a crop; first guesses stay as they are.
        swap: fraction of the crops whose sides are exchanged.
    """

    remix: float = 0.3
    gain_db: float = 5.0
    jitter_db: float = 2.0
    tone_db: float = 3.0
    bend_db: float = 4.0
    swap: float = 0.5


@dataclass(frozen=True)
class Cuts:
    """Crops of mixtures in bands; the channels are left and right.

    Attributes:
        features: (B, 3, M, N), see :func:`msgld.dsp.fine_bands.mixture_features`.
        guesses: first guesses at masks, (B, S, M, N).
        mixture: its power, (B, 2, M, N).
        cross: real part of each stem's spectrum times the mixture's conjugate, (B, S, 2, M, N).
        power: of each stem, (B, S).
    """

    features: Tensor
    guesses: Tensor
    mixture: Tensor
    cross: Tensor
    power: Tensor


class CutPool(Pool):
    """Keeps bfloat16 (slots, 5 + 4 S, M, N): features, guesses, powers of the mixture and of the stems, products.

    Args:
        mel: the model's grid; its rate is the pool's.
        bands: M.
        guess: makes first guesses; goes to the workers.
    """

    def __init__(self, source: Source, config: PoolConfig, mel: MelConfig, bands: int, guess: Guess,
                 vary: CutConfig = CutConfig()) -> None:  # fmt: skip
        stems, length = len(source.stems), columns(round(config.seconds * mel.rate), mel)
        kept = torch.zeros(config.slots, 5 + 4 * stems, bands, length, dtype=torch.bfloat16)
        super().__init__(source, config, mel.rate, kept)
        self.mel, self.bands, self.guess, self.vary = mel, bands, guess, vary
        self.remix = Remixer(vary.remix)

    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep the clip, or a remix, with other gains."""
        rng = np.random.default_rng([seed, 5])
        stems, present, self.remixed[slot] = self.remix(stems, self.present[slot].numpy(), rng)
        self.present[slot] = torch.from_numpy(present)
        waves = self._varied(torch.from_numpy(stems).float() * self.present[slot, :, None, None], rng)
        length = self.kept.shape[-1]
        mixture = waves.sum(0)
        n_fft, hop = grid(self.rate, self.mel)
        whole, parts = (stft(sound, n_fft, hop)[..., :length] for sound in (mixture, waves))
        bins = spread(self.bands, self.rate, self.mel.n_fft).T
        narrow = to_bands(self.bands, self.rate, self.mel.n_fft)
        guesses = narrow(spread_masks(self.guess(mixture[None])[0], self.rate, length, self.mel).mT).mT
        cross = (bins @ product(parts, whole)).flatten(0, 1)
        powers = bins @ torch.cat([whole.abs().square(), parts.abs().square().sum(1)])
        sounds = mixture_features(whole[None], self.bands, self.rate)[0]
        self.kept[slot] = torch.cat([sounds, guesses, powers, cross]).bfloat16()

    def _varied(self, stems: Tensor, rng: np.random.Generator) -> Tensor:
        """Other gains and tones, the mixture about as loud as the model knows it."""
        spectra = torch.fft.rfft(stems)
        octaves = np.log2(np.maximum(np.linspace(0, self.rate / 2, spectra.shape[-1]), LOWEST) / LOWEST)
        tone = tones((len(stems), 1), octaves / octaves[-1], self.vary.tone_db, rng)
        gains = 10 ** ((tone + rng.uniform(-1, 1, (len(stems), 1, 1)) * self.vary.gain_db) / 20)
        stems = torch.fft.irfft(spectra * torch.from_numpy(gains).float(), stems.shape[-1])
        rms = stems.sum(0).square().mean().sqrt().clamp_min(1e-5)
        return stems * (REFERENCE_RMS * 10 ** (rng.normal(0, self.vary.jitter_db) / 20) / rms)

    def draw(self, items: int, length: int, rng: np.random.Generator) -> Cuts:
        """Draw crops of ``length`` columns, on the device that holds the pool."""
        slots, starts = self.places(items, length, rng)
        cut = self.stretches(slots, starts, length).float()
        stems = len(self.source.stems)
        sounds, guesses, mixture, powers, cross = cut.split([3, stems, 2, stems, 2 * stems], dim=1)
        crops = Cuts(sounds, guesses, mixture, cross.unflatten(1, (stems, 2)), powers.sum((2, 3)))
        crops = bent(crops, powers, bends(items, self.bands, self.vary.bend_db, rng).to(cut.device))
        return swapped(crops, torch.from_numpy(rng.random(items) < self.vary.swap).to(cut.device))


def bends(items: int, bands: int, decibels: float, rng: np.random.Generator) -> Tensor:
    """Gains of power over the bands, (B, M), drawn anew for each item; see :func:`slow_curves`."""
    curves = slow_curves((items,), (np.arange(bands) + 0.5) / bands, decibels, rng)
    return torch.from_numpy(10 ** (curves / 10)).float()


def bent(cuts: Cuts, powers: Tensor, gains: Tensor) -> Cuts:
    """The crops as one filter for all stems would leave them; all products scale with it.

    Args:
        powers: of the stems, (B, S, M, N).
        gains: of power, (B, M).
    """
    gains = gains[:, None, :, None]
    loudness = (cuts.features[:, :1] + torch.log10(gains) / 4).clamp_min(-1.0)
    sounds = torch.cat([loudness, cuts.features[:, 1:]], 1)
    mixture, cross = cuts.mixture * gains, cuts.cross * gains[:, None]
    return replace(cuts, features=sounds, mixture=mixture, cross=cross, power=(powers * gains).sum((2, 3)))


def swapped(cuts: Cuts, chosen: Tensor) -> Cuts:
    """The crops with the sides of the chosen ones, bool (B,), exchanged."""
    swap = chosen.view(-1, 1, 1, 1)
    loudness, balance, coherence = cuts.features.split(1, dim=1)
    return replace(
        cuts,
        features=torch.cat([loudness, torch.where(swap, -balance, balance), coherence], 1),
        mixture=torch.where(swap, cuts.mixture.flip(1), cuts.mixture),
        cross=torch.where(swap[:, None], cuts.cross.flip(2), cuts.cross),
    )
