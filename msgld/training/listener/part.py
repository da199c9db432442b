"""The listener as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from msgld.data.source import Source
from msgld.errors import DataError
from msgld.nets.listener import Listener, ListenerConfig
from msgld.runtime import bf16_is_fast
from msgld.training.listener.calibrate import calibrated
from msgld.training.listener.degrade import Degradation, degraded
from msgld.training.listener.pool import PlayedPool
from msgld.training.listener.targets import NoteTargets, note_targets
from msgld.training.part import PartOfModel, TrainerOfModel
from msgld.training.pictures import draw_planes
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name


@dataclass(frozen=True)
class ListenerSettings:
    """Settings that only the listener has.

    Attributes:
        degradation: of the stems.
        shifted: fraction of the crops that are out of tune, or played higher or lower.
        semitones: up to which pitched stems are played higher or lower; half a semitone of detuning comes on top.
        weights: of the stems in a batch, by name; others have 1.
        positive: weight of the frames with onsets.
        sounding: weight of the error of what sounds.
        velocity: weight of the squared error of velocities.
        shift: weight of the error of the onsets' times, in frames.
    """

    degradation: Degradation = Degradation()
    shifted: float = 0.7
    semitones: int = 2
    weights: Mapping[str, float] = field(default_factory=lambda: {"drums": 6.0})
    positive: float = 4.0
    sounding: float = 0.5
    velocity: float = 0.5
    shift: float = 0.3


ListenerRecipe = Recipe[ListenerConfig, ListenerSettings]

OPTIM = OptimConfig(rate=2e-3, warmup=50, cooldown=0.5, everywhere=True, decay=0.01, ema=0.995)

SMALL = ListenerRecipe(
    name="small",
    minutes=120,
    network=ListenerConfig(),
    settings=ListenerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=400, seconds=10.0, reuse=12.0),
    stages=(Stage(1.0, 8, 216),),  # 5 s
    first_clips=24,
    save_minutes=10.0,
)

TINY = ListenerRecipe(
    name="tiny",
    minutes=1,
    network=ListenerConfig(
        entry=8, width=8, depth=1, attack_bands=8, drum_width=32, drum_depth=1, drum_hidden=32
    ),
    settings=ListenerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=6, seconds=4.0, workers=0),
    stages=(Stage(1.0, 4, 87),),  # 2 s
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))


@dataclass(frozen=True)
class HeldCrops:
    """Crops of stems.

    Attributes:
        waves: (B, L).
        stems: their numbers, (B,).
        targets: what the listener should answer.
        tables: their notes, (n, 4) each.
    """

    waves: Tensor
    stems: Tensor
    targets: NoteTargets
    tables: tuple[np.ndarray, ...]


class ListenerTrainer(TrainerOfModel[PlayedPool]):
    """Trains a model's listener."""

    network: Listener

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        settings = self.recipe.settings
        self.weights = {"onset": 1.0} | {
            name: getattr(settings, name) for name in ("sounding", "velocity", "shift")
        }
        self.half = bf16_is_fast(self.device)

    def next_batch(self) -> tuple[HeldCrops]:
        """Draw crops."""
        stage = self.recipe.stage(self.progress)
        return (self.crops(stage.items, stage.frames),)

    def crops(self, items: int, frames: int, stem: int | None = None, clean: int = 0) -> HeldCrops:
        """Draw crops of ``frames`` frames, of one stem or of all, the first ``clean`` ones as they were played."""
        self.pool.prepare(items)
        config, settings = self.network.config, self.recipe.settings
        samples = (frames - 1) * config.hop
        waves, stems, tables = list[np.ndarray](), list[int](), list[np.ndarray]()
        for item in range(items):
            chosen = self._stem() if stem is None else stem
            slot = int(self.rng.choice(self.pool.slots_of(chosen)))
            drawn = self.pool.crop(slot, chosen, samples, self.rng, self._semitones(chosen))
            how = replace(settings.degradation, none=1.0) if item < clean else settings.degradation
            waves.append(degraded(drawn.sound[0], drawn.sound[1], config.rate, how, self.rng))
            stems.append(chosen)
            tables.append(drawn.notes)
        targets = note_targets(tables, frames, config.rate / config.hop, config.lowest, config.notes)
        known = torch.tensor([config.stems.index(self.pool.source.stems[k]) for k in stems])
        on = NoteTargets(*(one.to(self.device) for one in vars(targets).values()))
        return HeldCrops(
            torch.from_numpy(np.stack(waves)).to(self.device), known.to(self.device), on, tuple(tables)
        )

    def _stem(self) -> int:
        """Draw a stem of those that some clip has."""
        weights = self.recipe.settings.weights
        worth = np.array([weights.get(stem, 1.0) for stem in self.pool.source.stems])
        worth *= [len(self.pool.slots_of(k)) > 0 for k in range(len(worth))]
        if not worth.any():
            raise DataError("no clip has notes: check the data")
        return int(self.rng.choice(len(worth), p=worth / worth.sum()))

    def _semitones(self, stem: int) -> float:
        """Draw by how much a crop is played higher."""
        settings = self.recipe.settings
        if self.rng.random() >= settings.shifted:
            return 0.0
        whole = (
            0
            if self.pool.unpitched(stem)
            else int(self.rng.integers(-settings.semitones, settings.semitones + 1))
        )
        return whole + float(self.rng.uniform(-0.5, 0.5))

    def losses(self, crops: HeldCrops) -> dict[str, Tensor]:
        """Cross entropies of onsets and of what sounds, per onset that there is or 20 frames; errors of the onsets."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            said = self.network(crops.waves, crops.stems)
        true, settings = crops.targets, self.recipe.settings
        struck = F.binary_cross_entropy_with_logits(said.onset, true.onset, reduction="none")
        struck = struck * true.counts * (1 + (settings.positive - 1) * true.onset)
        rings = F.binary_cross_entropy_with_logits(said.sounding, true.sounding, reduction="none")
        frames, near = said.onset.shape[0] * said.onset.shape[2], true.near.sum().clamp_min(1)
        right = ((said.onset > 0) == (true.onset > 0.5)).float() * true.onset
        return {
            "onset": struck.sum() / frames,
            "sounding": rings.sum() / frames,
            "velocity": ((said.velocity - true.velocity).square() * true.near).sum() / near,
            "shift": ((said.shift - true.shift).abs() * true.near).sum() / near,
            "recall": right.sum().detach() / true.onset.sum().clamp_min(1),
        }

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Set the thresholds at which most notes are right, and write the whole model."""
        frames = self.recipe.stage(1.0).frames
        measured = dict[str, float]()
        with self.aside(), torch.no_grad():
            for stem, name in enumerate(self.pool.source.stems):
                if len(self.pool.slots_of(stem)):
                    crops = self.crops(CALIBRATED, frames, stem, CALIBRATED // 2)
                    number = self.network.config.stems.index(name)
                    measured[f"F1 {name}"] = calibrated(self.network, crops.waves, number, crops.tables)
        return {**super().export(out, about), **measured}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw a crop's onsets and what sounds, as it is listened to and as it is; always the same crop."""
        with self.aside():
            (crops,) = self.next_batch()
        said = self.network(crops.waves[:1], crops.stems[:1])
        rows = {
            "found": torch.cat([said.onset.sigmoid(), said.sounding.sigmoid()]),
            "true": torch.cat([crops.targets.onset[:1], crops.targets.sounding[:1]]),
        }
        draw_planes(["onset", "sounding"], rows, path, 0.0, 1.0)


CALIBRATED = 24
"""Crops of each stem by which the thresholds are set; half of them are not degraded."""


class ListenerPart(PartOfModel[ListenerRecipe, PlayedPool]):
    """Trains the listener of a model; goes on with one of the recipe's size."""

    name = "listener"
    recipes = RECIPES
    settings = ListenerSettings
    learns_from = "played"

    def begin(self, source: Source) -> None:
        """Check the stems, and build the listener where the model has none of this size."""
        unknown = set(source.stems) - set(self.recipe.network.stems)
        if unknown:
            raise DataError(f"this listener knows no stem {', '.join(sorted(unknown))}")
        self.model.listener = self.same_or_new(self.model.listener, lambda: Listener(self.recipe.network))

    def pool(self, source: Source, config: PoolConfig) -> PlayedPool:
        """A pool of dry stems."""
        return PlayedPool(source, config, self.recipe.network.rate)

    def trainer(self, pool: PlayedPool, minutes: float, resumed: bool) -> ListenerTrainer:
        """A trainer of the whole model."""
        listener = self.model.listener
        assert listener is not None
        return ListenerTrainer(
            "listener", listener, self.model, self.recipe, pool, minutes, self.device, self.seed
        )
