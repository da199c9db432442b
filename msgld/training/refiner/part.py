"""The refiner as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.dsp.fine_bands import inputs_of
from msgld.dsp.masks import cut_out, spread_masks
from msgld.dsp.mel import band_power, product, to_log
from msgld.errors import ModelError
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.tasks.masking import Masking, refined
from msgld.tasks.separate import expected_masks
from msgld.training.part import PartOfModel, TrainerOfModel, check_stems
from msgld.training.pictures import draw_mels
from msgld.training.pool.clips import ClipPool
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name
from msgld.training.refiner.songs import SongConfig, Songs, draw_songs

SILENCE = 1e-6
"""Power of a stem, where the mixture's is 1, below which it counts as silent."""


@dataclass(frozen=True)
class RefinerSettings:
    """Settings that only the refiner has.

    Attributes:
        mix: how stems are varied and mixed.
        masking: how the first guesses are made, and stems cut out, as in use.
        floor: error of a stem below which it no longer counts, relative to its power.
        level_weight: weight of the error that includes a stem's loudness, beside the one that does not.
    """

    mix: SongConfig = SongConfig()
    masking: Masking = Masking()
    floor: float = 1e-3
    level_weight: float = 0.3


RefinerRecipe = Recipe[RefinerConfig, RefinerSettings]

OPTIM = OptimConfig(rate=1e-3, warmup=50, muon=False, decay=0.01, betas=(0.9, 0.99), ema=0.995)

SMALL = RefinerRecipe(
    name="small",
    minutes=120,
    network=RefinerConfig(widths=(32, 48, 64, 96), turned=92),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=400, seconds=10.0, reuse=14.0),
    stages=(Stage(1.0, 4, 432),),  # 5 s
    first_clips=16,
)

TINY = RefinerRecipe(
    name="tiny",
    minutes=1,
    network=RefinerConfig(bands=128, widths=(8, 12), depth=1, turned=16),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=4, seconds=2.0, workers=0),
    stages=(Stage(1.0, 2, 88),),  # 1 s
    first_clips=4,
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))


class RefinerTrainer(TrainerOfModel[ClipPool]):
    """Trains a model's refiner."""

    def next_batch(self) -> tuple[Songs, Float[Tensor, "B S F N"]]:
        """Draw songs, and make first guesses at their masks."""
        stage, mel = self.recipe.stage(self.progress), self.model.codec.mel
        with torch.no_grad():
            songs = draw_songs(self.pool, stage.items, stage.frames, mel, self.recipe.settings.mix, self.rng)
        return songs, self.guesses(songs.mixtures)

    def guesses(self, mixtures: Complex[Tensor, "B 2 F N"]) -> Float[Tensor, "B S F N"]:
        """First guesses at masks, on the songs' grid."""
        mel = self.model.codec.mel
        with torch.inference_mode():
            latents = self.model.codec.encode(
                to_log(band_power(product(mixtures, mixtures).mean(1), mel), mel)
            )
            masks = expected_masks(self.model, latents, self.recipe.settings.masking)
        # Outside of inference mode a copy can be trained through.
        return spread_masks(masks.float().clone(), mel.rate, mixtures.shape[-1], mel)

    def separated(
        self, mixtures: Complex[Tensor, "B 2 F N"], guesses: Float[Tensor, "B S F N"]
    ) -> Complex[Tensor, "B S 2 F N"]:
        """Stems as in use, Wiener filter included."""
        rate, wiener = self.model.rate, self.recipe.settings.masking.wiener
        masks = refined(self.model, mixtures, guesses, rate)
        cut = torch.stack([cut_out(one, masks[k], rate, wiener) for k, one in enumerate(mixtures)])
        return torch.cat([cut, (mixtures - cut.sum(1)).unsqueeze(1)], 1)

    def losses(self, songs: Songs, guesses: Tensor) -> dict[str, Tensor]:
        """Errors of the stems that are cut out, in units of 10 dB.

        ``sounding`` is minus the SI-SDR, the measure of evaluation. It leaves a stem's loudness free; ``level``, the
        whole error relative to the stem, does not. ``silent`` is the part of the mixture that silent stems get.
        ``gain`` is the mean improvement over the first guesses, in dB.
        """
        floor, mixtures = self.recipe.settings.floor, songs.mixtures
        whole = _total(product(mixtures, mixtures).unsqueeze(1)).clamp_min(1e-9)
        power = _total(product(songs.stems, songs.stems))
        sounding = songs.present & (power > SILENCE * whole)
        silent = songs.present & ~sounding
        made, alike = compared(self.separated(mixtures, guesses), songs.stems)
        after = distortion(made, alike, power, floor)
        with torch.no_grad():
            first = compared(guesses.unsqueeze(2) * mixtures.unsqueeze(1), songs.stems)
            before = distortion(*first, power, floor)
        error = (made - 2 * alike + power).clamp_min(0) / power.clamp_min(1e-9)
        spilled = (made / whole + floor).log10()
        count = sounding.sum().clamp_min(1)
        return {
            "sounding": torch.where(sounding, after, 0.0).sum() / count,
            "level": torch.where(sounding, (error + floor).log10(), 0.0).sum() / count,
            "silent": 0.1 * torch.where(silent, spilled, 0.0).sum() / sounding.numel(),
            "gain": 10 * torch.where(sounding, before - after, 0.0).sum().detach() / count,
        }

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw one crop's stems in the mixture: the true ones, those of the first guesses, and refined ones.

        The crop is the same in every picture, as far as the pool's clips are.
        """
        with self.aside():
            songs, guesses = self.next_batch()
        mixtures, mel = songs.mixtures[:1], self.model.codec.mel
        spectra = {
            "true": songs.stems[0],
            "first guess": guesses[0].unsqueeze(1) * mixtures,
            "refined": self.separated(mixtures, guesses[:1])[0],
        }
        mels = {
            title: to_log(band_power(product(stems, stems).mean(1), mel), mel)
            for title, stems in spectra.items()
        }
        draw_mels(self.model.stems, mels, path, mel)


def _total(power: Float[Tensor, "B S 2 F N"]) -> Float[Tensor, "B S"]:
    return power.sum((2, 3, 4))


def compared(made: Tensor, true: Tensor) -> tuple[Float[Tensor, "B S"], Float[Tensor, "B S"]]:
    """The power of stems (B, S, 2, F, N), and their product with the true ones."""
    return _total(product(made, made)), _total(product(made, true))


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


class RefinerPart(PartOfModel[RefinerRecipe, ClipPool]):
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
        network = self.recipe.network
        config = replace(network, stems=stems, inputs=inputs_of(stems, network.turned))
        self.model.refiner = self.same_or_new(self.model.refiner, lambda: Refiner(config))

    def pool(self, source: Source, config: PoolConfig) -> ClipPool:
        """A pool of waveforms."""
        return ClipPool(source, config, self.model.rate)

    def trainer(self, pool: ClipPool, minutes: float, resumed: bool) -> RefinerTrainer:
        """A trainer of the whole model."""
        refiner, about = self.model.refiner, (pool, minutes, self.device, self.seed)
        assert refiner is not None
        trainer = RefinerTrainer("refiner", refiner, self.model, self.recipe, *about)
        trainer.weights = {"sounding": 1.0, "level": self.recipe.settings.level_weight, "silent": 1.0}
        return trainer
