"""The note reader as a part that is trained, and its trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from msgld.checkpoint import load_model, save_model
from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.errors import DataError, ModelError
from msgld.model import Model
from msgld.nets.note_reader import NoteReader
from msgld.nets.vocoder import Vocoder
from msgld.training.folder import MODEL, model_name
from msgld.training.note_reader.batch import NoteCrops, NotePool
from msgld.training.note_reader.recipes import RECIPES, NotesRecipe, NotesSettings
from msgld.training.part import PartOfModel
from msgld.training.pictures import draw_planes
from msgld.training.pool.pool import PoolConfig
from msgld.training.trainer import Trainer


class NotesTrainer(Trainer[NotePool]):
    """Trains a model's note reader; its other parts stay as they are."""

    def __init__(self, recipe: NotesRecipe, model: Model, pool: NotePool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        assert model.note_reader is not None
        self.reader = model.note_reader.train().requires_grad_(True)
        super().__init__("notes", self.reader, recipe, pool, minutes, device, seed)
        self.recipe, self.model, self.weights = recipe, model, {"surprise": 1.0}

    def next_batch(self) -> tuple[NoteCrops]:
        """Draw crops."""
        stage = self.recipe.stage(self.progress)
        return (self.pool.draw(stage.items, stage.frames, self.rng),)

    def losses(self, crops: NoteCrops) -> dict[str, Tensor]:
        """Cross entropy of the notes in nepers, and the fraction that is read right; sure notes count more."""
        scores = self.reader(crops.mels)
        weight = crops.sure / crops.sure.sum().clamp_min(1)
        surprise = F.cross_entropy(scores, crops.notes, reduction="none")
        right = (scores.argmax(1) == crops.notes).float()
        return {"surprise": (surprise * weight).sum(), "right": (right * weight).sum().detach()}

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Write the whole model with this note reader."""
        self.model.info |= {"name": model_name(out), "notes_training": {**self.recipe.described(), **about}}
        save_model(self.model, out / MODEL)
        return {}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw a crop's notes as they are read, and the sure ones of its targets; always the same crop."""
        with self.aside():
            (crops,) = self.next_batch()
        read = self.reader(crops.mels[:1]).softmax(1)
        targets = F.one_hot(crops.notes[:1], read.shape[1]).mT * crops.sure[:1, None]
        draw_planes([self.reader.config.stem], {"read": read, "targets": targets}, path, 0.0, 1.0)


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
        return NotesTrainer(self.recipe, self.model, pool, minutes, self.device, self.seed)
