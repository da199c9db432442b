"""The composer as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Source
from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import Latents, mix
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import last_state, run
from msgld.diffusion.settings import Sampling
from msgld.errors import ModelError
from msgld.music.bar_features import OWN, bar_features_of
from msgld.music.conditions import PROGRAMS
from msgld.music.pictures import draw_rolls
from msgld.nets.composer import Composer, ComposerConfig
from msgld.runtime import bf16_is_fast
from msgld.score_model import ScoreModel
from msgld.training.denoiser.loss import v_loss
from msgld.training.denoiser.recipes import CONDITION_SIZES
from msgld.training.part import PartOfModel, TrainerOfModel
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name
from msgld.training.score.batch import ScoreBatch, ScoreConditions, build_batch
from msgld.training.score.changed import Changes
from msgld.training.score.codec import scores
from msgld.training.score.levels import ScoreLevels
from msgld.training.score.mishear import Mishearing
from msgld.training.score.pool import PiecePool


@dataclass(frozen=True)
class ComposerSettings:
    """Settings that only the composer has.

    Attributes:
        levels: how noise levels are drawn.
        conditions: how often conditions are given.
        ears: how given stems are misheard.
        changes: how pieces are changed.
    """

    levels: ScoreLevels = ScoreLevels()
    conditions: ScoreConditions = ScoreConditions()
    ears: Mishearing = Mishearing()
    changes: Changes = Changes()


ComposerRecipe = Recipe[ComposerConfig, ComposerSettings]

STYLES: tuple[str, ...] = CONDITION_SIZES["styles"]

SMALL = ComposerRecipe(
    name="small",
    minutes=120,
    network=ComposerConfig(
        frame_features=bar_features_of(len(STYLES)), programs=PROGRAMS, own_features=OWN, styles=STYLES
    ),
    settings=ComposerSettings(),
    pool=PoolConfig(slots=6000, seconds=0.0, reuse=30.0, life=6000),
    stages=(Stage(1.0, 32, 16),),
    first_clips=400,
)

EVENING = replace(
    SMALL,
    name="evening",
    minutes=6,
    optim=OptimConfig(rate=3e-4, warmup=10, cooldown=0.8, ema=0.98),
    pool=PoolConfig(slots=200, seconds=0.0, reuse=30.0, life=6000),
    first_clips=60,
)
"""``small`` for a few songs of one band, beside the built-in one, which keeps the rest in mind."""

TINY = replace(
    SMALL,
    name="tiny",
    minutes=1,
    network=replace(SMALL.network, width=32, depth=1, heads=2, conditioning_width=32),
    pool=PoolConfig(slots=8, seconds=0.0, workers=0),
    stages=(Stage(1.0, 2, 8),),
    first_clips=8,
    save_minutes=0.5,
    expected="nothing useful: it shows that a training runs",
)


class ComposerTrainer(TrainerOfModel[PiecePool]):
    """Trains a composer; the score codec stays as it is.

    Args:
        part: ``composer``, or ``guide``.
        score: the composer and its codec.
    """

    def __init__(self, part: str, score: ScoreModel, *args: Any, **options: Any) -> None:
        assert score.denoiser is not None
        super().__init__(part, score.denoiser, *args, **options)
        self.score, self.denoiser, self.codec = score, score.denoiser, score.codec.to(self.device)
        self.weights = {"v": 1.0}
        self.half = bf16_is_fast(self.device)
        if self.device.type == "cuda":
            self.denoiser.network.fuse()

    def next_batch(self) -> tuple[ScoreBatch, Tensor]:
        """Draw excerpts, as latents."""
        stage, settings = self.recipe.stage(self.progress), self.recipe.settings
        pieces = self.pool.draw(stage.items, stage.frames, self.rng)
        batch = build_batch(pieces, self.score.stems, self.score.config.styles, settings.levels,
                            settings.conditions, settings.ears, settings.changes, self.rng)  # fmt: skip
        return batch, self._latents(batch)

    @torch.no_grad()
    def _latents(self, batch: ScoreBatch) -> Latents:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            z = self.codec.encode(batch.bars.to(self.device)).float()
        return self._at_random(z.unflatten(0, batch.levels.shape).transpose(2, 3).contiguous())

    def _at_random(self, z: Latents) -> Latents:
        """In half of the stems what silent bars would play is at random, as it is while music is made."""
        draw = self.generator()
        chosen = torch.rand(z.shape[:2], generator=draw, device=self.device)[..., None, None] < 0.5
        noise = torch.randn(z[:, :, 1:].shape, generator=draw, device=self.device)
        z[:, :, 1:] = torch.where(chosen & (z[:, :, :1] < 0), noise, z[:, :, 1:])
        return z

    def losses(self, batch: ScoreBatch, z: Latents) -> dict[str, Tensor]:
        """The error of v in the unknown bars; of silent ones that of the first number alone."""
        noise = torch.randn(z.shape, generator=self.generator(), device=self.device)
        levels, presence, counted = (
            part.to(self.device) for part in (batch.levels, batch.presence, batch.counted)
        )
        x = mix(z, noise, levels, self.denoiser.schedule)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            estimate = self.denoiser(x, levels, presence, batch.conditioning.like(x))
        answer = torch.where(z[:, :, :1] < 0, torch.cat([estimate.z[:, :, :1], z[:, :, 1:]], 2), estimate.z)
        return {"v": v_loss(answer, z, levels, counted, self.codec.costs, self.denoiser.schedule)}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw the piano rolls of an excerpt, and of what is arranged to its first two stems."""
        rng = np.random.default_rng(1)
        piece = self.pool.draw(1, self.recipe.stage(1.0).frames, rng)[0]
        steps = piece.facts.steps
        z = self.score.encode(piece.cells, steps)[None]
        present = torch.tensor([[stem in piece.cells for stem in self.score.stems]])
        given = torch.zeros_like(present)
        given[0, present[0].nonzero()[:2, 0]] = True
        wanted = (present & ~given)[:, :, None].expand(-1, -1, len(steps))
        task = NoiseMap(wanted.float(), wanted, present)
        with torch.compiler.set_stance("force_eager"):
            made = last_state(run(self.score, z, task, Sampling(20, eta=1.0))).x[0]
        played = {
            stem: cells for stem, cells in self.score.decode(made, steps).items() if stem in piece.cells
        }
        draw_rolls({"true": piece.cells, "arranged to the first two": played}, self.score.stems, steps, path)


