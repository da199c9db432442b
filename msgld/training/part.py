"""A part of a model as it is trained; each is a subclass with a line in :mod:`msgld.training.parts`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

import torch

from msgld.checkpoint import load_model, save_model
from msgld.data.source import Source
from msgld.description import read_description
from msgld.diffusion.denoise import StemDenoiser
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.nets.beat_tracker import BeatTracker
from msgld.nets.composer import Composer
from msgld.nets.listener import Listener
from msgld.nets.note_reader import NoteReader
from msgld.nets.refiner import Refiner
from msgld.nets.score_codec import ScoreCodec
from msgld.stems import OTHER
from msgld.training.folder import MODEL, model_name
from msgld.training.pool.pool import AnyPool
from msgld.training.recipe import AnyRecipe, PoolConfig
from msgld.training.trainer import Trainer

PartRecipe = TypeVar("PartRecipe", bound=AnyRecipe)
Module = TypeVar("Module", BeatTracker, Composer, Listener, NoteReader, Refiner, ScoreCodec, StemDenoiser)


class Part(ABC, Generic[PartRecipe, AnyPool]):
    """One part of a model in training: what it builds on, its pool of clips, and its trainer.

    A run calls :meth:`begin`, :meth:`pool` and :meth:`trainer` in this order.

    Args:
        recipe: one of ``recipes``, or a variant of it.
        out: the run's folder.
        start: folder of the model to begin with or to train the part for.
        first_stage: folder of a codec and perhaps a vocoder, which stay as they are.
        device: where to train.
        seed: of the weights, the clips and the batches.

    Attributes:
        name: value of ``--part``.
        recipes: by name, the default first.
        settings: class of the recipes' settings, which tells designs of one part apart.
        over_a_model: whether it is trained for a whole model: ``start``, or the shipped one.
        learns_from: ``sound``, ``scores``, or scores that are ``played``: clips with their notes.
        grows: whether a model to start with gets further stems where the data have them.

    Raises:
        UsageError, ModelError: ``start`` or ``first_stage`` do not fit. Nothing has been written then.
    """

    name: ClassVar[str]
    recipes: ClassVar[Mapping[str, AnyRecipe]]
    settings: ClassVar[type]
    over_a_model: ClassVar[bool] = False
    learns_from: ClassVar[Literal["sound", "scores", "played"]] = "sound"
    grows: ClassVar[bool] = False

    def __init__(
        self,
        recipe: PartRecipe,
        out: Path,
        start: Path | None = None,
        first_stage: Path | None = None,
        device: torch.device | str = "cpu",
        seed: int = 0,
    ) -> None:
        self.recipe, self.out, self.seed = recipe, Path(out), seed
        self.start, self.first_stage = start, first_stage
        self.device = torch.device(device)
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Check and read ``start`` and ``first_stage``."""

    @abstractmethod
    def begin(self, source: Source) -> None:
        """Build the network for the source's stems.

        Raises:
            ModelError, DataError: source and model do not fit. Nothing has been written then.
        """

    @abstractmethod
    def pool(self, source: Source, config: PoolConfig) -> AnyPool:
        """The pool, still empty."""

    @abstractmethod
    def trainer(self, pool: AnyPool, minutes: float, resumed: bool) -> Trainer[AnyPool]:
        """The trainer, at its first step; the pool has its first clips.

        Args:
            minutes: length of the whole run.
            resumed: whether a saved state replaces all weights.
        """

    def first_clips(self, resumed: bool) -> int:
        """Clips in the pool before the first step."""
        return self.recipe.first_clips

    def info(self) -> dict[str, Any]:
        """Entries of a model's info: the recipe, and the model that the run began with."""
        start = read_description(self.start)["info"] if self.start else None
        return {"recipe": self.recipe.described(), **({"started_from": start} if start is not None else {})}


class PartOfModel(Part[PartRecipe, AnyPool]):
    """A part that is trained for a whole model, whose other parts stay as they are.

    Attributes:
        model: the one in ``start``, on the device.
    """

    over_a_model = True

    def prepare(self) -> None:
        """Read the model."""
        if self.first_stage:
            raise UsageError(f"--part {self.name} belongs to a whole model: leave out --first-stage")
        self.model = load_model(self.start_folder, self.device)

    @property
    def start_folder(self) -> Path:
        """Folder of the model; UsageError if there is none."""
        if self.start is None:
            raise UsageError(f"--part {self.name} belongs to a whole model: name its folder with --start")
        return self.start

    def same_or_new(self, own: Module | None, build: Callable[[], Module]) -> Module:
        """The model's own network if it is of the recipe's size, else a new one, drawn by the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            new = build()
        return own if own is not None and own.config == new.config else new


class TrainerOfModel(Trainer[AnyPool]):
    """Trains one network of a model, whose other parts stay as they are.

    Args:
        part: the network's name in the state, and with ``_training`` in the model's info.
        network: the model's own.
        model: to which it belongs.
        recipe, pool, minutes, device, seed: as for :class:`Trainer`.
    """

    def __init__(self, part: str, network: Module, model: Model, recipe: AnyRecipe, pool: AnyPool,
                 minutes: float, device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__(part, network.train().requires_grad_(True), recipe, pool, minutes, device, seed)
        self.model = model

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Write the whole model with this network."""
        training = {**self.recipe.described(), **about}
        self.model.info |= {"name": model_name(out), f"{self.part}_training": training}
        save_model(self.model, out / MODEL)
        return {}


def check_stems(start: Path | None, stems: Sequence[str], source: Source, more: bool = False) -> None:
    """Raise ModelError if a model has other stems than the source.

    Args:
        start: the model's folder.
        stems: of the model.
        source: of clips.
        more: whether the source may have stems that the model has in ``other``.
    """
    known = tuple(stem for stem in source.stems if stem in stems) if more and OTHER in stems else source.stems
    if tuple(stems) != tuple(known):
        raise ModelError(
            f"{start}, the model to start with, has the stems {', '.join(stems)}, the data {', '.join(source.stems)}"
        )
