"""What the training of every network has: its average, its optimisers, its clips, and a state to resume from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor, nn

from msgld.errors import TrainingError
from msgld.training.optim import (
    Average,
    OptimConfig,
    build_optimisers,
    clip_gradients,
    rate_factor,
    set_rate,
)
from msgld.training.pool import AnyPool
from msgld.training.timed import TimedTraining

UNCLIPPED = OptimConfig(clip=None)

DROPPED_IN_A_ROW = 50
"""Steps in a row without a finite loss and gradient, after which a run stops."""

DROPPED_SHARE, DROPPED_OF = 0.25, 200
"""Share of such steps with which a run stops, once it has taken this many."""


class NetworkTraining(TimedTraining, Generic[AnyPool]):
    """A run of one network on clips from one kind of pool.

    Args:
        part: the network's name in the state.
        minutes: length of the whole run.

    Attributes:
        dropped: steps without a finite loss and gradient, which changed nothing; ``row`` of them are the last ones.
    """

    def __init__(self, part: str, network: nn.Module, optim: OptimConfig, pool: AnyPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        self.part = part
        self.network = network.to(device)
        self.optim = optim
        self.pool = pool
        if device.type != "cpu":
            pool.hold(device)
        self.budget = minutes * 60
        self.device = device
        self.average = Average(self.network, optim.ema)
        self.optimisers = build_optimisers(self.network, optim)
        self.rng = np.random.default_rng(seed)
        self.dropped = self.row = 0

    def descend(self, loss: Tensor) -> float:
        """One update of the weights and of their average; the gradient's norm. A step that is not finite is dropped.

        Raises:
            TrainingError: too many steps are.
        """
        set_rate(self.optimisers, self.optim.rate * rate_factor(self.number, self.progress, self.optim))
        norm, finite = self.update(self.network, self.optimisers, loss, self.optim)
        if finite:
            self.average.update(self.network)
        self._count(finite)
        return norm

    @staticmethod
    def update(
        network: nn.Module,
        optimisers: list[torch.optim.Optimizer],
        loss: Tensor,
        optim: OptimConfig = UNCLIPPED,
    ) -> tuple[float, bool]:
        """Update a network if the loss and its gradient are finite; the gradient's norm, and whether they are."""
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = clip_gradients(network, optim)
        finite = bool(torch.isfinite(norm) & torch.isfinite(loss.detach()))
        if finite:
            for optimiser in optimisers:
                optimiser.step()
        return float(norm), finite

    def _count(self, finite: bool) -> None:
        """Count a step that is dropped; too many end the run."""
        if finite:
            self.row = 0
            return
        self.dropped, self.row = self.dropped + 1, self.row + 1
        often = self.number >= DROPPED_OF and self.dropped > DROPPED_SHARE * self.number
        if self.row >= DROPPED_IN_A_ROW or often:
            raise TrainingError(
                f"{self.dropped} of {self.number + 1} steps had no finite loss, {self.row} of them in a row: "
                "the data or the preset's learning rate do not fit; the last good state is kept"
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
    def aside(self, seed: int = 0) -> Iterator[None]:
        """Other random numbers while the block lasts, always the same, so that looking does not change the run."""
        own, self.rng = self.rng, np.random.default_rng(seed)
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
        """Inverse of :meth:`state_dict`, but for the pool, which the caller makes anew."""
        self.network.load_state_dict(state[self.part])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.number, self.elapsed = state["number"], state["elapsed"]
        self.dropped, self.prepared = state.get("dropped", 0), state.get("prepared", 0.0)
        self.rng.bit_generator.state = json.loads(state["rng"])


def plain(losses: dict[str, Tensor]) -> dict[str, float]:
    """Losses as numbers for the log."""
    return {name: float(value.detach()) for name, value in losses.items()}
