"""The training loop of the refiner, over a model whose other parts are frozen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from msgld.model import REFERENCE_RMS, Model
from msgld.nets.refiner import Refiner
from msgld.sound.anchor import analyse, spread_shares, synthesise
from msgld.sound.refine import refined_masks
from msgld.tasks.separate import Layout, expected_shares
from msgld.training.clips import ClipPool
from msgld.training.network import NetworkTraining, plain
from msgld.training.refiner_presets import RefinerPreset

SILENCE = 1e-6
"""Power of a stem, where the mixture's is 1, below which it counts as silent."""


def build_refiner(preset: RefinerPreset, stems: int, seed: int = 0) -> Refiner:
    """An untrained refiner, its weights drawn by ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Refiner(replace(preset.network, stems=stems, inputs=3 + stems))


class RefinerTraining(NetworkTraining[ClipPool]):
    """A run: the model's refiner, its average, the optimiser and the clock; its other parts stay as they are."""

    def __init__(self, preset: RefinerPreset, model: Model, pool: ClipPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        assert model.refiner is not None
        self.refiner = model.refiner.train().requires_grad_(True)
        super().__init__("refiner", self.refiner, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.model = model

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        losses = self.losses(self.next_stems())
        loss = losses["sounding"] + self.preset.level_weight * losses["level"] + losses["silent"]
        norm = self.descend(loss)
        return {**plain(losses), "norm": norm}

    def next_stems(self) -> Tensor:
        """Stereo stems (B, S, 2, L) whose mixture is about as loud as the model knows it."""
        self.renew()
        stems = draw_stereo(self.pool, self.preset, self.rng)
        jitter = 10 ** (self.rng.normal(0, self.preset.jitter_db, (len(stems), 1, 1, 1)) / 20)
        rms = stems.sum(1, keepdim=True).square().mean((2, 3), keepdim=True).sqrt().clamp_min(1e-5)
        return stems * (torch.from_numpy(jitter).to(stems) * REFERENCE_RMS / rms)

    def separate(self, stems: Tensor) -> tuple[Tensor, Tensor]:
        """What is made of the mixtures of stems (B, S, 2, L), like ``stems``, and first guesses of the first one.

        The latter (S, 2, L) are for comparison, and cost less than those of all.
        """
        mel, rate, samples = self.model.codec.mel, self.model.codec.mel.rate, stems.shape[-1]
        mixtures = stems.sum(1)
        guesses = expected_shares(
            self.model, mixtures.cpu(), rate, Layout(exponent=self.preset.exponent)
        ).clone()
        spectra = analyse(mixtures, rate, mel)
        guesses = spread_shares(guesses.to(self.device), rate, spectra.shape[-1], mel)
        masks = refined_masks(spectra, guesses, self.model.refine, self.refiner.config.bands, rate)
        with torch.no_grad():
            rough = synthesise(spectra[0] * guesses[0].unsqueeze(1), rate, mel, samples)
        return synthesise(spectra.unsqueeze(1) * masks, rate, mel, samples), rough

    def losses(self, stems: Tensor) -> dict[str, Tensor]:
        """Errors of waveforms in units of 10 dB.

        ``sounding`` is minus the SI-SDR, which is what is measured. It leaves a stem's loudness free, which
        ``level`` holds: the whole error relative to the stem. ``silent`` is what silent stems are given of the
        mixture. ``gain`` is the mean improvement over the first guesses in the first item, in dB, and costs nothing.
        """
        made, rough = self.separate(stems)
        whole = _power(stems.sum(1)).clamp_min(1e-12).unsqueeze(1)
        power = _power(stems)
        sounding = power > SILENCE * whole
        floor = self.preset.floor
        after = distortion(made, stems, floor)
        before = distortion(rough[None], stems[:1], floor)
        level = (_power(made - stems) / power.clamp_min(1e-12) + floor).log10()
        spilled = (_power(made) / whole + floor).log10()
        return {
            "sounding": after[sounding].mean() if bool(sounding.any()) else after.sum() * 0,
            "level": level[sounding].mean() if bool(sounding.any()) else level.sum() * 0,
            "silent": 0.1 * spilled[~sounding].sum() / sounding.numel(),
            "gain": 10 * (before - after[:1])[sounding[:1]].mean().detach().nan_to_num(),
        }


def distortion(made: Tensor, stems: Tensor, floor: float) -> Tensor:
    """Minus the SI-SDR (Le Roux et al. 2019) of (..., channels, L) in units of 10 dB, kept finite by ``floor``."""
    power = stems.square().sum((-2, -1)).clamp_min(1e-9)
    own = made.square().sum((-2, -1)) + 1e-9
    hit = (made * stems).sum((-2, -1)).clamp_min(0).square() / power
    return (((own - hit).clamp_min(0) + floor * own) / (hit + floor * own)).log10()


def _power(waves: Tensor) -> Tensor:
    """Mean power of (..., channels, L)."""
    return waves.square().mean((-2, -1))


def draw_stereo(pool: ClipPool, preset: RefinerPreset, rng: np.random.Generator) -> Tensor:
    """Stems (B, S, 2, L) with gains of their own, the sides exchanged in half of the items.

    Stems that a clip does not have are silent; of remixed items each stem comes from a clip of its own.
    """
    samples = round(preset.seconds * pool.rate)
    count = pool.kept.shape[1]
    pool.drawn += preset.items
    pool.refresh()
    return torch.stack([_drawn(pool, preset, rng, samples, count) for _ in range(preset.items)])


def _drawn(
    pool: ClipPool, preset: RefinerPreset, rng: np.random.Generator, samples: int, count: int
) -> Tensor:
    clips = 1 if rng.random() >= preset.remix else count
    slots = np.broadcast_to(rng.integers(0, len(pool), clips), count)
    starts = np.broadcast_to(rng.integers(0, pool.kept.shape[-1] - samples + 1, clips), count)
    gains = 10 ** (rng.uniform(-1, 1, count) * preset.gain_db / 20)
    stems = []
    for stem, (slot, start) in enumerate(zip(slots, starts, strict=True)):
        gain = float(pool.gain[slot] * gains[stem]) if pool.present[slot, stem] else 0.0
        stems.append(pool.held[slot, stem, :, start : start + samples] * gain)
    together = torch.stack(stems)
    return together.flip(1) if rng.random() < 0.5 else together
