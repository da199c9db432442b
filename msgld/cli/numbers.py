"""Options that take numbers: each states its range and refuses the rest."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import typer

from msgld.cli.console import Talk
from msgld.errors import UsageError
from msgld.ranges import RANGES, check, shown


def number(name: str, *flags: str, help: str, panel: str | None = None, metavar: str | None = None) -> Any:
    """An option that takes a number, in the range of the argument of that name, which its help states.

    Args:
        flags: such as ``--steps``. help: ``{range}`` in it becomes the range; else the range comes last.
        panel: section of the help.
    """
    stated = help.format(range=RANGES[name]) if "{range}" in help else f"{help} [{RANGES[name]}]"
    return typer.Option(*flags, callback=within(name), help=stated, rich_help_panel=panel, metavar=metavar)


def within(name: str) -> Callable[[Any], Any]:
    """A callback that refuses a number outside of the range of the argument of that name."""

    def checked(value: Any) -> Any:
        if value is None:
            return None
        try:
            return check(name, value)
        except UsageError as error:
            raise typer.BadParameter(str(error).removeprefix(f"{name} ")) from error

    return checked


def threads(value: int | None) -> int | None:
    """As many threads as asked for, but no more than there are cores; fewer are noted."""
    if value is None or value < 1:
        return within("jobs")(value)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if value > cores:
        Talk().note(f"--jobs is {cores}, the number of cores, instead of {shown(value)}")
    return min(value, cores)
