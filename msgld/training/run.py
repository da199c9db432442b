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
from msgld.errors import ModelError, TrainingError, UsageError
from msgld.progress import OnProgress, Progress
from msgld.runtime import keep_freed_memory
from msgld.training.folder import (
    MODEL,
    STATE,
    check_length,
    check_record,
    load_state,
    of_recipe,
    save_state,
    write_record,
)
from msgld.training.lock import alone
from msgld.training.log import NoLog, RunLog, check_tracker, say, silent
from msgld.training.part import Part
from msgld.training.pool.filling import clock, fitting, wait_for
from msgld.training.pool.pool import Pool
from msgld.training.pool.workers import running
from msgld.training.ranks import Ranks, fair, joined, on_this_machine
from msgld.training.recipe import PoolConfig
from msgld.training.stopping import between_steps
from msgld.training.trainer import Trainer
from msgld.training.validation import Validation, validation_of

REPORT_SECONDS = 5.0
"""Longest time between two reports, however slow the steps are; those between entries of the log have no figures."""

MEASURED = 10
"""Times that a run of steps measures its model, at steps that its length alone decides; others do at every save."""

NOT_TRAINED = "not trained yet"


def run_part(
    part: Part[Any, Any],
    source: Source,
    minutes: float | None = None,
    on_progress: OnProgress | None = None,
    *,
    steps: int | None = None,
    validation: Source | None = None,
    tracker: str | None = None,
) -> Path:
    """Train a part; called again it goes on where it was: a run of minutes with clips that it has not seen.

    A run of steps takes the same ones, on the same clips, however often it was ended between. Each of several
    processes that ``torchrun`` has started calls this; the first one alone writes.

    Args:
        part: with its recipe and folder.
        source: of the clips.
        minutes: length of the whole run; the recipe's by default.
        on_progress: called about every five seconds, and with the losses every ``log_steps`` steps.
        steps: length of the whole run in steps, in place of ``minutes``.
        validation: clips to measure losses on; by default the songs of the source's split ``validation``, if any.
        tracker: ``trackio`` to write the log there as well.

    Returns:
        The model's folder.

    Raises:
        DataError, ModelError: source, model and recipe do not fit, or the state is damaged.
        UsageError: the folder holds another run, or the length is named twice.
        TrainingError: another process is training in the folder, no more clips come, too many steps are not finite,
            nothing can be written, or another process of the run has ended. What was learned until then is saved, as
            far as possible.
    """
    since, out = clock(), part.out
    if minutes and steps:
        raise UsageError("a run has minutes or steps: name one of them")
    check_tracker(tracker)
    budget = minutes or part.recipe.minutes
    part.begin(source)
    keep_freed_memory()
    with joined(part.device) as ranks, _held(out, ranks), _interrupted(out):
        saved = ranks.of_first(_opened(part, source, steps, minutes, ranks) if ranks.first else None)
        with running(_pool(part, source, saved, steps, ranks)) as pool:
            pool.since, pool.spent = since, saved["elapsed"] + saved.get("prepared", 0.0) if saved else 0.0
            first = part.first_clips(saved is not None)
            wait_for(pool, first, on_progress if ranks.first else None, None if steps else budget)
            measured = validation_of(source) if validation is None else validation
            fixed = None if measured is None else Validation(part, measured)
            ranks.wait()
            trainer = part.trainer(pool, budget, saved is not None)
            trainer.steps, trainer.ranks = steps, ranks
            run = Run(trainer, out, on_progress if ranks.first else None, fixed, tracker)
            run.resume(saved)
            run.go()
            ranks.wait()
    return out / MODEL


