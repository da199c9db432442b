"""What is said to the user: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from msgld.errors import MsgldError, one_line


class Unwritten(MsgldError):
    """Standard output takes nothing, as on a full disk; what was made is saved all the same."""


class Talk:
    """Speaks for one command.

    Args:
        as_json: standard output carries one JSON object a result, so text for people goes to standard error.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(self, line: str, **style: Any) -> None:
        """Print a result for people, in a style of :func:`typer.style`. Raises Unwritten where that fails."""
        if self.as_json:
            _to_stderr(one_line(line), **style)
        else:
            _to_stdout(one_line(line), **style)

    def note(self, line: str) -> None:
        """Say something in passing, on standard error."""
        _to_stderr(one_line(line), dim=True)

    def record(self, **values: Any) -> None:
        """Print one JSON object, on a line of its own, at once; nothing where JSON was not asked for.

        Raises:
            Unwritten: that fails.
        """
        if self.as_json:
            _to_stdout(json.dumps(plain(values), ensure_ascii=False, allow_nan=False))


def complain(message: str) -> None:
    """Say on standard error, in one red line, what went wrong and what to do about it."""
    _to_stderr(f"msgld: {one_line(' '.join(message.split()))}", fg="red")


def _to_stdout(line: str, **style: Any) -> None:
    try:
        typer.secho(line, **style)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise Unwritten(
            f"cannot write to standard output ({reason}); results made so far are kept"
        ) from error


def _to_stderr(line: str, **style: Any) -> None:
    """Print on standard error. Where that is full there is no other place to say so, and the work goes on."""
    with still_writing():
        typer.secho(line, err=True, **style)


@contextmanager
def still_writing() -> Iterator[None]:
    """Pass over errors of writing, but not over a reader that has left."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass


def plain(value: Any) -> Any:
    """The value as JSON knows it: paths as text, numbers that are none as null, NumPy's as Python's."""
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
    """A path as short as it can be said from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
