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
    """A run of ``budget`` seconds; ``prepared``, ``elapsed`` and ``number`` are part of what a resumed run needs.

    Attributes:
        prepared: seconds that were spent before the steps, on rendering and the like. elapsed: on steps.
        clock: what the seconds are of. ``time.process_time`` leaves out what other processes take of the machine.
    """

    clock: ClassVar[Callable[[], float]] = staticmethod(time.perf_counter)
    budget: float
    prepared: float = 0.0
    elapsed: float = 0.0
    number: int = 0

    @abstractmethod
    def step(self) -> dict[str, float]:
        """Update the weights once and return the losses."""

    @property
    def progress(self) -> float:
        """Share of the time for steps that is over, 0 to 1."""
        return min(1.0, self.elapsed / max(self.budget - self.prepared, 1e-3))

    @property
    def left(self) -> float:
        """Seconds until the run's end."""
        return max(0.0, self.budget - self.prepared - self.elapsed)

    def __iter__(self) -> Iterator[Step]:
        """Take steps until the time is over, one at least in a run that has none. Saving counts as the run's time."""
        last = TimedTraining.clock()
        while self.left or not self.number:
            losses = self.step()
            now = TimedTraining.clock()
            seconds, last = now - last, now
            self.elapsed += seconds
            self.number += 1
            yield Step(self.number, self.progress, seconds, losses)
