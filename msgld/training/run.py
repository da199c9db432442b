"""The one training run: its folder is locked, its state read, its clips rendered, its steps logged and saved.

The same call starts a run and resumes it. A folder holds ``state.pt``, ``run.json``, ``log.jsonl``, TensorBoard
events, pictures in ``samples/`` and the model in ``model/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgld.data.source import Source
from msgld.errors import ModelError, TrainingError
from msgld.progress import OnProgress, Progress
from msgld.runtime import keep_freed_memory
from msgld.training.folder import MODEL, STATE, check_record, load_state, of_recipe, save_state, write_record
from msgld.training.lock import alone
from msgld.training.log import RunLog, say
from msgld.training.part import Part
from msgld.training.pool.filling import clock, fitting, wait_for
from msgld.training.pool.workers import running
from msgld.training.trainer import Trainer

REPORT_SECONDS = 5.0
"""Longest time between two reports, however slow the steps are; those between entries of the log have no figures."""

NOT_TRAINED = "not trained yet"


def run_part(
    part: Part[Any, Any], source: Source, minutes: float | None = None, on_progress: OnProgress | None = None
) -> Path:
    """Train a part; called again it goes on where it was, with clips that it has not seen.

    Args:
        part: with its recipe and folder.
        source: of the clips.
        minutes: length of the whole run; the recipe's by default.
        on_progress: called about every five seconds, and with the losses every ``log_steps`` steps.

    Returns:
        The model's folder.

    Raises:
        DataError, ModelError: source, model and recipe do not fit, or the state is damaged.
        UsageError: the folder holds another run.
        TrainingError: another process is training in the folder, no more clips come, too many steps are not finite, or
            nothing can be written. What was learned until then is saved, as far as possible.
    """
    since, out, minutes = clock(), part.out, minutes or part.recipe.minutes
    part.begin(source)
    keep_freed_memory()
    about = {**of_recipe(part.name, part.recipe), "stems": source.stems}
    with alone(out), _interrupted(out):
        check_record(out, **about)
        saved = load_state(out / STATE)
        write_record(out, **about)
        config = fitting(part.recipe.pool, source)
        config = replace(config, seed=saved["clips"] if saved else config.seed + part.seed * 10**7)
        with running(part.pool(source, config)) as pool:
            pool.since, pool.spent = since, saved["elapsed"] + saved.get("prepared", 0.0) if saved else 0.0
            wait_for(pool, part.first_clips(saved is not None), on_progress, minutes)
            run = Run(part.trainer(pool, minutes, saved is not None), out, on_progress)
            run.resume(saved)
            run.go()
    return out / MODEL


@contextmanager
def _interrupted(out: Path) -> Iterator[None]:
    """Say so if the user stops the run before its first step."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if not (out / STATE).exists():
            say(f"{NOT_TRAINED}: stopped before the first step; the same command begins again")
        raise


class Run:
    """A trainer at its first step, and the folder where it logs, saves and exports, as often as its recipe says."""

    log: RunLog

    def __init__(self, trainer: Trainer[Any], out: Path, on_progress: OnProgress | None = None) -> None:
        self.trainer, self.recipe, self.out, self.on_progress = trainer, trainer.recipe, out, on_progress

    def resume(self, state: dict[str, Any] | None) -> None:
        """Go on from a saved state, if there is one; ModelError if it is another run's."""
        if state is None:
            return
        try:
            self.trainer.load_state_dict(state)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self.out / STATE} is of another recipe or source; remove it or choose another folder"
            ) from error

    def go(self) -> None:
        """Train until the time is over, and save; TrainingError as :func:`run_part`."""
        self.trainer.prepared += clock() - self.trainer.pool.since
        with writing(self.out):
            self.log = RunLog(self.out, self.recipe.log_steps)
            try:
                self._steps()
            except (KeyboardInterrupt, SystemExit):
                if self.trainer.made:
                    say(f"stopped after {self.trainer.number} steps; the same command goes on from there")
                raise
            finally:
                # Also when the user stops the run: the same command goes on from here.
                self._end()

    def _steps(self) -> None:
        saved_at = reported_at = clock()
        for step in self.trainer:
            means = self.log.add({**step.losses, "progress": step.progress, "seconds": step.seconds})
            if means is not None:
                means |= self._left_out()
                self.log.write(step.number, means)
            if self.on_progress and (means is not None or clock() - reported_at > REPORT_SECONDS):
                left, whole = self.trainer.left, self.trainer.budget
                self.on_progress(
                    Progress(round(whole - left), round(whole), "s", "training", left, means or {})
                )
                reported_at = clock()
            if clock() - saved_at > self.recipe.save_minutes * 60:
                self.save()
                saved_at = clock()
        if not self.trainer.made:
            raise TrainingError(f"{NOT_TRAINED}: none of {self.trainer.number} steps had a finite loss")
        if not self.trainer.finite():
            raise TrainingError(
                "the weights are not finite any more: see log.jsonl; the last saved state is kept"
            )

    def _end(self) -> None:
        """Save, report steps and clips that were left out, and close the log, even if the disk is full."""
        try:
            self.save()
            dropped, clips = self.trainer.dropped, self.trainer.pool.troubles.left_out
            if dropped:
                say(f"{dropped} of {self.trainer.number} steps were left out: their loss was not finite")
            if clips:
                say(f"{clips} clips were left out: they could not be used")
        finally:
            self.log.close()

    def _left_out(self) -> dict[str, float]:
        """Steps and clips that were left out so far, for the log; nothing where there are none."""
        clips = self.trainer.pool.troubles.left_out
        counts = {"dropped_steps": self.trainer.dropped, "dropped_clips": clips}
        return {name: float(count) for name, count in counts.items() if count}

    def save(self) -> None:
        """Write the state, the averaged weights and a picture, once there was a step and all weights are finite."""
        trainer = self.trainer
        if not trainer.made or not trainer.finite():
            return
        about = {"steps": trainer.number, "minutes": round(trainer.elapsed / 60, 1)}
        # A run that ends because no clips come can still save: the picture shows a clip that is there.
        with trainer.pool.still(), writing(self.out):
            save_state(trainer.state_dict(), self.out / STATE)
            with trainer.average.applied(trainer.network):
                measured = trainer.export(self.out, about)
                if measured:
                    self.log.write(trainer.number, measured)
                trainer.draw(self.out / "samples" / f"{trainer.number:07d}.png")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn an error of the disk into a TrainingError of one line, and remove unfinished files."""
    try:
        yield
    except OSError as error:
        for path in folder.rglob("*.partial*"):
            with suppress(OSError):
                path.unlink()
        reason = error.strerror or str(error)
        raise TrainingError(f"cannot write to {folder}: {reason}; the last saved state is kept") from error
