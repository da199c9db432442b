"""Chance for composers: a named stream of random decisions, cheap enough to ask for every note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

T = TypeVar("T")
_BLOCK = 256


class Dice:
    """Random decisions drawn from one numpy generator, which is keyed by numbers and names.

    ``Dice(7, "bass")`` always gives the same sequence, whatever other streams were asked before, so one part
    of a piece can change without changing the others. Draws are taken from the generator in blocks, because a
    single draw costs more than most of the decisions made with it.
    """

    def __init__(self, *words: int | str) -> None:
        self._words = words
        self.rng = np.random.default_rng([w if isinstance(w, int) else crc32(w.encode()) for w in words])
        self._block: list[float] = []

    def child(self, *words: int | str) -> Dice:
        """Return the stream of the same key with these words appended."""
        return Dice(*self._words, *words)

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        if not self._block:
            self._block = self.rng.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.unit() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number in [low, high], both included."""
        return low + int((high - low + 1) * self.unit())

    def pick(self, items: Sequence[T]) -> T:
        """Return one item, all equally likely."""
        return items[int(len(items) * self.unit())]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Return one key, with a probability in proportion to its weight."""
        left = self.unit() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return item
