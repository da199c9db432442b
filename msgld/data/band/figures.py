"""Rhythms as text: one character a step, ``|`` between bars, spaces for the eye.

``.`` is a rest, ``-`` holds the symbol before it, anything else strikes. A bar's characters share its length
evenly, so sixteen of them in four beats are sixteenths, twelve are triplet eighths (or a waltz's sixteenths).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Step(NamedTuple):
    """A struck step: onset and length as parts of the bar, in [0, 1), and its symbol."""

    at: float
    length: float
    symbol: str


@lru_cache(maxsize=4096)
def figure(text: str) -> tuple[tuple[Step, ...], ...]:
    """Read a figure: the struck steps of every bar. A held note may not cross a bar line."""
    return tuple(_bar("".join(bar.split())) for bar in text.split("|"))


def _bar(text: str) -> tuple[Step, ...]:
    steps = []
    for i, symbol in enumerate(text):
        if symbol not in ".-":
            held = len(text[i + 1 :]) - len(text[i + 1 :].lstrip("-"))
            steps.append(Step(i / len(text), (1 + held) / len(text), symbol))
    return tuple(steps)


def bar_of(text: str, index: int) -> tuple[Step, ...]:
    """The steps that a figure has in bar ``index``, repeating from its start."""
    bars = figure(text)
    return bars[index % len(bars)]
