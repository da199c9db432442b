"""The loop that every training run shares: steps until the time is over, with a clock that can be resumed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Step:
    """One step's outcome: its number, the share of the run that is over, and the losses."""

    number: int
    progress: float
    seconds: float
    losses: dict[str, float]


class TimedTraining(ABC):
    """A run of ``budget`` seconds of steps; ``elapsed`` and ``number`` are part of what a resumed run needs.

    Attributes:
        clock: what the seconds are of. ``time.process_time`` leaves out what other processes take of the machine.
    """

    clock: ClassVar[Callable[[], float]] = staticmethod(time.perf_counter)
    budget: float
    elapsed: float = 0.0
    number: int = 0

    @abstractmethod
    def step(self) -> dict[str, float]:
        """Update the weights once and return the losses."""

    @property
    def progress(self) -> float:
        """Share of the run's time that is over, 0 to 1."""
        return min(1.0, self.elapsed / self.budget)

    def __iter__(self) -> Iterator[Step]:
        """Take steps until the time is over."""
        while self.elapsed < self.budget:
            started = TimedTraining.clock()
            losses = self.step()
            seconds = TimedTraining.clock() - started
            self.elapsed += seconds
            self.number += 1
            yield Step(self.number, self.progress, seconds, losses)
