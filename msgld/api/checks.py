"""Checks of arguments, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from os import PathLike
from pathlib import Path
from types import UnionType
from typing import Any, cast

from msgld.api.options import Options
from msgld.errors import UsageError
from msgld.music.conditions import Conditions
from msgld.progress import CancelToken
from msgld.ranges import shown


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
    """Raise UsageError where known stems are not the model's or leave nothing to separate."""
    check_given(known, stems, "known")
    if len(known) == len(stems):
        raise UsageError("all stems are known: there is nothing to separate")


def to_make(
    make: Sequence[str] | None, given: Mapping[str, object], stems: tuple[str, ...], stretch: bool
) -> tuple[str, ...]:
    """The stems to make in an arrangement.

    Raises:
        UsageError: none, or one that is given from beginning to end.
    """
    left = tuple(stem for stem in stems if stem not in given)
    if make is None and not left:
        raise UsageError("all stems are given: name those to make anew in make, with start and stop")
    wanted = left if make is None else stem_names(make, stems)
    twice = [stem for stem in wanted if stem in given]
    if twice and not stretch:
        raise UsageError(
            f"{', '.join(twice)}: both given and to be made; leave one out, or give start and stop"
        )
    return wanted


def span(start: float | None, stop: float | None, seconds: float) -> tuple[float, float]:
    """First and last second of a stretch of a piece; UsageError where it ends before it begins."""
    first, last = start or 0.0, seconds if stop is None else min(stop, seconds)
    if first >= last:
        raise UsageError(f"start ({first:g} s) has to lie before stop and the end ({last:g} s)")
    return first, last


def at_least_one(samples: float) -> int:
    """A length in whole samples; UsageError where it is 0."""
    if round(samples) < 1:
        raise UsageError("seconds has to be long enough for one sample")
    return round(samples)


def check_type(name: str, value: object, kind: type | UnionType, example: str) -> None:
    """Raise UsageError, with an example, where an argument has another type."""
    if not isinstance(value, kind):
        raise UsageError(f"{name} is given as {example}, not as {shown(value)}")


def check_conditions(conditions: object) -> None:
    """Raise UsageError where conditions are of another type."""
    check_type("conditions", conditions, Conditions, "msgld.Conditions(key='Gm', bpm=92)")


def check_given(given: Mapping[str, object], stems: tuple[str, ...], name: str = "given") -> None:
    """Raise UsageError where stems with their sounds are no mapping, or not the model's."""
    check_type(name, given, Mapping, "a dict of stems and their sounds, such as {'bass': 'bass.wav'}")
    check_stems(given, stems)


def check_running(options: object, on_progress: object, cancel: object) -> None:
    """Raise UsageError where the arguments that all tasks have are of another type."""
    check_type("options", options, Options, f"msgld.Options({_as_arguments(options)})")
    check_function("on_progress", on_progress, "msgld.Progress")
    if cancel is not None:
        check_type("cancel", cancel, CancelToken, "msgld.CancelToken()")


def check_function(name: str, value: object, takes: str) -> None:
    """Raise UsageError where an argument is neither None nor a function."""
    if value is not None and not callable(value):
        raise UsageError(f"{name} is a function of one {takes}, not {shown(value)}")


def as_path(name: str, value: object) -> Path:
    """A path; UsageError where it is none."""
    check_type(name, value, str | PathLike, "a path")
    return Path(cast("str | PathLike[str]", value))


def as_paths(name: str, values: object) -> tuple[Path, ...]:
    """Paths, or a path alone; UsageError where it is neither."""
    return tuple(as_path(name, value) for value in _several(name, values, str | PathLike, "paths"))


def as_texts(name: str, values: object) -> tuple[str, ...]:
    """Texts, or a text alone; UsageError where it is neither."""
    texts = _several(name, values, str, "texts")
    for text in texts:
        check_type(name, text, str, "texts")
    return texts


def as_names(name: str, values: object) -> tuple[str, ...] | None:
    """Names, or a text with commas between them; None for None. UsageError as :func:`as_texts`."""
    if values is None:
        return None
    return as_texts(name, values.split(",") if isinstance(values, str) else values)


def _several(name: str, values: Any, alone: type | UnionType, example: str) -> tuple[Any, ...]:
    if isinstance(values, alone):
        return (values,)
    check_type(name, values, Iterable, example)
    return tuple(values)


def _as_arguments(options: object) -> str:
    """A dict as arguments are written, as far as its names are known."""
    known = {field.name for field in fields(Options)}
    if not isinstance(options, Mapping) or not options or not set(options) <= known:
        return "quality='draft'"
    return ", ".join(f"{name}={shown(value)}" for name, value in options.items())
