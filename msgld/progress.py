"""How far a job is, and how to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgld.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """One report on a job.

    Attributes:
        done: in ``unit``; it never falls and ends at ``total``.
        total: in ``unit``.
        unit: of the count, such as ``windows``, ``steps`` or ``seconds``.
        stage: of the work, such as ``separating``.
        eta: seconds still to go at the pace so far; None before anything can be said.
        figures: means of measurements, such as the losses of a training; mostly empty.
    """

    done: float
    total: float
    unit: str
    stage: str
    eta: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def fraction(self) -> float:
        """Between 0 and 1; an empty job is done."""
        return self.done / self.total if self.total else 1.0


OnProgress = Callable[[Progress], None]
"""A callback for reports on progress."""


class CancelToken:
    """A flag by which one thread asks a job in another to stop; the job looks at it between its steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next step. May be called from any thread, also twice."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether a stop was requested."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` if a stop was requested."""
        if self.cancelled:
            raise Cancelled("stopped on request; nothing half-finished was kept")


class Meter:
    """Counts a job's steps for its caller: reports each, estimates the time left, and stops on request.

    Args:
        total: steps of the whole job, in ``unit``.
        unit: as in ``Progress``.
        stage: as in ``Progress``.
        on_progress: called with every report; None for no reports.
        cancel: looked at on every step; None for a job that cannot be stopped.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        total: float,
        unit: str,
        stage: str,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._unit, self._stage = total, unit, stage
        self._on_progress, self._cancel, self._clock = on_progress, cancel, clock
        self._start = clock()
        self._done = 0.0

    def advance(self, steps: float = 1.0, stage: str | None = None) -> None:
        """``steps`` more are done; from here on the job is at ``stage``.

        Raises:
            Cancelled: the caller asked to stop.
        """
        if self._cancel is not None:
            self._cancel.check()
        self._done = min(self._done + steps, self._total)
        self._stage = stage or self._stage
        if self._on_progress is not None:
            self._on_progress(Progress(self._done, self._total, self._unit, self._stage, self._eta()))

    def _eta(self) -> float | None:
        if not self._done:
            return None
        return (self._clock() - self._start) / self._done * (self._total - self._done)


class Stages:
    """Reports of the parts of a job, one after another, as reports of the whole job, in percent.

    Args:
        on_progress: called with every report; None for no reports.
        clock: seconds that only rise.
    """

    def __init__(self, on_progress: OnProgress | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_progress, self._clock = on_progress, clock
        self._start = clock()

    def part(self, first: float, last: float) -> OnProgress | None:
        """What the part from fraction ``first`` to ``last`` of the job reports to."""
        on_progress = self._on_progress
        if on_progress is None:
            return None

        def report(progress: Progress) -> None:
            done = first + (last - first) * progress.fraction
            eta = (self._clock() - self._start) / done * (1 - done) if done else None
            on_progress(Progress(100 * done, 100.0, "percent", progress.stage, eta, progress.figures))

        return report
