"""The note reader as a part that is trained: its recipes and its trainer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from msgld.checkpoint import load_model
from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.errors import DataError, ModelError
from msgld.nets.note_reader import NoteReader, NoteReaderConfig
from msgld.nets.vocoder import Vocoder
from msgld.training.note_reader.batch import NoteCrops, NotePool, NoteVary
from msgld.training.part import PartOfModel, TrainerOfModel
from msgld.training.pictures import draw_planes
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name


@dataclass(frozen=True)
class NotesSettings:
    """Settings that only the note reader has.

    Attributes:
        vary: how clips are varied.
    """

    vary: NoteVary = NoteVary()


NotesRecipe = Recipe[NoteReaderConfig, NotesSettings]

OPTIM = OptimConfig(rate=3e-3, warmup=50, muon=False, decay=0.02, betas=(0.9, 0.98), ema=0.99)

SMALL = NotesRecipe(
    name="small",
    minutes=20,
    network=NoteReaderConfig(),
    settings=NotesSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=2000, seconds=12.0, reuse=80.0),
    stages=(Stage(1.0, 32, 96),),
    first_clips=64,
    log_steps=50,
    expected="69 % (TimGM6mb) and 83 % (Freepats) of the notes of held-out basses read right, after 10.8 and 10.0 "
    "minutes with clips drawn 120 times",
)

TINY = NotesRecipe(
    name="tiny",
    minutes=1,
    network=NoteReaderConfig(width=32, depth=2, hidden=64),
    settings=NotesSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=8, seconds=4.0, workers=0),
    stages=(Stage(1.0, 8, 96),),
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))


class NotesTrainer(TrainerOfModel[NotePool]):
    """Trains a model's note reader."""

    network: NoteReader
    weights = {"surprise": 1.0}  # noqa: RUF012

    def next_batch(self) -> tuple[NoteCrops]:
        """Draw crops."""
        stage = self.recipe.stage(self.progress)
        return (self.pool.draw(stage.items, stage.frames, self.rng),)

    def losses(self, crops: NoteCrops) -> dict[str, Tensor]:
        """Cross entropy of the notes in nepers, and the fraction that is read right; sure notes count more."""
        scores = self.network(crops.mels)
        weight = crops.sure / crops.sure.sum().clamp_min(1)
        surprise = F.cross_entropy(scores, crops.notes, reduction="none")
        right = (scores.argmax(1) == crops.notes).float()
        return {"surprise": (surprise * weight).sum(), "right": (right * weight).sum().detach()}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw a crop's notes as they are read, and the sure ones of its targets; always the same crop."""
        with self.aside():
            (crops,) = self.next_batch()
        read = self.network(crops.mels[:1]).softmax(1)
        targets = F.one_hot(crops.notes[:1], read.shape[1]).mT * crops.sure[:1, None]
        draw_planes([self.network.config.stem], {"read": read, "targets": targets}, path, 0.0, 1.0)


class NotesPart(PartOfModel[NotesRecipe, NotePool]):
    """Trains the note reader of a model with a vocoder that takes notes; goes on with one of the recipe's size."""

    name = "notes"
    recipes = RECIPES
    settings = NotesSettings

    def begin(self, source: Source) -> None:
        """Check the stem, and build the note reader where the model has none of this size."""
        stem, codec = self.recipe.network.stem, self.model.codec
        if not isinstance(codec, PatchCodec) or not isinstance(self.model.vocoder, Vocoder):
            raise ModelError(
                f"{self.start} has no vocoder that could play notes: train one first, with --part vocoder"
            )
        if stem not in source.stems or stem not in self.model.stems:
            raise DataError(f"a note reader is for the stem {stem}, which the data or the model do not have")
        self.model.note_reader = self.same_or_new(
            self.model.note_reader, lambda: NoteReader(self.recipe.network)
        )

    def pool(self, source: Source, config: PoolConfig) -> NotePool:
        """A pool of log-mels and notes; its workers have a codec of their own."""
        codec = load_model(self.start_folder).codec
        assert isinstance(codec, PatchCodec)
        return NotePool(source, config, codec, self.recipe.network, self.recipe.settings.vary)

    def trainer(self, pool: NotePool, minutes: float, resumed: bool) -> NotesTrainer:
        """A trainer of the whole model."""
        reader = self.model.note_reader
        assert reader is not None
        return NotesTrainer("notes", reader, self.model, self.recipe, pool, minutes, self.device, self.seed)
