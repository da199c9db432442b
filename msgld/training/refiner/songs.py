"""Songs for the refiner: stems of clips as spectra, varied and mixed anew in every step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float, Int64
from torch import Tensor

from msgld.dsp.fine_bands import cells
from msgld.dsp.masks import grid
from msgld.dsp.mel import MelConfig, product
from msgld.dsp.stft import stft
from msgld.training.mixing import MixConfig, loudness_gains, stem_gains
from msgld.training.pool.clips import ClipPool


@dataclass(frozen=True)
class SongConfig(MixConfig):
    """How stems are varied and mixed; nothing here changes their dynamics.

    Attributes:
        swap: fraction of the stems whose sides are exchanged.
    """

    remix: float = 0.3
    bend_db: float = 3.0
    swap: float = 0.5


@dataclass(frozen=True)
class Songs:
    """Crops of songs at the loudness that a model knows, a sinusoid of amplitude 1 being 1.

    Attributes:
        mixtures: their spectra.
        bins: one of each band of the refiner, ascending; others say much the same of high bands.
        sizes: how many each of them stands for.
        stems: spectra of the stems at these bins.
        present: stems that the data have.
    """

    mixtures: Complex[Tensor, "B 2 F N"]
    bins: Int64[Tensor, "M"]
    sizes: Float[Tensor, "M"]
    stems: Complex[Tensor, "B S 2 M N"]
    present: Bool[Tensor, "B S"]

    @cached_property
    def chosen(self) -> Complex[Tensor, "B 2 M N"]:
        """The mixtures at the bins."""
        return self.mixtures[:, :, self.bins]

    def energy(self, power: Float[Tensor, "B S 2 M N"]) -> Float[Tensor, "B S"]:
        """The sum of what each bin has, and those that it stands for."""
        return power.sum((2, 4)) @ self.sizes


def draw_songs(
    pool: ClipPool,
    items: int,
    columns: int,
    mel: MelConfig,
    bands: int,
    config: SongConfig,
    rng: np.random.Generator,
) -> Songs:
    """Draw crops of ``columns`` columns from a pool at the model's rate, each stem varied.

    Args:
        pool: of waveforms.
        items: B.
        columns: N.
        mel: the model's grid.
        bands: M of the refiner.
        config: how they are varied.
        rng: of all that is drawn.
    """
    n_fft, hop = grid(pool.rate, mel)
    slots, starts = pool.places(items, columns * hop, rng)
    sources = _sources(pool, slots, starts, columns * hop, config, rng)
    spectra = stft(torch.stack([torch.stack([waves for waves, _ in song]) for song in sources]), n_fft, hop)
    present = torch.stack([torch.stack([there for _, there in song]) for song in sources])
    stems, mixtures = _mixed(spectra, present, mel, config, rng)
    first, sizes = cells(bands, pool.rate, n_fft)
    bins = torch.from_numpy(first + rng.integers(0, sizes)).to(spectra.device)
    weights = torch.from_numpy(sizes).float().to(spectra.device)
    return Songs(mixtures, bins, weights, stems[:, :, :, bins], present)


def _sources(
    pool: ClipPool,
    slots: np.ndarray,
    starts: np.ndarray,
    samples: int,
    config: SongConfig,
    rng: np.random.Generator,
) -> list[list[tuple[Tensor, Tensor]]]:
    """For each song its stems (2, L) and whether they are present: some songs are put together of several clips."""
    count, usable, last = pool.kept.shape[1], pool.usable(), pool.kept.shape[-1] - samples
    songs = []
    for slot, start in zip(slots.tolist(), starts.tolist(), strict=True):
        mixed = rng.random() < config.remix
        others = rng.choice(usable, count).tolist() if mixed else [slot] * count
        begins = rng.integers(0, last + 1, count).tolist() if mixed else [start] * count
        swaps = rng.random(count) < config.swap
        songs.append([
            (_sides(pool.held[one, k, :, at : at + samples], swapped) * pool.gain[one], pool.present[one, k])
            for k, (one, at, swapped) in enumerate(zip(others, begins, swaps.tolist(), strict=True))
        ])  # fmt: skip
    return songs


def _sides(waves: Tensor, swapped: bool) -> Tensor:
    """A stem (2, L), its sides exchanged or not."""
    return waves.flip(0) if swapped else waves


def _mixed(
    spectra: Tensor, present: Tensor, mel: MelConfig, config: MixConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """The stems with other gains and tones, and their mixtures, about as loud as the model knows them."""
    items, stems, _, bins, _ = spectra.shape
    gains = stem_gains(config, (items, stems), np.arange(bins), rng).to(spectra.device)
    spectra = spectra * (gains * present[..., None, None]).unsqueeze(2)
    mixtures = spectra.sum(1)
    powers = product(mixtures, mixtures).mean(1, keepdim=True)  # of both channels
    level = loudness_gains(powers, config, mel, rng).sqrt()
    return spectra * level.unsqueeze(1), mixtures * level
