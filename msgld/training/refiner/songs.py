"""Songs for the refiner: stems of clips as spectra, varied and mixed anew in every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Complex
from torch import Tensor

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
    """Crops of songs at the loudness that a model knows.

    Attributes:
        stems: their spectra, (B, S, 2, F, N), a sinusoid of amplitude 1 being 1.
        present: stems that the data have, (B, S).
    """

    stems: Complex[Tensor, "B S 2 F N"]
    present: Bool[Tensor, "B S"]

    @property
    def mixtures(self) -> Complex[Tensor, "B 2 F N"]:
        """The sums of the stems."""
        return self.stems.sum(1)


def draw_songs(
    pool: ClipPool, items: int, columns: int, mel: MelConfig, config: SongConfig, rng: np.random.Generator
) -> Songs:
    """Draw crops of ``columns`` columns from a pool at the model's rate, each stem varied."""
    n_fft, hop = grid(pool.rate, mel)
    slots, starts = pool.places(items, columns * hop, rng)
    sources = _sources(pool, slots, starts, columns * hop, config.remix, rng)
    spectra = stft(torch.stack([torch.stack([waves for waves, _ in song]) for song in sources]), n_fft, hop)
    present = torch.stack([torch.stack([there for _, there in song]) for song in sources])
    return Songs(_varied(spectra, present, pool.rate, config, rng), present)


def _sources(
    pool: ClipPool,
    slots: np.ndarray,
    starts: np.ndarray,
    samples: int,
    remix: float,
    rng: np.random.Generator,
) -> list[list[tuple[Tensor, Tensor]]]:
    """For each song its stems (2, L) and whether they are present, some songs put together of several clips."""
    count, usable, last = pool.kept.shape[1], pool.usable(), pool.kept.shape[-1] - samples
    songs = []
    for slot, start in zip(slots.tolist(), starts.tolist(), strict=True):
        mixed = rng.random() < remix
        others = rng.choice(usable, count).tolist() if mixed else [slot] * count
        begins = rng.integers(0, last + 1, count).tolist() if mixed else [start] * count
        songs.append([
            (pool.held[one, k, :, at : at + samples] * pool.gain[one], pool.present[one, k])
            for k, (one, at) in enumerate(zip(others, begins, strict=True))
        ])  # fmt: skip
    return songs


def _varied(
    spectra: Tensor, present: Tensor, rate: int, config: SongConfig, rng: np.random.Generator
) -> Tensor:
    """The stems with other gains, tones and sides, the mixture about as loud as the model knows it."""
    items, stems, _, bins, _ = spectra.shape
    octaves = np.log2(np.maximum(np.linspace(0, rate / 2, bins), LOWEST) / LOWEST)
    tone = tones((items, stems), octaves / octaves[-1], config.tone_db, rng)
    decibels = tone + rng.uniform(-1, 1, (items, stems, 1)) * config.gain_db
    kept = present.numpy(force=True) & (rng.random((items, stems)) >= config.drop)
    gains = torch.from_numpy(kept[..., None] * 10 ** (decibels / 20)).float().to(spectra.device)
    swapped = torch.from_numpy(rng.random((items, stems)) < config.swap).to(spectra.device)
    spectra = (
        torch.where(swapped[..., None, None, None], spectra.flip(2), spectra) * gains[:, :, None, :, None]
    )
    # Both channels' mean: a sinusoid of amplitude 1 has RMS 0.7 and, through the window, a total power of 1.5.
    power = spectra.sum(1).abs().square().sum(2).mean((1, 2)) / 3
    jitter = torch.from_numpy(10 ** (rng.normal(0, config.jitter_db, items) / 10)).float().to(power)
    level = (REFERENCE_RMS**2 * jitter / power.clamp_min(1e-10)).sqrt()
    return spectra * level[:, None, None, None, None]
