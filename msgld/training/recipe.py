"""A recipe: everything that decides a training run except its data and its time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

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
class OptimConfig:
    """Optimiser and learning rate.

    Attributes:
        rate: peak learning rate.
        warmup: steps of linear warm-up.
        cooldown: last fraction of the run, in which the rate falls linearly.
        final: learning rate at the end, relative to its peak.
        decay: weight decay.
        clip: largest norm of the gradient; None does not clip.
        ema: decay of the moving average of the weights.
        muon: orthogonalised momentum (Jordan et al. 2024) for the hidden matrices, AdamW for the rest.
        everywhere: Muon for the matrices outside the blocks too, tables of embeddings excepted.
        rounds: Newton-Schulz rounds in Muon. Five is usual; three cost 0.6 of that and amplify the smallest parts of
            the gradient, its noise, less.
        betas: of AdamW.
        batches: of a step, whose gradients are averaged: as many crops as a GPU takes at once, on a machine that
            cannot hold them.
    """

    rate: float = 2e-3
    warmup: int = 100
    cooldown: float = 0.45
    final: float = 0.02
    decay: float = 0.02
    clip: float | None = 1.0
    ema: float = 0.998
    muon: bool = True
    everywhere: bool = False
    rounds: int = 3
    betas: tuple[float, float] = (0.9, 0.98)
    batches: int = 1


@dataclass(frozen=True)
class PoolConfig:
    """How large the pool is and how often a clip may be drawn.

    Attributes:
        slots: clips held at once.
        seconds: length of a clip.
        workers: rendering processes; 0 renders in the caller, which is exactly repeatable.
        reuse: crops drawn from a clip, on average, before it is replaced; training waits where clips are late.
        seed: first seed; clip i has seed ``seed + i``.
        life: clips that a worker renders before a new one takes its place, as synthesisers keep what they played.
        patience: seconds for which a source that fails, as a network drive that is away, is tried again.
        bad: fraction of the clips that may be unusable; with more the run stops.
    """

    slots: int = 900
    seconds: float = 12.0
    workers: int = 1
    reuse: float = 14.0
    seed: int = 0
    life: int = 500
    patience: float = 120.0
    bad: float = 0.5


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