def _opened(
    part: Part[Any, Any], source: Source, steps: int | None, minutes: float | None, ranks: Ranks
) -> dict[str, Any] | None:
    """Check that the folder is free or holds this run, and begin its record; the saved state, if there is one."""
    about = {**of_recipe(part.name, part.recipe), "stems": source.stems}
    check_record(part.out, **about)
    check_length(part.out, steps, minutes, ranks.count)
    saved = load_state(part.out / STATE)
    write_record(part.out, **about, **({"processes": ranks.count} if steps else {}))
    if saved and steps and saved["number"] >= steps:
        say("this run's steps are taken already: nothing is trained now, more steps go on from here")
    return saved


def _pool(
    part: Part[Any, Any], source: Source, saved: dict[str, Any] | None, steps: int | None, ranks: Ranks
) -> Pool:
    """The pool of one process, still empty: clips that no other process has, and a fair part of the machine."""
    config: PoolConfig = fitting(part.recipe.pool, source)
    workers = config.workers if on_this_machine() == 1 else min(config.workers, max(1, fair() - 1))
    seed = saved["clips"] if saved else config.seed + part.seed * 10**7
    pool: Pool = part.pool(source, replace(config, seed=seed, workers=workers))
    pool.rank, pool.ranks = ranks.rank, ranks.count
    if steps:
        state = saved or {}
        pool.in_step(part.first_clips(False), state.get("drawn", 0), state.get("bad", ()))
    return pool


