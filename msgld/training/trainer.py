"""A network in training: its steps and their clock, its average and optimisers, and a state to resume from."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic

import numpy as np
import torch
from torch import Tensor, nn

from msgld.errors import TrainingError
from msgld.training.optim import Average, build_optimisers, rate_factor
from msgld.training.pool.pool import AnyPool
from msgld.training.recipe import AnyRecipe

DROPPED_IN_A_ROW = 50
"""Steps in a row without a finite loss and gradient, after which a run stops."""

DROPPED_FRACTION, DROPPED_OF = 0.25, 200
"""Fraction of such steps at which a run stops, once it has taken this many."""


@dataclass(frozen=True)
class Step:
    """One step's outcome.

    Attributes:
        number: counted from 1.
        progress: fraction of the run that is over.
        seconds: duration of the step.
        losses: by name, and the norm of the gradient.
    """

    number: int
    progress: float
    seconds: float
    losses: dict[str, float]


class Trainer(ABC, Generic[AnyPool]):
    """Trains one network on clips from a pool; iterating over it takes steps until the time is over.

    Args:
        part: the network's name in the state.
        network: moved to the device.
        recipe: its optimiser is used here.
        pool: where clips come from.
        minutes: length of the whole run.
        device: where to train.
        seed: of the batches.

    Attributes:
        clock: counts the run's seconds. ``time.process_time`` leaves out the time of other processes.
        weights: weight of each loss; losses without one are only logged.
        prepared: seconds spent before the steps, on rendering and the like.
        elapsed: seconds spent on steps.
        number: steps so far.
        dropped: steps without a finite loss and gradient, which changed nothing.
        row: how many of them were the last ones.
    """

    clock: ClassVar[Callable[[], float]] = staticmethod(time.perf_counter)
    weights: Mapping[str, float]

    def __init__(
        self,
        part: str,
        network: nn.Module,
        recipe: AnyRecipe,
        pool: AnyPool,
        minutes: float,
        device: torch.device,
        seed: int = 0,
    ) -> None:
        self.part, self.recipe, self.optim = part, recipe, recipe.optim
        self.network = network.to(device)
        self.pool = pool
        if device.type != "cpu":
            pool.hold(device)
        self.budget, self.prepared, self.elapsed = minutes * 60, 0.0, 0.0
        self.device = device
        self.average = Average(self.network, self.optim.ema)
        self.optimisers = build_optimisers(self.network, self.optim)
        self.rng = np.random.default_rng(seed)
        self.number = self.dropped = self.row = 0

    @abstractmethod
    def next_batch(self) -> tuple[Any, ...]:
        """Draw a batch: the arguments of :meth:`losses`."""

    @abstractmethod
    def losses(self, *batch: Any) -> dict[str, Tensor]:
        """Losses of a batch by name, scalars; those in ``weights`` are learned from."""

    @abstractmethod
    def export(self, out: Path, about: dict[str, Any]) -> Mapping[str, float]:
        """Write the network, which now has its averaged weights, into a run's folder.

        Args:
            out: the run's folder.
            about: steps and minutes, for the info of the written part.

        Returns:
            Measurements for the log.
        """

    @abstractmethod
    def draw(self, path: Path) -> None:
        """Write a picture of the output of the network, which has its averaged weights."""

    def step(self) -> dict[str, float]:
        """Take its batches, update the weights and their average unless the step is not finite; the mean losses.

        Raises:
            TrainingError: too many steps are not finite.
        """
        rate = self.optim.rate * rate_factor(self.number, self.progress, self.optim)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        means: dict[str, float] = {}
        norm, finite = self.update(self.network, self.optimisers, self._batch_losses(means), self.optim.clip)
        if finite:
            self.average.update(self.network)
        self._count(finite)
        return {**means, "norm": norm}

    def _batch_losses(self, means: dict[str, float]) -> Iterator[Tensor]:
        """The loss of each batch of a step, divided by their number; ``means`` takes up the losses by name."""
        for _ in range(self.optim.batches):
            losses = self.losses(*self.next_batch())
            for name, value in losses.items():
                means[name] = means.get(name, 0.0) + float(value.detach()) / self.optim.batches
            weighted = [self.weights[name] * value for name, value in losses.items() if name in self.weights]
            yield torch.stack(weighted).sum() / self.optim.batches

    @property
    def progress(self) -> float:
        """Fraction of the time for steps that is over, 0 to 1."""
        return min(1.0, self.elapsed / max(self.budget - self.prepared, 1e-3))

    @property
    def left(self) -> float:
        """Seconds until the run's end."""
        return max(0.0, self.budget - self.prepared - self.elapsed)

    def __iter__(self) -> Iterator[Step]:
        """Take steps until the time is over, one at least in a run that has none. Saving counts as the run's time."""
        last = Trainer.clock()
        while self.left or not self.number:
            losses = self.step()
            now = Trainer.clock()
            seconds, last = now - last, now
            self.elapsed += seconds
            self.number += 1
            yield Step(self.number, self.progress, seconds, losses)

    @staticmethod
    def update(
        network: nn.Module,
        optimisers: list[torch.optim.Optimizer],
        losses: Iterable[Tensor],
        clip: float | None = None,
    ) -> tuple[float, bool]:
        """Update a network by the gradient of a sum if that and its terms are finite.

        Args:
            losses: the terms. Each is computed, and gives its part of the gradient, before the next.
            clip: largest norm of the gradient; None does not clip.

        Returns:
            The gradient's norm before it is clipped, and whether all is finite.
        """
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        finite = True
        for loss in losses:
            loss.backward()
            finite &= bool(torch.isfinite(loss.detach()))
        norm = nn.utils.clip_grad_norm_(network.parameters(), float("inf") if clip is None else clip)
        finite &= bool(torch.isfinite(norm))
        if finite:
            for optimiser in optimisers:
                optimiser.step()
        return float(norm), finite

    def _count(self, finite: bool) -> None:
        """Count a dropped step; too many end the run."""
        if finite:
            self.row = 0
            return
        self.dropped, self.row = self.dropped + 1, self.row + 1
        often = self.number >= DROPPED_OF and self.dropped > DROPPED_FRACTION * self.number
        if self.row >= DROPPED_IN_A_ROW or often:
            raise TrainingError(
                f"{self.dropped} of {self.number + 1} steps had no finite loss, {self.row} of them in a row: "
                "the data or the recipe's learning rate do not fit; the last good state is kept"
            )

    @property
    def made(self) -> int:
        """Steps that have changed the weights."""
        return self.number - self.dropped

    def finite(self) -> bool:
        """Whether all weights, and their averages, are finite numbers."""
        values = [*self.network.parameters(), *self.average.values]
        return all(bool(torch.isfinite(value).all()) for value in values)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Other random numbers while the block lasts, always the same, so that a picture does not change the run."""
        own, self.rng = self.rng, np.random.default_rng(0)
        try:
            yield
        finally:
            self.rng = own

    def generator(self) -> torch.Generator:
        """A generator on the run's device, seeded by the run's own."""
        return torch.Generator(self.device).manual_seed(int(self.rng.integers(2**62)))

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, the pool's place in the data included."""
        return {
            self.part: self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "number": self.number,
            "dropped": self.dropped,
            "elapsed": self.elapsed,
            "prepared": self.prepared,
            "rng": json.dumps(self.rng.bit_generator.state),
            "clips": self.pool.reached,
            "drawn": int(self.pool.drawn),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`, except for the pool, which is made anew.

        Raises:
            KeyError, RuntimeError, ValueError: it is another run's.
        """
        self.network.load_state_dict(state[self.part])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.number, self.elapsed = state["number"], state["elapsed"]
        self.dropped, self.prepared = state.get("dropped", 0), state.get("prepared", 0.0)
        self.rng.bit_generator.state = json.loads(state["rng"])
