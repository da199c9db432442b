"""Checks of what is asked for, before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgld.errors import UsageError


def stem_names(names: Sequence[str] | None, stems: tuple[str, ...]) -> tuple[str, ...]:
    """The named stems in the model's order; all for None.

    Raises:
        UsageError: none at all, or one that the model does not know.
    """
    if names is None:
        return stems
    chosen = (names,) if isinstance(names, str) else tuple(names)
    if not chosen:
        raise UsageError(f"name at least one stem of: {', '.join(stems)}")
    check_stems(chosen, stems)
    return tuple(stem for stem in stems if stem in chosen)


def check_stems(names: Iterable[str], stems: tuple[str, ...]) -> None:
    """Raise UsageError where a name is not one of the model's."""
    for name in names:
        if name not in stems:
            raise UsageError(f"this model has no stem {name!r}; it has: {', '.join(stems)}")


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
    """Raise UsageError where a value does not lie between 0 and 1."""
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise UsageError(f"{name} has to lie between 0 and 1, not {value!r}")


def check_seconds(name: str, value: float, longest: float = math.inf) -> None:
    """Raise UsageError where a length or a moment is not a number of 0 or more."""
    if not (math.isfinite(value) and 0 <= value <= longest):
        upper = f" and at most {longest:g}" if longest < math.inf else ""
        raise UsageError(f"{name} has to be 0 or more{upper} seconds, not {value!r}")
