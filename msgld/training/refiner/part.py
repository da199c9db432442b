"""The refiner as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from msgld.checkpoint import load_model
from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.dsp.fine_bands import corrected, mask_features
from msgld.dsp.mel import to_log
from msgld.errors import ModelError
from msgld.model import Model
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.tasks.masking import Masking
from msgld.tasks.separate import expected_masks
from msgld.training.part import PartOfModel, TrainerOfModel, check_stems
from msgld.training.pictures import draw_mels
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name
from msgld.training.refiner.cuts import CutConfig, CutPool, Cuts

SILENCE = 1e-6
"""Power of a stem, where the mixture's is 1, below which it counts as silent."""


@dataclass(frozen=True)
class RefinerSettings:
    """Settings that only the refiner has.

    Attributes:
        vary: how clips are varied.
        masking: how the first guesses are made, as in use.
        floor: error of a stem below which it no longer counts, relative to its power.
        level_weight: weight of the error that includes a stem's loudness, beside the one that does not.
    """

    vary: CutConfig = CutConfig()
    masking: Masking = Masking()
    floor: float = 1e-3
    level_weight: float = 0.3


RefinerRecipe = Recipe[RefinerConfig, RefinerSettings]

OPTIM = OptimConfig(rate=1e-3, warmup=50, muon=False, decay=0.01, betas=(0.9, 0.99), ema=0.995)

SMALL = RefinerRecipe(
    name="small",
    minutes=60,
    network=RefinerConfig(),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=600, seconds=10.0, reuse=5.0),
    stages=(Stage(1.0, 4, 431),),  # 5 s
    first_clips=16,
    expected="0.35 dB mean, 0.49 dB median SI-SDRi over the best mel mask (draft, 40 held-out clips), 3,856 steps in "
    "64 minutes over the eight blocks, begun with an earlier refiner",
)

TINY = RefinerRecipe(
    name="tiny",
    minutes=1,
    network=RefinerConfig(bands=128, widths=(8, 12), depth=1),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=4, seconds=2.0, workers=0),
    stages=(Stage(1.0, 4, 86),),  # 1 s
    first_clips=16,
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))


class RefinerTrainer(TrainerOfModel[CutPool]):
    """Trains a model's refiner."""

    def next_batch(self) -> tuple[Cuts]:
        """Draw crops."""
        stage = self.recipe.stage(self.progress)
        return (self.pool.draw(stage.items, stage.frames, self.rng),)

    def masks(self, cuts: Cuts) -> Tensor:
        """Refined masks of crops in bands, (B, S, 2, M, N)."""
        scores, lean = self.model.refine(torch.cat([cuts.features, mask_features(cuts.guesses)], 1))
        return corrected(cuts.guesses, scores, lean, 2)

    def losses(self, cuts: Cuts) -> dict[str, Tensor]:
        """Errors of the stems that masks cut out, in units of 10 dB.

        ``sounding`` is minus the SI-SDR, the measure of evaluation. It leaves a stem's loudness free; ``level``, the
        whole error relative to the stem, does not. ``silent`` is the part of the mixture that silent stems get.
        ``gain`` is the mean improvement over the first guesses, in dB.
        """
        floor = self.recipe.settings.floor
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

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw one crop's stems in the mixture: the true ones, those of the first guesses, and refined ones.

        The crop is the same in every picture, as far as the pool's clips are.
        """
        with self.aside():
            (cuts,) = self.next_batch()
        powers = {
            "true": cuts.cross[0].clamp_min(0).sum(1),
            "first guess": cuts.guesses[0] * cuts.mixture[0].sum(0),
            "refined": (self.masks(cuts)[0] * cuts.mixture[0]).sum(1),
        }
        mel = self.model.codec.mel
        mels = {title: to_log(power, mel) for title, power in powers.items()}
        draw_mels(self.model.stems, mels, path, mel)


def cut_out(masks: Tensor, cuts: Cuts) -> tuple[Tensor, Tensor]:
    """Stems that masks (B, S, 2 or 1, M, N) cut out: their power and their product with the true ones, (B, S)."""
    power = (masks.square() * cuts.mixture.unsqueeze(1)).sum((2, 3, 4))
    return power, (masks * cuts.cross).sum((2, 3, 4))


def distortion(made: Tensor, alike: Tensor, power: Tensor, floor: float) -> Tensor:
    """Minus the SI-SDR (Le Roux et al. 2019) in units of 10 dB, kept finite by ``floor``.

    Args:
        made: power of the estimates.
        alike: their products with the true stems.
        power: of those.
    """
    hit = alike.clamp_min(0).square() / power.clamp_min(1e-9)
    least = floor * made + 1e-9
    return (((made - hit).clamp_min(0) + least) / (hit + least)).log10()


@dataclass(frozen=True)
class Guesser:
    """First guesses of a model, on the CPU, where clips are rendered."""

    model: Model
    masking: Masking

    def __call__(self, mixtures: Tensor) -> Tensor:
        """Mixtures (B, 2, L) at the model's rate and loudness -> masks (B, S, M, N)."""
        return expected_masks(self.model, mixtures, self.model.codec.mel.rate, self.masking)


class RefinerPart(PartOfModel[RefinerRecipe, CutPool]):
    """Trains a model's refiner over its own first guesses; goes on with one of the recipe's size."""

    name = "refiner"
    recipes = RECIPES
    settings = RefinerSettings

    def begin(self, source: Source) -> None:
        """Check the stems, and build the refiner where the model has none of this size."""
        if not isinstance(self.model.codec, PatchCodec):
            # Its answer in one call is no first guess.
            raise ModelError(
                f"{self.start} is of the published design: a refiner belongs to a model such as small"
            )
        check_stems(self.start, self.model.stems, source)
        stems = len(self.model.stems)
        config = replace(self.recipe.network, stems=stems, inputs=3 + stems)
        self.model.refiner = self.same_or_new(self.model.refiner, lambda: Refiner(config))

    def pool(self, source: Source, config: PoolConfig) -> CutPool:
        """A pool of crops in bands; its workers have a model of their own."""
        settings, model = self.recipe.settings, load_model(self.start_folder)
        guess, bands = Guesser(model, settings.masking), self.recipe.network.bands
        return CutPool(source, config, model.codec.mel, bands, guess, settings.vary)

    def trainer(self, pool: CutPool, minutes: float, resumed: bool) -> RefinerTrainer:
        """A trainer of the whole model."""
        refiner, about = self.model.refiner, (pool, minutes, self.device, self.seed)
        assert refiner is not None
        trainer = RefinerTrainer("refiner", refiner, self.model, self.recipe, *about)
        trainer.weights = {"sounding": 1.0, "level": self.recipe.settings.level_weight, "silent": 1.0}
        return trainer
