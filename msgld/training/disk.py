"""A training run on disk: start or resume, log, save, export, draw. The same call does all of it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgld.allocator import keep_freed_memory
from msgld.errors import ModelError
from msgld.nets.notes import NoteReader
from msgld.nets.refiner import Refiner
from msgld.progress import Progress
from msgld.training.log import RunLog
from msgld.training.network import NetworkTraining
from msgld.training.pool import AnyPool, Pool, PoolConfig, running
from msgld.training.state import load_state, save_state
from msgld.training.timed import Step

Part = TypeVar("Part", NoteReader, Refiner)
Report = Callable[[Progress, dict[str, float]], None]


class RunPreset(Protocol):
    """What every preset says about the run's folder.

    Attributes:
        save_minutes: time between two saves; it also saves at the end, however that comes.
        log_steps: figures are written and reported as means over so many steps.
    """

    @property
    def save_minutes(self) -> float: ...  # noqa: D102

    @property
    def log_steps(self) -> int: ...  # noqa: D102


class Run(ABC):
    """A training and its folder: ``state.pt``, ``log.jsonl``, TensorBoard events, ``samples/`` and what it exports."""

    log: RunLog

    def __init__(
        self, training: NetworkTraining[Any], preset: RunPreset, out: Path, report: Report | None = None
    ) -> None:
        self.training = training
        self.saving = preset
        self.out = out
        self.report = report

    def state(self) -> dict[str, Any]:
        """What is saved to resume from."""
        return self.training.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state` gave; KeyError, RuntimeError or ValueError if it is another run's."""
        self.training.load_state_dict(state)

    @abstractmethod
    def export(self) -> None:
        """Write the network, which now has its averaged weights, for use."""

    @abstractmethod
    def draw(self, path: Path) -> None:
        """Write a picture of what the network, with its averaged weights, can do."""

    def resume(self, state: dict[str, Any] | None) -> None:
        """Go on from a saved state, if there is one; ModelError if it is another run's."""
        if state is None:
            return
        try:
            self.load(state)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self.out / 'state.pt'} is of another preset or source; remove it or choose another folder"
            ) from error

    def go(self) -> None:
        """Train until the time is over."""
        self.log = RunLog(self.out, self.saving.log_steps)
        saved_at = time.monotonic()
        try:
            for step in self.training:
                figures = {**step.losses, "progress": step.progress, "seconds": step.seconds}
                means = self.log.add(step.number, figures)
                if means and self.report:
                    self.report(self._progress(step), means)
                if time.monotonic() - saved_at > self.saving.save_minutes * 60:
                    self.save()
                    saved_at = time.monotonic()
        finally:
            # Also when the user stops the run: the same command goes on from here.
            self.save()
            self.log.close()

    def save(self) -> None:
        """Write the state, the averaged weights and a picture."""
        save_state(self.state(), self.out / "state.pt")
        with self.training.average.applied(self.training.network):
            self.export()
            self.draw(self.out / "samples" / f"{self.training.number:07d}.png")

    def about(self) -> dict[str, Any]:
        """How long it has learned, for the info of what it exports."""
        return {"steps": self.training.number, "minutes": round(self.training.elapsed / 60, 1)}

    def _progress(self, step: Step) -> Progress:
        training = self.training
        left = training.budget - training.elapsed
        return Progress(round(training.elapsed), round(training.budget), unit="s", stage="training", eta=left)


@contextmanager
def begun(
    out: Path, pool_of: Callable[[PoolConfig], AnyPool], config: PoolConfig, seed: int
) -> Iterator[tuple[AnyPool, dict[str, Any] | None]]:
    """A pool that renders while the block lasts, and the state saved in ``out``, None in a new run.

    A resumed run goes on with clips that it has not heard.

    Args:
        pool_of: makes the run's pool.

    Raises:
        ModelError: the state is damaged.
    """
    keep_freed_memory()
    saved = load_state(out / "state.pt")
    clips = saved["clips"] if saved else config.seed + seed * 10**7
    with running(pool_of(replace(config, seed=clips))) as pool:
        yield pool, saved


def wait_for(pool: Pool, clips: int, report: Report | None) -> None:
    """Let the workers render that many clips first."""
    if not pool.config.workers:
        pool.fill()
    needed = min(pool.config.slots, clips)
    for ready in pool.wait(needed):
        if report:
            report(Progress(ready, needed, unit="clips", stage="rendering"), {})


def trained_on(own: Part | None, fresh: Part) -> Part:
    """The network to train: the model's own, if it is of the fresh one's size."""
    return own if own is not None and own.config == fresh.config else fresh


def described(preset: Any) -> dict[str, Any]:
    """A preset for a model's info."""
    return {key: value for key, value in asdict(preset).items() if key != "expected"}
