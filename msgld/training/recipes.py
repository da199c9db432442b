"""Finding a recipe by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgld.errors import UsageError

Recipe = TypeVar("Recipe")


def named(recipes: Mapping[str, Recipe], name: str, kind: str = "preset") -> Recipe:
    """The recipe of that name; UsageError names the others. ``kind`` is what they are called there."""
    if name not in recipes:
        raise UsageError(f"no {kind} named {name!r}; there are: {', '.join(recipes)}")
    return recipes[name]