@contextmanager
def _held(out: Path, ranks: Ranks) -> Iterator[None]:
    """The first process holds the folder; the others say nothing but why they end."""
    if ranks.first:
        with alone(out):
            yield
        return
    with silent():
        yield


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
    """A trainer at its first step, and the folder where it logs, saves and exports, as often as its recipe says.

    Args:
        trainer: with its length, and the run's processes.
        out: the run's folder.
        on_progress: see :func:`run_part`.
        validation: fixed crops to measure losses on.
        tracker: see :func:`run_part`.

    Attributes:
        measured: the last step whose model was measured.
    """

    log: RunLog

    def __init__(
        self,
        trainer: Trainer[Any],
        out: Path,
        on_progress: OnProgress | None = None,
        validation: Validation | None = None,
        tracker: str | None = None,
    ) -> None:
        self.trainer, self.recipe, self.out, self.on_progress = trainer, trainer.recipe, out, on_progress
        self.ranks, self.validation, self.tracker = trainer.ranks, validation, tracker
        self.measured, self._logged = 0, dict[str, Any]()

    def resume(self, state: dict[str, Any] | None) -> None:
        """Go on from a saved state, or begin alike in all processes; ModelError if it is another run's."""
        if state is None:
            state = self.ranks.of_first(self.trainer.state_dict() if self.ranks.first else None)
            if self.ranks.first:
                return
        else:
            self._logged = state.get("log", {})
        try:
            self.trainer.load_state_dict(state)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self.out / STATE} is of another recipe or source; remove it or choose another folder"
            ) from error
        self.measured = state.get("measured", self.trainer.number)

    def go(self) -> None:
        """Train until the run is over, and save; TrainingError as :func:`run_part`."""
        prepared = self.trainer.prepared + clock() - self.trainer.pool.since
        self.trainer.prepared = self.ranks.of_first(prepared)
        with writing(self.out):
            self.log = self._opened_log()
            whole = False
            try:
                with between_steps(lambda: self.trainer.pool.waiting) as self.trainer.stop:
                    self._steps()
                whole = True
            except (KeyboardInterrupt, SystemExit):
                if self.trainer.made:
                    say(f"stopped after {self.trainer.number} steps; the same command goes on from there")
                raise
            finally:
                # Also when the user stops the run: the same command goes on from here.
                self._end(whole)

    def _opened_log(self) -> RunLog:
        if not self.ranks.first:
            return NoLog(self.recipe.log_steps)
        # Cut also where nothing was saved yet: such a run begins again.
        log = RunLog(self.out, self.recipe.log_steps, self.trainer.number, self.tracker)
        if self._logged:
            log.load_state_dict(self._logged)
        return log

    def _steps(self) -> None:
        saved_at, reported_at = self.trainer.elapsed, clock()
        for step in self.trainer:
            figures = {"progress": step.progress, "seconds": step.seconds, "waiting": step.waiting}
            means = self.log.add({**step.losses, **figures})
            if means is not None:
                means |= self._left_out()
                self.log.write(step.number, means)
            if self.on_progress and (means is not None or clock() - reported_at > REPORT_SECONDS):
                self.on_progress(self._progress(means or {}))
                reported_at = clock()
            # Counted by the first process's clock, so all of them save at the same step.
            due = self.trainer.elapsed - saved_at > self.recipe.save_minutes * 60
            if due or self._measures(step.number):
                self.save(measure=self._measures(step.number))
                saved_at = self.trainer.elapsed
        if not self.trainer.made:
            raise TrainingError(f"{NOT_TRAINED}: none of {self.trainer.number} steps had a finite loss")
        if not self.trainer.finite():
            raise TrainingError(
                "the weights are not finite any more: see log.jsonl; the last saved state is kept"
            )

    def _measures(self, number: int) -> bool:
        """Whether the model is measured after that step: a run of minutes does it whenever it saves."""
        steps = self.trainer.steps
        return steps is None or number % -(-steps // MEASURED) == 0

    def _progress(self, figures: dict[str, float]) -> Progress:
        trainer = self.trainer
        if trainer.steps is not None:
            return Progress(trainer.number, trainer.steps, "steps", "training", trainer.left, figures)
        left, whole = trainer.left, trainer.budget
        return Progress(round(whole - left), round(whole), "s", "training", left, figures)

    def _end(self, whole: bool) -> None:
        """Save, report steps and clips that were left out, and close the log, even if the disk is full.

        Args:
            whole: whether the run is over, in all processes; else this one saves what it has.
        """
        try:
            self.save(measure=whole and self.measured != self.trainer.number, together=whole)
            dropped, clips = self.trainer.dropped, self.trainer.pool.left_out
            if dropped:
                say(f"{dropped} of {self.trainer.number} steps were left out: their loss was not finite")
            if clips:
                say(f"{clips} clips were left out: they could not be used")
        finally:
            self.log.close()

    def _left_out(self) -> dict[str, float]:
        """Steps and clips that were left out so far, for the log; nothing where there are none."""
        counts = {"dropped_steps": self.trainer.dropped, "dropped_clips": self.trainer.pool.left_out}
        return {name: float(count) for name, count in counts.items() if count}

    def save(self, measure: bool = True, together: bool = True) -> None:
        """Write the state, the averaged weights and a picture, once there was a step and all weights are finite.

        Args:
            measure: also measure the losses of validation, and write all measurements into the log.
            together: whether all processes are here.
        """
        trainer = self.trainer
        if not trainer.made or not trainer.finite():
            return
        if together:
            self.ranks.check_same(list(trainer.network.parameters()))
        with trainer.average.applied(trainer.network):
            figures = self.validation.measure(trainer) if self.validation and measure and together else {}
        self.measured = trainer.number if measure else self.measured
        if self.ranks.first:
            self._write(figures, measure)
        if together:
            self.ranks.wait()

    def _write(self, figures: dict[str, float], measure: bool) -> None:
        """Write what one process writes; the state comes last of what a resumed run would write again."""
        trainer = self.trainer
        about = {"steps": trainer.number, "minutes": round(trainer.elapsed / 60, 1)}
        # A run that ends because no clips come can still save: the picture shows a clip that is there.
        with trainer.pool.still(), writing(self.out):
            if not measure:
                self._write_state()
            with trainer.average.applied(trainer.network):
                figures = {**trainer.export(self.out, about), **figures}
                trainer.draw(self.out / "samples" / f"{trainer.number:07d}.png")
            if measure:
                if figures:
                    self.log.write(trainer.number, figures)
                self._write_state()

    def _write_state(self) -> None:
        own = {"log": self.log.state_dict(), "measured": self.measured}
        save_state({**self.trainer.state_dict(), **own}, self.out / STATE)


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
