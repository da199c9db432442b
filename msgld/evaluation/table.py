"""Rows of figures: grouped, summarised, printed as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from msgld.metrics import summary


def row(name: str, values: Sequence[float] | np.ndarray, digits: int = 2) -> dict[str, Any]:
    """One line of a table: mean with its 95 % interval, median and number of the values that are not NaN."""
    found = summary(np.asarray(values, dtype=float))
    figures = {"mean": found.mean, "low": found.low, "high": found.high, "median": found.median}
    return {
        "name": name,
        **{key: round(float(v), digits) for key, v in figures.items()},
        "count": found.count,
    }


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table of rows with the same keys; None is an empty cell."""
    if not rows:
        return ""
    keys = list(rows[0])
    lines = ["| " + " | ".join(keys) + " |", "|" + " --- |" * len(keys)]
    cells = [["" if r[k] is None else str(r[k]) for k in keys] for r in rows]
    return "\n".join([*lines, *("| " + " | ".join(line) + " |" for line in cells)]) + "\n"
