"""What the training of every network has: its average, its optimisers, its clips, and a state to resume from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor, nn

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


class NetworkTraining(TimedTraining, Generic[AnyPool]):
    """A run of one network on clips from one kind of pool.

    Args:
        part: the network's name in the state.
        minutes: length of the whole run.
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

    def descend(self, loss: Tensor) -> float:
        """One update of the weights and of their average; the gradient's norm. One that is no number is left out."""
        set_rate(self.optimisers, self.optim.rate * rate_factor(self.number, self.progress, self.optim))
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = clip_gradients(self.network, self.optim)
        if bool(torch.isfinite(norm)):
            for optimiser in self.optimisers:
                optimiser.step()
            self.average.update(self.network)
        return float(norm)

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
            "elapsed": self.elapsed,
            "rng": json.dumps(self.rng.bit_generator.state),
            "clips": self.pool.config.seed + self.pool.written,
            "drawn": int(self.pool.drawn),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`, but for the pool, which the caller makes anew."""
        self.network.load_state_dict(state[self.part])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.number, self.elapsed = state["number"], state["elapsed"]
        self.rng.bit_generator.state = json.loads(state["rng"])


def plain(losses: dict[str, Tensor]) -> dict[str, float]:
    """Losses as numbers for the log."""
    return {name: float(value.detach()) for name, value in losses.items()}
