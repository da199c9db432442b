"""A training run on disk: start or resume, log, save, export, draw. The same call does all of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgld.errors import ModelError, TrainingError
from msgld.nets.note_reader import NoteReader
from msgld.nets.refiner import Refiner
from msgld.progress import Progress
from msgld.training.beginning import NOT_TRAINED, Report, clock
from msgld.training.log import RunLog, say
from msgld.training.network import NetworkTraining
from msgld.training.state import save_state

Part = TypeVar("Part", NoteReader, Refiner)


REPORT_SECONDS = 5.0
"""Between two reports, at most, however slow the steps are; those between two entries of the log have no figures."""


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
        """Train until the time is over.

        Raises:
            TrainingError: no more clips come, too many steps are not finite, or nothing can be written. What was
                learned until then is saved, as far as it can be.
        """
        self.training.prepared += clock() - self.training.pool.since
        with writing(self.out):
            self.log = RunLog(self.out, self.saving.log_steps)
            try:
                self._steps()
            except (KeyboardInterrupt, SystemExit):
                if self.training.made:
                    say(f"stopped after {self.training.number} steps; the same command goes on from there")
                raise
            finally:
                # Also when the user stops the run: the same command goes on from here.
                self._end()

    def _steps(self) -> None:
        saved_at = reported_at = clock()
        for step in self.training:
            figures = {**step.losses, "progress": step.progress, "seconds": step.seconds}
            means = self.log.add(step.number, figures)
            if means is not None:
                means |= self.left_out()
                self.log.write(step.number, means)
            if self.report and (means is not None or clock() - reported_at > REPORT_SECONDS):
                self.report(self._progress(), means or {})
                reported_at = clock()
            if clock() - saved_at > self.saving.save_minutes * 60:
                self.save()
                saved_at = clock()
        if not self.training.made:
            raise TrainingError(f"{NOT_TRAINED}: none of {self.training.number} steps had a finite loss")
        if not self.training.finite():
            raise TrainingError(
                "the weights are not finite any more: see log.jsonl; the last saved state is kept"
            )

    def _end(self) -> None:
        """Save, say what was left out, close the log; the log is closed even if the disk is full."""
        try:
            self.save()
            dropped, clips = self.training.dropped, self.training.pool.troubles.left_out
            if dropped:
                say(f"{dropped} of {self.training.number} steps were left out: their loss was not finite")
            if clips:
                say(f"{clips} clips were left out: they could not be used")
        finally:
            self.log.close()

    def left_out(self) -> dict[str, float]:
        """Steps and clips that were left out so far, for the log; nothing where there are none."""
        counts = {
            "dropped_steps": self.training.dropped,
            "dropped_clips": self.training.pool.troubles.left_out,
        }
        return {name: float(count) for name, count in counts.items() if count}

    def save(self) -> None:
        """Write the state, the averaged weights and a picture: not before the first step, nor what is not finite."""
        if not self.training.made or not self.training.finite():
            return
        # A run that ends because no clips come can still save: it looks at those that are there.
        with self.training.pool.still(), writing(self.out):
            save_state(self.state(), self.out / "state.pt")
            with self.training.average.applied(self.training.network):
                self.export()
                self.draw(self.out / "samples" / f"{self.training.number:07d}.png")

    def about(self) -> dict[str, Any]:
        """How long it has learned, for the info of what it exports."""
        return {"steps": self.training.number, "minutes": round(self.training.elapsed / 60, 1)}

    def _progress(self) -> Progress:
        done, whole = self.training.budget - self.training.left, self.training.budget
        return Progress(round(done), round(whole), unit="s", stage="training", eta=self.training.left)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what goes wrong with the disk into a TrainingError of one line, and leave no unfinished files."""
    try:
        yield
    except OSError as error:
        for path in folder.rglob("*.partial*"):
            with suppress(OSError):
                path.unlink()
        reason = error.strerror or str(error)
        raise TrainingError(f"cannot write to {folder}: {reason}; the last saved state is kept") from error


def trained_on(own: Part | None, fresh: Part) -> Part:
    """The network to train: the model's own, if it is of the fresh one's size."""
    return own if own is not None and own.config == fresh.config else fresh


def described(preset: Any) -> dict[str, Any]:
    """A preset for a model's info."""
    return {key: value for key, value in asdict(preset).items() if key != "expected"}
