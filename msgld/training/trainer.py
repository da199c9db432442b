"""A network in training: its steps and their clock, its average and optimisers, and a state to resume from."""

from __future__ import annotations

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
from msgld.training.ranks import ALONE, Ranks
from msgld.training.recipe import AnyRecipe
from msgld.training.stopping import Stop

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
        waiting: fraction of it in which it waited for clips, took them to the device, or cut crops out of them.
        losses: by name, and the norm of the gradient; means over the run's processes.
    """

    number: int
    progress: float
    seconds: float
    waiting: float
    losses: dict[str, float]


class Trainer(ABC, Generic[AnyPool]):
    """Trains one network on clips from a pool; iterating over it takes steps until the run is over.

    Args:
        part: the network's name in the state.
        network: moved to the device.
        recipe: its optimiser is used here.
        pool: where clips come from.
        minutes: length of the whole run, unless ``steps`` is set.
        device: where to train.
        seed: of the batches.

    Attributes:
        steps: length of the whole run in steps; None for a run of minutes.
        ranks: the run's processes.
        stop: whether the user wants to end the run.
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
    steps: int | None = None
    ranks: Ranks = ALONE

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
        self.seed, self.rng, self.stop = seed, np.random.default_rng(seed), Stop()
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
        losses = self._batch_losses(means)
        norm, finite = self.update(self.network, self.optimisers, losses, self.optim.clip, self.ranks)
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
        """Fraction of the steps, or of the time for them, that is over, 0 to 1."""
        if self.steps is not None:
            return min(1.0, self.number / self.steps)
        return min(1.0, self.elapsed / max(self.budget - self.prepared, 1e-3))

    @property
    def left(self) -> float:
        """Seconds until the run's end; in a run of steps at the pace so far."""
        if self.steps is not None:
            return max(0, self.steps - self.number) * self.elapsed / max(1, self.number)
        return max(0.0, self.budget - self.prepared - self.elapsed)

    @property
    def over(self) -> bool:
        """Whether all steps are taken, or the time is over; a run has one step at least."""
        if self.steps is not None:
            return self.number >= self.steps
        return bool(self.number) and not self.left

    def __iter__(self) -> Iterator[Step]:
        """Take steps until the run is over, or the user wants to stop. Saving counts as the run's time.

        The random numbers of a step depend on the seed, its number and the process alone.
        """
        last = Trainer.clock()
        while not self.over:
            self.rng = np.random.default_rng([self.seed, self.ranks.rank, self.number])
            waited, losses = self.pool.waited, self._whole_step()
            now = Trainer.clock()
            own, last = now - last, now
            waiting = min(1.0, (self.pool.waited - waited) / max(own, 1e-9))
            seconds, stops, waiting, losses = self._agreed(own, waiting, losses)
            self.elapsed += seconds
            self.number += 1
            yield Step(self.number, self.progress, seconds, waiting, losses)
            if stops or (self.stop.wanted and self.ranks.count == 1):
                self.stop.end()

    def _whole_step(self) -> dict[str, float]:
        """A step; if it fails, the pool counts as if it had not begun."""
        drawn = int(self.pool.drawn)
        try:
            return self.step()
        except BaseException:
            if self.pool.lockstep is not None:
                self.pool.drawn.fill_(drawn)
            raise

    def _agreed(
        self, seconds: float, waiting: float, losses: dict[str, float]
    ) -> tuple[float, bool, float, dict[str, float]]:
        """Duration of a step by the first process's clock, whether a process wants to stop, and means over all."""
        own = [seconds if self.ranks.first else 0.0, bool(self.stop.wanted), waiting, *losses.values()]
        seconds, stops, *sums = self.ranks.total(own)
        waiting, *means = (value / self.ranks.count for value in sums)
        return seconds, stops > 0, waiting, dict(zip(losses, means, strict=True))

    @staticmethod
    def update(
        network: nn.Module,
        optimisers: list[torch.optim.Optimizer],
        losses: Iterable[Tensor],
        clip: float | None = None,
        ranks: Ranks = ALONE,
    ) -> tuple[float, bool]:
        """Update a network by the gradient of a sum if that and its terms are finite, in all of the run's processes.

        Args:
            losses: the terms. Each is computed, and gives its part of the gradient, before the next.
            clip: largest norm of the gradient; None does not clip.
            ranks: processes whose gradients are averaged.

        Returns:
            The gradient's norm before it is clipped, and whether all is finite.
        """
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        finite = True
        for loss in losses:
            loss.backward()
            finite &= bool(torch.isfinite(loss.detach()))
        finite = ranks.average_gradients(list(network.parameters()), finite)
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

    @contextmanager
    def elsewhere(self, pool: AnyPool, recipe: AnyRecipe) -> Iterator[None]:
        """Another pool, which is drawn from as it is, another recipe and other random numbers while the block lasts."""
        own = self.pool, self.recipe
        self.pool, self.recipe = pool, recipe
        try:
            with self.aside(), pool.still():
                yield
        finally:
            self.pool, self.recipe = own

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
            "row": self.row,
            "elapsed": self.elapsed,
            "prepared": self.prepared,
            "clips": self.pool.reached,
            "drawn": int(self.pool.drawn),
            "bad": [] if self.pool.lockstep is None else list(self.pool.lockstep.bad),
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
        self.row = state.get("row", 0)
