"""Subsets of a model's stems, and their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from msgld.errors import UsageError
from msgld.ranges import shown

Subset = tuple[str, ...]

USUAL: tuple[Subset, ...] = (("bass",), ("drums",), ("piano",), ("guitar", "piano"))
"""The default subsets."""


def proper_subsets(stems: Sequence[str]) -> list[Subset]:
    """Every subset that leaves a stem to be given, the small ones first: 14 of four stems, 62 of six."""
    return [chosen for size in range(1, len(stems)) for chosen in combinations(stems, size)]


def usual_subsets(stems: Sequence[str]) -> list[Subset]:
    """Those of ``USUAL`` that are made of these stems; each stem alone where there are none."""
    return [one for one in USUAL if set(one) < set(stems)] or [(stem,) for stem in stems]


def named_subsets(subsets: Any, stems: Sequence[str]) -> list[Subset]:
    """Subsets as a user gives them, each in the order of the stems, and once.

    Args:
        subsets: ``all``, text such as ``guitar+piano,bass``, or a sequence of subsets, each its stems or text.
        stems: of the model.

    Raises:
        UsageError: no subset, a stem that the model lacks, all stems at once, or a value of another type.
    """
    if isinstance(subsets, str):
        if subsets.strip().lower() == "all":
            return proper_subsets(stems)
        subsets = [part for part in subsets.split(",") if part.strip()]
        if not subsets:
            raise UsageError("name subsets of stems, such as guitar+piano,bass, or all")
    found = []
    for subset in subsets if isinstance(subsets, Iterable) else [subsets]:
        parts = [subset] if isinstance(subset, str) else list(subset) if isinstance(subset, Iterable) else []
        if not parts or not all(isinstance(part, str) for part in parts):
            raise UsageError(
                f"subsets are given as [('bass',), ('guitar', 'piano')], not as {shown(subsets)}"
            )
        found.append(_subset("+".join(parts), stems))
    return list(dict.fromkeys(found))


def _subset(text: str, stems: Sequence[str]) -> Subset:
    names = {name.strip().lower() for name in text.split("+")}
    unknown = sorted(names - set(stems))
    if unknown:
        raise UsageError(f"this model has no stem {shown(unknown[0])}; it has: {', '.join(stems)}")
    if len(names) == len(stems):
        raise UsageError(f"{text.strip()} leaves no stem to be given: leave one out")
    return tuple(stem for stem in stems if stem in names)
