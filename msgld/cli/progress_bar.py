"""Progress on the terminal: a bar, or a line now and then where nobody is watching."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
from rich.progress import Progress as RichProgress

from msgld.cli.console import still_writing
from msgld.errors import one_line
from msgld.progress import OnProgress, Progress

QUIET_SECONDS = 10.0


def spoken(seconds: float | None) -> str:
    """A length of time for people: ``8 s``, ``2:05 min``, ``1:02:09 h``; ``?`` for None."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02} h"
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"


@contextmanager
def track(
    label: str, *, console: Console | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[OnProgress]:
    """Show what the yielded callback is told: ``with track("song.mp3") as on_progress: ...``.

    Args:
        label: what is worked on; the start of the line.
        console: where to show it; None is standard error. On a terminal a bar with the time left; elsewhere a
            line when a stage begins, every 10 s, and at the end.
        clock: seconds that only rise.
    """
    console, label = console or Console(stderr=True), one_line(label)
    if console.is_terminal:
        with _bar(label, console) as on_progress:
            yield on_progress
    else:
        yield _Lines(label, console, clock).show


@contextmanager
def _bar(label: str, console: Console) -> Iterator[OnProgress]:
    columns = (
        TextColumn("{task.fields[label]}", markup=False),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with RichProgress(*columns, console=console) as bar:
        task: TaskID = bar.add_task("", total=None, label=label, left="")

        def show(report: Progress) -> None:
            left = f"{spoken(report.eta)} left" if report.done < report.total else ""
            bar.update(task, completed=report.done, total=report.total, description=report.stage, left=left)

        yield show


class _Lines:
    """Plain lines, few of them: for logs and pipes."""

    def __init__(self, label: str, console: Console, clock: Callable[[], float]) -> None:
        self._label, self._console, self._clock = label, console, clock
        self._stage: str | None = None
        self._last = 0.0
        self._ended = False

    def show(self, report: Progress) -> None:
        now = self._clock()
        due = now - self._last >= QUIET_SECONDS
        ends = report.done >= report.total and not self._ended
        if not (due or report.stage != self._stage or ends):
            return
        self._stage, self._last, self._ended = report.stage, now, report.done >= report.total
        left = f", {spoken(report.eta)} left" if report.done < report.total else ""
        line = f"{self._label}: {report.stage} {report.fraction:.0%}{left}"
        with still_writing():
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
