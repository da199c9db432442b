"""Checks of what is asked for, before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from types import UnionType

from msgld.api.options import Options
from msgld.errors import UsageError
from msgld.music.conditions import Conditions
from msgld.progress import CancelToken
from msgld.ranges import RANGES, Range, shown


def stem_names(names: Sequence[str] | None, stems: tuple[str, ...]) -> tuple[str, ...]:
    """The named stems in the model's order; all for None.

    Raises:
        UsageError: none at all, or one that the model does not know.
    """
    if names is None:
        return stems
    if not isinstance(names, Iterable):
        raise UsageError(f"stems are given by name, such as ['bass', 'drums'], not as {shown(names)}")
    chosen = (names,) if isinstance(names, str) else tuple(names)
    if not chosen:
        raise UsageError(f"name at least one stem of: {', '.join(stems)}")
    check_stems(chosen, stems)
    return tuple(stem for stem in stems if stem in chosen)


def check_stems(names: Iterable[str], stems: tuple[str, ...]) -> None:
    """Raise UsageError where a name is not one of the model's."""
    for name in names:
        if not isinstance(name, str) or name not in stems:
            raise UsageError(f"this model has no stem {shown(name)}; it has: {', '.join(stems)}")


def check_known(known: Mapping[str, object], stems: tuple[str, ...]) -> None:
    """Raise UsageError where known stems are not the model's or leave nothing to be found."""
    check_stems(known, stems)
    if len(known) == len(stems):
        raise UsageError("all stems are known: there is nothing to separate")


def check_two_stems(
    stem: str | None, stems: Sequence[str] | None, residual: bool, known: tuple[str, ...]
) -> None:
    """Raise UsageError where one stem and the rest do not go with what else is asked for."""
    if stem is None:
        return
    check_stems((stem,), known)
    if stems is not None:
        raise UsageError("choose one of stems and two_stems")
    if residual:
        raise UsageError("with two_stems nothing is left over: ask for no residual")


def check_share(name: str, value: float) -> None:
    """Raise UsageError where a value is no number between 0 and 1."""
    Range(0, 1).check(name, value)


def check_seconds(name: str, value: float, longest: float = math.inf) -> None:
    """Raise UsageError where a length or a moment is out of the range of that name, or above ``longest``."""
    allowed = RANGES[name]
    Range(allowed.lowest, min(longest, allowed.highest), unit=allowed.unit).check(name, value)


def check_type(name: str, value: object, kind: type | UnionType, example: str) -> None:
    """Raise UsageError, which shows an example, where an argument is of another type."""
    if not isinstance(value, kind):
        raise UsageError(f"{name} is given as {example}, not as {shown(value)}")


def check_conditions(conditions: object) -> None:
    """Raise UsageError where conditions is of another type."""
    check_type("conditions", conditions, Conditions, "msgld.Conditions(key='Gm', bpm=92)")


def check_given(given: object, name: str = "given") -> None:
    """Raise UsageError where stems with their sounds are no mapping."""
    check_type(name, given, Mapping, "a dict of stems and their sounds, such as {'bass': 'bass.wav'}")


def check_running(options: object, on_progress: object, cancel: object) -> None:
    """Raise UsageError where what all tasks take is of another type."""
    check_type("options", options, Options, f"msgld.Options({_as_arguments(options)})")
    if on_progress is not None and not callable(on_progress):
        raise UsageError(f"on_progress is a function of one msgld.Progress, not {shown(on_progress)}")
    if cancel is not None:
        check_type("cancel", cancel, CancelToken, "msgld.CancelToken()")


def _as_arguments(options: object) -> str:
    """A dict as arguments are written, as far as its names are known."""
    known = {field.name for field in fields(Options)}
    if not isinstance(options, Mapping) or not options or not set(options) <= known:
        return "quality='draft'"
    return ", ".join(f"{name}={shown(value)}" for name, value in options.items())
