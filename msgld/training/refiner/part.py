"""The refiner as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.dsp.fine_bands import Refined, corrected, features, spread, turned_by
from msgld.dsp.masks import Coarse, band_spread, cut_out
from msgld.dsp.mel import band_power, product, to_log
from msgld.dsp.wiener import HIGHEST, STRIDE, covariances
from msgld.errors import ModelError
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.tasks.masking import Masking
from msgld.tasks.separate import expected_masks
from msgld.training.more_stems import can_grow, for_stems, grown
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
    network=RefinerConfig(turned=92),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=400, seconds=10.0, reuse=4.0),
    stages=(Stage(1.0, 4, 432),),  # 5 s
    first_clips=16,
)

EVENING = replace(
    SMALL,
    name="evening",
    minutes=20,
    settings=RefinerSettings(mix=SongConfig(remix=0.5, gain_db=2.0, bend_db=1.0, swap=0.0)),
    optim=replace(OPTIM, rate=5e-4, warmup=10, cooldown=0.8, ema=0.98),
    pool=PoolConfig(slots=200, seconds=10.0, reuse=15.0),
    first_clips=40,
)
"""``small`` for a few songs of one band, whose tones, levels and places are nearly the same in all of them."""

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

RECIPES = by_name((SMALL, EVENING, TINY))


class RefinerTrainer(TrainerOfModel[ClipPool]):
    """Trains a model's refiner."""

    def next_batch(self) -> tuple[Songs, Float[Tensor, "B S bands columns"]]:
        """Draw songs, and make first guesses at their masks, on the model's grid."""
        stage, mel = self.recipe.stage(self.progress), self.model.codec.mel
        bands, mix = self.refiner.config.bands, self.recipe.settings.mix
        with torch.no_grad():
            songs = draw_songs(self.pool, stage.items, stage.frames, mel, bands, mix, self.rng)
        with torch.inference_mode():
            power = product(songs.mixtures, songs.mixtures).mean(1)
            latents = self.model.codec.encode(to_log(band_power(power, mel), mel))
            masks = expected_masks(self.model, latents, self.recipe.settings.masking)
        return songs, masks.float().clone()  # outside of inference mode a copy can be trained through

    @property
    def refiner(self) -> Refiner:
        """The network."""
        assert self.model.refiner is not None
        return self.model.refiner

    def at(self, songs: Songs, guesses: Float[Tensor, "B S bands columns"]) -> Float[Tensor, "B S M N"]:
        """First guesses at the songs' bins."""
        mel = self.model.codec.mel
        return band_spread(mel.rate, mel.n_fft, mel).to(guesses)[songs.bins] @ guesses

    def separated(
        self, songs: Songs, guesses: Float[Tensor, "B S bands columns"], first: Float[Tensor, "B S M N"]
    ) -> Complex[Tensor, "B S 2 M N"]:
        """Stems at the songs' bins, cut out as in use, Wiener filter included; ``first`` as :meth:`at` gives it."""
        mel, config, chosen = self.model.codec.mel, self.refiner.config, songs.chosen
        masks = Coarse(guesses, mel.rate, mel).in_bands(config.bands)
        answer = self.model.refine(features(songs.mixtures, masks, config.bands, mel.rate, config.turned))
        wide = spread(config.bands, mel.rate, mel.n_fft).to(guesses)[songs.bins]
        real = corrected(first, wide @ answer.scores, wide @ answer.lean, 2)
        turns = None if answer.turns is None else turned_by(answer.turns, real[..., : config.turned, :])
        wiener = self.recipe.settings.masking.wiener
        bins = int((songs.bins < HIGHEST * mel.n_fft / mel.rate).sum()) if wiener else 0
        cut = torch.stack([_cut(one, Refined(real, turns)[k], bins) for k, one in enumerate(chosen)])
        return torch.cat([cut, (chosen - cut.sum(1)).unsqueeze(1)], 1)

    def losses(self, songs: Songs, guesses: Tensor) -> dict[str, Tensor]:
        """Errors of the stems that are cut out, in units of 10 dB.

        ``sounding`` is minus the SI-SDR, the measure of evaluation. It leaves a stem's loudness free; ``level``, the
        whole error relative to the stem, does not. ``silent`` is the part of the mixture that silent stems get.
        ``gain`` is the mean improvement over the first guesses, in dB.
        """
        floor, chosen = self.recipe.settings.floor, songs.chosen.unsqueeze(1)
        first = self.at(songs, guesses)
        whole = songs.energy(product(chosen, chosen)).clamp_min(1e-9)
        power = songs.energy(product(songs.stems, songs.stems))
        sounding = songs.present & (power > SILENCE * whole)
        silent = songs.present & ~sounding
        made, alike = compared(self.separated(songs, guesses, first), songs)
        after = distortion(made, alike, power, floor)
        with torch.no_grad():
            before = distortion(*compared(first.unsqueeze(2) * chosen, songs), power, floor)
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

        In the refiner's bands. The crop is the same in every picture, as far as the pool's clips are.
        """
        with self.aside():
            songs, guesses = self.next_batch()
        first = self.at(songs, guesses)
        spectra = {
            "true": songs.stems[0],
            "first guess": first[0].unsqueeze(1) * songs.chosen[0],
            "refined": self.separated(songs, guesses, first)[0],
        }
        mel = self.model.codec.mel
        mels = {title: to_log(product(stems, stems).mean(1), mel) for title, stems in spectra.items()}
        draw_mels(self.model.stems, mels, path, mel)


def _cut(
    mixture: Complex[Tensor, "2 M N"], refined: Refined, bins: int
) -> Complex[Tensor, "stems_less_one 2 M N"]:
    """Stems of one mixture but the last, the lowest bins by the Wiener filter."""
    some = slice(None, None, STRIDE)
    directions = covariances(mixture[:, :bins, some], refined.masks[:, :, :bins, some]) if bins else None
    return cut_out(mixture, refined, directions)


def compared(
    made: Complex[Tensor, "B S 2 M N"], songs: Songs
) -> tuple[Float[Tensor, "B S"], Float[Tensor, "B S"]]:
    """The power of stems, and their product with the true ones."""
    return songs.energy(product(made, made)), songs.energy(product(made, songs.stems))


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
        stems, own = self.model.stems, self.model.refiner
        check_stems(self.start, stems, source)
        config = for_stems(self.recipe.network, stems)
        if own is not None and can_grow(own.config, config):
            own = grown(own, stems, stems, config.turned)
        self.model.refiner = self.same_or_new(own, lambda: Refiner(config))

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
