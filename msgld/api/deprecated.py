"""Names of version 0.1 that still work in 0.2, with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def warn_renamed(old: str, new: str, depth: int = 3) -> None:
    """Warn the caller, ``depth`` frames up, that a name has changed."""
    warnings.warn(f"{old} is now {new}; the old name goes in msgld 0.3", FutureWarning, stacklevel=depth)


def renamed_arguments(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: keyword arguments that are still accepted under their old names, old -> new."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> R:
            for old in names.keys() & kwargs.keys():
                if names[old] in kwargs:
                    raise TypeError(f"{old} is the old name of {names[old]}: give one of them")
                warn_renamed(old, names[old])
                kwargs[names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return called

    return decorated
