"""A recipe: everything that decides a training run except its data and its time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from msgld.training.optim import OptimConfig
from msgld.training.pool.pool import PoolConfig

Network = TypeVar("Network")
Settings = TypeVar("Settings")

SHAPES = ("codec", "mel")
"""Settings that give a shape, as ``network`` does."""


@dataclass(frozen=True)
class Stage:
    """The batches of a part of a run.

    Attributes:
        until: end of this stage, as a fraction of the run.
        items: crops in a batch.
        frames: length of a crop: latent frames of a denoiser or an autoencoder, mel columns of the other parts.
    """

    until: float
    items: int
    frames: int


@dataclass(frozen=True)
class Recipe(Generic[Network, Settings]):
    """Everything that decides a training run except its data and its time; saved beside the weights.

    Attributes:
        name: value of ``--recipe``.
        minutes: default length of a run, on any machine.
        network: shape of the network.
        settings: those that only this part has, such as the weights of its losses.
        optim: optimiser and learning rate.
        pool: size and reuse of the pool of clips.
        stages: batches in the course of the run.
        first_clips: clips in the pool before the first step.
        save_minutes: time between two saves; a run also saves at its end, however that comes.
        log_steps: steps that an entry of the log averages.
        expected: measured scores of this recipe, their data, and changes since.
    """

    name: str
    minutes: float
    network: Network
    settings: Settings
    optim: OptimConfig = OptimConfig()
    pool: PoolConfig = PoolConfig()
    stages: tuple[Stage, ...] = (Stage(1.0, 4, 64),)
    first_clips: int = 32
    save_minutes: float = 5.0
    log_steps: int = 20
    expected: str = ""

    def stage(self, progress: float) -> Stage:
        """The batches when a fraction ``progress`` (0 to 1) of the run is over."""
        return next((stage for stage in self.stages if progress < stage.until), self.stages[-1])

    def described(self) -> dict[str, Any]:
        """The recipe for a model's info."""
        return {key: value for key, value in asdict(self).items() if key != "expected"}

    def shapes(self) -> dict[str, Any]:
        """All shapes that must stay the same when a run is resumed."""
        nested = {key: getattr(self.settings, key) for key in SHAPES if hasattr(self.settings, key)}
        return {key: asdict(shape) for key, shape in {"network": self.network, **nested}.items()}


AnyRecipe = Recipe[Any, Any]


def by_name(recipes: Iterable[Recipe[Network, Settings]]) -> dict[str, Recipe[Network, Settings]]:
    """A part's table of recipes; the first one is the default."""
    return {recipe.name: recipe for recipe in recipes}
