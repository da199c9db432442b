"""The training loop of the refiner, over a model whose other parts are frozen."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from msgld.dsp.fine_bands import corrected, mask_features
from msgld.model import Model
from msgld.nets.refiner import Refiner
from msgld.training.cuts import CutPool, Cuts
from msgld.training.network import NetworkTraining, plain
from msgld.training.refiner_presets import RefinerPreset

SILENCE = 1e-6
"""Power of a stem, where the mixture's is 1, below which it counts as silent."""


def build_refiner(preset: RefinerPreset, stems: int, seed: int = 0) -> Refiner:
    """An untrained refiner, its weights drawn by ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Refiner(replace(preset.network, stems=stems, inputs=3 + stems))


class RefinerTraining(NetworkTraining[CutPool]):
    """A run: the model's refiner, its average, the optimiser and the clock; its other parts stay as they are."""

    def __init__(self, preset: RefinerPreset, model: Model, pool: CutPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        assert model.refiner is not None
        self.refiner = model.refiner.train().requires_grad_(True)
        super().__init__("refiner", self.refiner, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.model = model

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        losses = self.losses(self.next_cuts())
        loss = losses["sounding"] + self.preset.level_weight * losses["level"] + losses["silent"]
        norm = self.descend(loss)
        return {**plain(losses), "norm": norm}

    def next_cuts(self) -> Cuts:
        """A batch of crops."""
        mel = self.model.codec.mel
        return self.pool.draw(self.preset.items, round(self.preset.seconds * mel.rate / mel.hop), self.rng)

    def masks(self, cuts: Cuts) -> Tensor:
        """Refined masks of crops in bands, (B, S, 2, M, N)."""
        scores, lean = self.model.refine(torch.cat([cuts.heard, mask_features(cuts.guesses)], 1))
        return corrected(cuts.guesses, scores, lean, 2)

    def losses(self, cuts: Cuts) -> dict[str, Tensor]:
        """Errors of the stems that masks cut out, in units of 10 dB.

        ``sounding`` is minus the SI-SDR, which is what is measured. It leaves a stem's loudness free, which
        ``level`` holds: the whole error relative to the stem. ``silent`` is what silent stems are given of the
        mixture. ``gain`` is the mean improvement over the first guesses, in dB.
        """
        floor = self.preset.floor
        masks = self.masks(cuts)
        made, alike = cut_out(masks, cuts)
        whole = cuts.mixture.sum((1, 2, 3)).clamp_min(1e-9).unsqueeze(1)
        sounding = cuts.power > SILENCE * whole
        after = distortion(made, alike, cuts.power, floor)
        with torch.no_grad():
            before = distortion(*cut_out(cuts.guesses.unsqueeze(2), cuts), cuts.power, floor)
        error = (made - 2 * alike + cuts.power).clamp_min(0) / cuts.power.clamp_min(1e-9)
        spilled = (made / whole + floor).log10()
        count = sounding.sum().clamp_min(1)
        return {
            "sounding": torch.where(sounding, after, 0.0).sum() / count,
            "level": torch.where(sounding, (error + floor).log10(), 0.0).sum() / count,
            "silent": 0.1 * spilled[~sounding].sum() / sounding.numel(),
            "gain": 10 * torch.where(sounding, before - after, 0.0).sum().detach() / count,
        }


def cut_out(masks: Tensor, cuts: Cuts) -> tuple[Tensor, Tensor]:
    """What masks (B, S, 2 or 1, M, N) cut out of mixtures: its power and its product with the true stem, (B, S)."""
    power = (masks.square() * cuts.mixture.unsqueeze(1)).sum((2, 3, 4))
    return power, (masks * cuts.cross).sum((2, 3, 4))


def distortion(made: Tensor, alike: Tensor, power: Tensor, floor: float) -> Tensor:
    """Minus the SI-SDR (Le Roux et al. 2019) in units of 10 dB, kept finite by ``floor``.

    Args:
        made: power of the estimates. alike: their products with the true stems. power: of those.
    """
    hit = alike.clamp_min(0).square() / power.clamp_min(1e-9)
    least = floor * made + 1e-9
    return (((made - hit).clamp_min(0) + least) / (hit + least)).log10()
