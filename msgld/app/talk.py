"""What is said to the user: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import typer

from msgld.errors import one_line


class Talk:
    """Speaks for one command.

    Args:
        as_json: standard output carries one JSON object a result, so text for people goes to standard error.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(self, line: str) -> None:
        """Print a result for people."""
        typer.echo(one_line(line), err=self.as_json)

    def note(self, line: str) -> None:
        """Say something in passing, on standard error."""
        typer.secho(one_line(line), err=True, dim=True)

    def record(self, **values: Any) -> None:
        """Print one JSON object, on a line of its own, at once; nothing where JSON was not asked for."""
        if self.as_json:
            typer.echo(json.dumps(plain(values), ensure_ascii=False, allow_nan=False))


def complain(message: str) -> None:
    """Say on standard error, in one red line, what went wrong and what to do about it."""
    typer.secho(f"msgld: {one_line(' '.join(message.split()))}", err=True, fg="red")


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