class ComposerPart(PartOfModel[ComposerRecipe, PiecePool]):
    """Trains a composer for a model that has a score codec.

    Attributes:
        trained: name of the network in the model.
    """

    name = "score"
    trained: ClassVar[str] = "composer"
    recipes = by_name((SMALL, EVENING, TINY))
    settings = ComposerSettings
    learns_from = "scores"

    def begin(self, source: Source) -> None:
        """Build the composer, or go on with the model's."""
        score = self.model.score
        if score is None:
            raise ModelError(f"{self.start} has no score codec: train one first with --part score-codec")
        self.score = self.composer(score, score.denoiser, source)
        self.model.score = replace(self.score, guide=score.guide)

    def composer(self, score: ScoreModel, own: StemDenoiser | None, source: Source) -> ScoreModel:
        """A composer of the recipe's size for a score codec: its own one if that has the size, else a new one."""
        config = replace(self.recipe.network, stems=len(source.stems), channels=score.codec.channels)
        network = own and own.network
        assert network is None or isinstance(network, Composer)
        return ScoreModel(score.codec, StemDenoiser(self.same_or_new(network, lambda: Composer(config))))

    def pool(self, source: Source, config: PoolConfig) -> PiecePool:
        """A pool of pieces."""
        return PiecePool(scores(source), config, self.recipe.network.styles, self.recipe.stage(1.0).frames)

    def trainer(self, pool: PiecePool, minutes: float, resumed: bool) -> ComposerTrainer:
        """A trainer of the composer."""
        return ComposerTrainer(
            self.trained, self.score, self.model, self.recipe, pool, minutes, self.device, self.seed
        )
