"""The score codec as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Source
from msgld.errors import UsageError
from msgld.music.pictures import draw_rolls
from msgld.nets.bar_autoencoder import BarAutoencoderConfig, BarLogits, BarTensors, bar_losses
from msgld.nets.score_codec import ScoreCodec, bar_tensors
from msgld.runtime import bf16_is_fast
from msgld.score_model import ScoreModel
from msgld.training.part import PartOfModel, TrainerOfModel
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name
from msgld.training.score.augment import PLAIN, BarVariation, varied
from msgld.training.score.pieces import Scores, strayed
from msgld.training.score.pool import PiecePool


@dataclass(frozen=True)
class ScoreCodecSettings:
    """Settings that only the score codec has.

    Attributes:
        kl: weight of the Kullback-Leibler term.
        velocity: weight of the loudness of onsets.
        offset: weight of their place within a step.
        astray: probability that a bar is not at home.
        vary: how bars are varied.
        fitted: batches from which the statistics are taken.
    """

    kl: float = 0.03
    velocity: float = 0.1
    offset: float = 0.1
    astray: float = 0.15
    vary: BarVariation = BarVariation()
    fitted: int = 8


DRAWN = 8
"""Bars of the excerpt that is drawn, and of the shortest piece."""

ScoreCodecRecipe = Recipe[BarAutoencoderConfig, ScoreCodecSettings]

SMALL = ScoreCodecRecipe(
    name="small",
    minutes=50,
    network=BarAutoencoderConfig(step_width=128, width=512, depth=1),
    settings=ScoreCodecSettings(),
    optim=OptimConfig(rate=4e-3, decay=0.0, clip=50.0, everywhere=True),
    pool=PoolConfig(slots=6000, seconds=0.0, reuse=60.0, life=6000),
    stages=(Stage(1.0, 48, 2),),  # about 400 bars of many pieces; neighbours are too much alike
    first_clips=400,
)

TINY = replace(
    SMALL,
    name="tiny",
    minutes=1,
    network=BarAutoencoderConfig(channels=16, step_width=16, width=32, depth=1),
    pool=PoolConfig(slots=8, seconds=0.0, workers=0),
    stages=(Stage(1.0, 2, 8),),
    first_clips=8,
    save_minutes=0.5,
    expected="nothing useful: it shows that a training runs",
)


class ScoreCodecTrainer(TrainerOfModel[PiecePool]):
    """Trains the autoencoder of bars."""

    def __init__(self, codec: ScoreCodec, *args: Any, **options: Any) -> None:
        super().__init__("score_codec", codec, *args, **options)
        self.codec, settings = codec, self.recipe.settings
        self.weights = {"onset": 1.0, "sounding": 1.0, "velocity": settings.velocity, "offset": settings.offset,
                        "kl": settings.kl}  # fmt: skip
        self.half = bf16_is_fast(self.device)

    def next_batch(self) -> tuple[BarTensors]:
        """Draw bars, varied; silent and held ones are left out."""
        return (self._batch(self.recipe.settings.vary),)

    def _batch(self, vary: BarVariation) -> BarTensors:
        stage, settings = self.recipe.stage(self.progress), self.recipe.settings
        drawn = self.pool.draw(stage.items, stage.frames, self.rng)
        pieces = [strayed(one, settings.astray, self.rng) for one in drawn]
        bars = bar_tensors(
            [one.cells for one in pieces], [one.facts.steps for one in pieces], self.pool.source.stems
        )
        held = torch.from_numpy(np.stack([one.held for one in pieces]).reshape(-1))
        loud = bars.sounding.flatten(1).any(1) & ~held
        drums = self.pool.source.stems.index("drums")
        return varied(bars.pick(loud.nonzero().squeeze(1)), vary, self.rng, drums).to(self.device)

    def losses(self, bars: BarTensors) -> dict[str, Tensor]:
        """Those of :func:`bar_losses`."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            mean, logs = (part.float() for part in self.codec.autoencoder.encode(bars))
            noise = torch.randn(mean.shape, generator=self.generator(), device=self.device)
            answer = self.codec.autoencoder.decode(mean + (0.5 * logs).exp() * noise, bars.stem, bars.steps)
        logits = BarLogits(*(part.float() for part in vars(answer).values()))
        return bar_losses(logits, bars, mean, logs)

    @torch.no_grad()
    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Fit the statistics, and write the whole model."""
        with self.aside():
            batches = [self._batch(PLAIN) for _ in range(self.recipe.settings.fitted)]
        posteriors = [self.codec.autoencoder.encode(bars) for bars in batches]
        self.codec.fit(*(torch.cat(parts) for parts in zip(*posteriors, strict=True)))
        return super().export(out, about)

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw the bars of a piece, and what the codec makes of them."""
        rng = np.random.default_rng(1)
        piece = self.pool.draw(1, DRAWN, rng)[0]
        score = ScoreModel(self.codec)
        steps = piece.facts.steps
        made = score.decode(score.encode(piece.cells, steps), steps)
        draw_rolls({"true": piece.cells, "through the codec": made}, score.stems, steps, path)


class ScoreCodecPart(PartOfModel[ScoreCodecRecipe, PiecePool]):
    """Trains a score codec for a model."""

    name = "score-codec"
    recipes = by_name((SMALL, TINY))
    settings = ScoreCodecSettings
    learns_from = "scores"

    def begin(self, source: Source) -> None:
        """Build the codec, or go on with the model's."""
        own = self.model.score.codec if self.model.score else None
        config = replace(self.recipe.network, stems=len(source.stems))
        self.codec = self.same_or_new(own, lambda: ScoreCodec(config))
        self.model.score = ScoreModel(self.codec)

    def pool(self, source: Source, config: PoolConfig) -> PiecePool:
        """A pool of pieces."""
        return PiecePool(scores(source), config, (), DRAWN)

    def trainer(self, pool: PiecePool, minutes: float, resumed: bool) -> ScoreCodecTrainer:
        """A trainer of the codec."""
        return ScoreCodecTrainer(self.codec, self.model, self.recipe, pool, minutes, self.device, self.seed)


def scores(source: Source) -> Scores:
    """The source as one of scores; UsageError if it has none."""
    if not isinstance(source, Scores):
        raise UsageError(
            "the score is learned from notes: name --midi folders, or leave the band in; leave out --stems"
        )
    return source
