"""Songs for the refiner: stems of clips as spectra, varied and mixed anew in every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float, Int64
from torch import Tensor

from msgld.dsp.fine_bands import cells
from msgld.dsp.masks import grid
from msgld.dsp.mel import MelConfig
from msgld.dsp.stft import stft
from msgld.model import REFERENCE_RMS
from msgld.training.mixing import tones
from msgld.training.pool.clips import ClipPool

LOWEST = 20.0
"""Hertz up to which a stem's filter is level."""


@dataclass(frozen=True)
class SongConfig:
    """How stems are varied and mixed.

    Attributes:
        remix: fraction of the songs whose stems come from different clips.
        gain_db: a stem's gain is uniform within +- this.
        jitter_db: standard deviation of the mixture's loudness.
        tone_db: of a slow curve over the octaves that filters a stem; see :func:`tones`.
        swap: fraction of the stems whose sides are exchanged.
        drop: probability that a stem is silenced.
    """

    remix: float = 0.3
    gain_db: float = 5.0
    jitter_db: float = 2.0
    tone_db: float = 3.0
    swap: float = 0.5
    drop: float = 0.05


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

    @property
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
    varied = _varied(spectra, present, pool.rate, config, rng)
    first, sizes = cells(bands, pool.rate, n_fft)
    bins = torch.from_numpy(first + rng.integers(0, sizes)).to(spectra.device)
    return Songs(
        varied.sum(1),
        bins,
        torch.from_numpy(sizes).float().to(spectra.device),
        varied[:, :, :, bins],
        present,
    )


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


def _varied(
    spectra: Tensor, present: Tensor, rate: int, config: SongConfig, rng: np.random.Generator
) -> Tensor:
    """The stems with other gains and tones, the mixture about as loud as the model knows it."""
    items, stems, _, bins, _ = spectra.shape
    octaves = np.log2(np.maximum(np.linspace(0, rate / 2, bins), LOWEST) / LOWEST)
    tone = tones((items, stems), octaves / octaves[-1], config.tone_db, rng)
    decibels = tone + rng.uniform(-1, 1, (items, stems, 1)) * config.gain_db
    kept = present.numpy(force=True) & (rng.random((items, stems)) >= config.drop)
    gains = torch.from_numpy(kept[..., None] * 10 ** (decibels / 20)).float().to(spectra.device)
    spectra = spectra * gains[:, :, None, :, None]
    # Both channels' mean: a sinusoid of amplitude 1 has RMS 0.7 and, through the window, a total power of 1.5.
    power = spectra.sum(1).abs().square().sum(2).mean((1, 2)) / 3
    jitter = torch.from_numpy(10 ** (rng.normal(0, config.jitter_db, items) / 10)).float().to(power)
    level = (REFERENCE_RMS**2 * jitter / power.clamp_min(1e-10)).sqrt()
    return spectra * level[:, None, None, None, None]
