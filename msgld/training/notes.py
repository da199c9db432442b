"""The training loop of the note reader."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from msgld.model import Model
from msgld.nets.note_reader import NoteReader
from msgld.training.network import NetworkTraining, plain
from msgld.training.note_pool import NoteCrops, NotePool
from msgld.training.notes_presets import NotesPreset


def build_reader(preset: NotesPreset, seed: int = 0) -> NoteReader:
    """An untrained note reader, its weights drawn by ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NoteReader(preset.network)


class NotesTraining(NetworkTraining[NotePool]):
    """A run: the model's note reader, its average, the optimiser and the clock; its other parts stay as they are."""

    def __init__(self, preset: NotesPreset, model: Model, pool: NotePool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        assert model.notes is not None
        self.reader = model.notes.train().requires_grad_(True)
        super().__init__("notes", self.reader, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.model = model

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        losses = self.losses(self.next_crops())
        norm = self.descend(losses["surprise"])
        return {**plain(losses), "norm": norm}

    def next_crops(self) -> NoteCrops:
        """A batch of crops."""
        return self.pool.draw(self.preset.items, self.preset.columns, self.rng)

    def losses(self, crops: NoteCrops) -> dict[str, Tensor]:
        """Nepers by which the notes surprise, and the share of them that is read right; sure ones count more."""
        scores = self.reader(crops.mels)
        weight = crops.sure / crops.sure.sum().clamp_min(1)
        surprise = F.cross_entropy(scores, crops.notes, reduction="none")
        right = (scores.argmax(1) == crops.notes).float()
        return {"surprise": (surprise * weight).sum(), "right": (right * weight).sum().detach()}
