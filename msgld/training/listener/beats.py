"""The beat tracker as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from msgld.data.source import Source
from msgld.nets.beat_tracker import BeatTracker, BeatTrackerConfig
from msgld.runtime import bf16_is_fast
from msgld.training.listener.degrade import Degradation, degraded
from msgld.training.listener.pool import PlayedPool
from msgld.training.listener.targets import BeatTargets, beat_targets
from msgld.training.part import PartOfModel, TrainerOfModel
from msgld.training.pictures import draw_planes
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name

ALONE = np.zeros(1, np.float32)
"""No other sound beside the mixture."""


@dataclass(frozen=True)
class BeatsSettings:
    """Settings that only the beat tracker has.

    Attributes:
        degradation: of the mixtures.
        gain_db: standard deviation of the stems' gains.
        dropped: probability that a stem is left out.
        semitones: up to which mixtures are played higher, and faster.
        positive: weight of the frames with beats.
        compound: weight of the error of how beats are divided.
    """

    degradation: Degradation = Degradation(
        amplified=0.05, modulated=0.02, roomed=0.25, separated=0.0, bleed=0.0
    )
    gain_db: float = 5.0
    dropped: float = 0.2
    semitones: float = 2.0
    positive: float = 4.0
    compound: float = 0.1


BeatsRecipe = Recipe[BeatTrackerConfig, BeatsSettings]

OPTIM = OptimConfig(rate=2e-3, warmup=50, cooldown=0.5, everywhere=True, decay=0.01, ema=0.995)

SMALL = BeatsRecipe(
    name="small",
    minutes=60,
    network=BeatTrackerConfig(),
    settings=BeatsSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=300, seconds=20.0, reuse=12.0),
    stages=(Stage(1.0, 8, 1379),),  # 16 s
    first_clips=24,
    save_minutes=10.0,
)

TINY = BeatsRecipe(
    name="tiny",
    minutes=1,
    network=BeatTrackerConfig(bands=24, width=12, depth=5),
    settings=BeatsSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=6, seconds=6.0, workers=0),
    stages=(Stage(1.0, 4, 345),),  # 4 s
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))


class BeatsTrainer(TrainerOfModel[PlayedPool]):
    """Trains a model's beat tracker."""

    network: BeatTracker

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.weights = {"beat": 1.0, "first": 1.0, "compound": self.recipe.settings.compound}
        self.half = bf16_is_fast(self.device)

    def next_batch(self) -> tuple[Tensor, BeatTargets]:
        """Draw mixtures."""
        stage, config = self.recipe.stage(self.progress), self.network.config
        self.pool.prepare(stage.items)
        waves, tables = list[np.ndarray](), list[np.ndarray]()
        for _ in range(stage.items):
            slot = int(self.rng.choice(self._slots()))
            higher = float(self.rng.uniform(-1, 1) * self.recipe.settings.semitones)
            stem = int(self.rng.integers(len(self.pool.source.stems)))
            gains, how = self._gains(slot), self.recipe.settings.degradation
            drawn = self.pool.crop(slot, stem, (stage.frames - 1) * config.hop, self.rng, higher, gains)
            waves.append(degraded(drawn.sound[0], ALONE, config.rate, how, self.rng))
            tables.append(drawn.beats)
        targets = beat_targets(tables, stage.frames, config.rate / config.hop)
        on = BeatTargets(*(one.to(self.device) for one in vars(targets).values()))
        return torch.from_numpy(np.stack(waves)).to(self.device), on

    def _slots(self) -> np.ndarray:
        """Clips with beats, or all where none has any."""
        slots = self.pool.usable()
        beaten = slots[self.pool.beaten[slots].numpy() >= 4]
        return beaten if len(beaten) else slots

    def _gains(self, slot: int) -> np.ndarray:
        """Random gains (1, S) of a clip's stems; some are 0, but one sounds at least."""
        settings, sounding = self.recipe.settings, self.pool.gain[slot].numpy() > 1e-7
        kept = self.rng.random(len(sounding)) >= settings.dropped
        if not (kept & sounding).any():
            kept[:] = True
        return (kept * 10 ** (self.rng.normal(0, settings.gain_db, len(kept)) / 20))[None]

    def losses(self, waves: Tensor, true: BeatTargets) -> dict[str, Tensor]:
        """Cross entropies of beats, of bars' first beats, and of how beats are divided."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            said = self.network(waves)

        def surprise(score: Tensor, target: Tensor, positive: float) -> Tensor:
            each = F.binary_cross_entropy_with_logits(score, target, reduction="none")
            return (each * (1 + (positive - 1) * target) * true.known).mean()

        positive = self.recipe.settings.positive
        return {
            "beat": surprise(said.beat, true.beat, positive),
            "first": surprise(said.first, true.first, positive),
            "compound": surprise(said.compound, true.compound, 1.0),
        }

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw the beats of a few mixtures as they are found and as they are; always the same ones."""
        with self.aside():
            waves, true = self.next_batch()
        said = self.network(waves)
        rows = {
            "found": torch.stack([said.beat.sigmoid(), said.first.sigmoid()]),
            "true": torch.stack([true.beat, true.first]),
        }
        draw_planes(["beat", "first of a bar"], rows, path, 0.0, 1.0)


class BeatsPart(PartOfModel[BeatsRecipe, PlayedPool]):
    """Trains the beat tracker of a model; goes on with one of the recipe's size."""

    name = "beats"
    recipes = RECIPES
    settings = BeatsSettings
    learns_from = "played"

    def begin(self, source: Source) -> None:
        """Build the beat tracker where the model has none of this size."""
        self.model.beat_tracker = self.same_or_new(
            self.model.beat_tracker, lambda: BeatTracker(self.recipe.network)
        )

    def pool(self, source: Source, config: PoolConfig) -> PlayedPool:
        """A pool of dry stems."""
        return PlayedPool(source, config, self.recipe.network.rate)

    def trainer(self, pool: PlayedPool, minutes: float, resumed: bool) -> BeatsTrainer:
        """A trainer of the whole model."""
        tracker = self.model.beat_tracker
        assert tracker is not None
        return BeatsTrainer("beats", tracker, self.model, self.recipe, pool, minutes, self.device, self.seed)
