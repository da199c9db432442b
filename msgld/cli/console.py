"""Output: results on standard output; remarks, warnings, errors and progress on standard error."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.errors import MsgldError, one_line
from msgld.progress import OnProgress, Progress

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

QUIET_SECONDS = 10.0
"""Time between two lines of progress where there is no terminal."""


class Unwritten(MsgldError):
    """Standard output cannot be written to, as on a full disk; results are saved nevertheless."""


class Console:
    """Prints the results and remarks of one command.

    Args:
        as_json: standard output carries one JSON object a result, so text for people goes to standard error.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(self, *lines: str, **style: Any) -> None:
        """Print results for people, in a style of :func:`typer.style`. Raises Unwritten where that fails."""
        for line in lines:
            (_to_stderr if self.as_json else _to_stdout)(one_line(line), **style)

    def remark(self, *lines: str) -> None:
        """Print remarks on standard error."""
        for line in lines:
            _to_stderr(one_line(line), dim=True)

    def record(self, **values: Any) -> None:
        """Print one JSON object on a line of its own, at once; nothing without ``as_json``.

        Raises:
            Unwritten: that fails.
        """
        if self.as_json:
            _to_stdout(json.dumps(plain(values), ensure_ascii=False, allow_nan=False))

    def complain(self, message: str) -> None:
        """Print an error and its remedy."""
        complain(message)

    def track(self, label: str) -> AbstractContextManager[OnProgress]:
        """Show progress, see :func:`track`."""
        return track(label)


class Captured(Console):
    """Keeps what it would print, for a console in another process.

    Attributes:
        calls: name of the method, its lines and its named values, in order.
    """

    def __init__(self) -> None:
        super().__init__(as_json=True)
        self.calls: list[tuple[str, tuple[str, ...], dict[str, Any]]] = []

    def say(self, *lines: str, **style: Any) -> None:
        """Keep results."""
        self.calls.append(("say", lines, style))

    def remark(self, *lines: str) -> None:
        """Keep remarks."""
        self.calls.append(("remark", lines, {}))

    def record(self, **values: Any) -> None:
        """Keep an object."""
        self.calls.append(("record", (), plain(values)))

    def complain(self, message: str) -> None:
        """Keep an error."""
        self.calls.append(("complain", (message,), {}))

    def track(self, label: str) -> AbstractContextManager[OnProgress]:
        """Progress is not kept."""
        return nullcontext(lambda progress: None)


def warn(message: str) -> None:
    """Print a warning on standard error, in one yellow line."""
    _to_stderr(f"msgld: {one_line(message)}", fg="yellow")


def complain(message: str) -> None:
    """Print an error and its remedy on standard error, in one red line."""
    _to_stderr(f"msgld: {one_line(' '.join(message.split()))}", fg="red")


def _to_stdout(line: str, **style: Any) -> None:
    import typer

    try:
        typer.secho(line, **style)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise Unwritten(f"cannot write to standard output ({reason}); all results so far are kept") from error


def _to_stderr(line: str, **style: Any) -> None:
    """Print on standard error. Where that is full there is no other place to say so, and the work goes on."""
    import typer

    with _still_writing():
        typer.secho(line, err=True, **style)


@contextmanager
def _still_writing() -> Iterator[None]:
    """Pass over errors of writing, but not over a reader that has left."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass


def plain(value: Any) -> Any:
    """The value as JSON knows it: paths as text, NaN and infinity as null, NumPy's scalars as Python's."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return str(value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not (abs(value) < float("inf")):
        return None
    return value


def shown(path: Path) -> str:
    """The path, relative to the working directory if it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows as lines of aligned columns, under the names of their keys."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return ["  ".join(_aligned(text, width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in cells]  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _aligned(text: str, width: int) -> str:
    number = text.lstrip("+-").replace(",", "").replace(".", "", 1).isdigit()
    return text.rjust(width) if number else text.ljust(width)


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
    label: str, *, console: RichConsole | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[OnProgress]:
    """Show progress: ``with track("song.mp3") as on_progress: ...``.

    Args:
        label: the start of the line.
        console: where to show it; None is standard error. A terminal gets a bar with the time left; a log gets a
            line when a stage begins, every 10 s, and at the end.
        clock: monotonic time in seconds.
    """
    from rich.console import Console as RichConsole

    console, label = console or RichConsole(stderr=True), one_line(label)
    if console.is_terminal:
        with _bar(label, console) as on_progress:
            yield on_progress
    else:
        yield _lines(label, console, clock)


@contextmanager
def _bar(label: str, console: RichConsole) -> Iterator[OnProgress]:
    from rich import progress as rich

    texts = (rich.TextColumn(text, markup=False) for text in ("{task.fields[label]}", "{task.description}"))
    left = rich.TextColumn("{task.fields[left]}", markup=False)
    columns = (*texts, rich.BarColumn(), rich.TaskProgressColumn(), left)
    # What is printed on the terminal meanwhile goes above the bar; standard output that goes elsewhere stays there.
    with rich.Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=None, label=label, left="")

        def show(report: Progress) -> None:
            left = f"{spoken(report.eta)} left" if report.done < report.total else ""
            bar.update(task, completed=report.done, total=report.total, description=report.stage, left=left)

        yield show


def _lines(label: str, console: RichConsole, clock: Callable[[], float]) -> OnProgress:
    """Plain lines, few of them: for logs and pipes."""
    stage, last, ended = "", 0.0, False

    def show(report: Progress) -> None:
        nonlocal stage, last, ended
        now, ends = clock(), report.done >= report.total
        if not (now - last >= QUIET_SECONDS or report.stage != stage or (ends and not ended)):
            return
        stage, last, ended = report.stage, now, ends
        left = "" if ends else f", {spoken(report.eta)} left"
        with _still_writing():
            line = f"{label}: {report.stage} {report.fraction:.0%}{left}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    return show
