"""Random values of effects, which grow with how much of them a clip gets."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Dice:
    """Draws the values of one effect.

    Attributes:
        rng: of this effect alone.
        amount: how far values go from their mild ends, 0 to 1.
    """

    rng: np.random.Generator
    amount: float = 1.0

    def hits(self, probability: float) -> bool:
        """True as often as given, less often where the amount is small; 0 and 1 are never and always."""
        return bool(self.rng.random() < probability ** (1.8 - 1.3 * self.amount))

    def depth(self, mild: float, strong: float) -> float:
        """A value from ``mild`` towards ``strong``, as far as the amount allows."""
        return float(mild + (strong - mild) * self.amount * self.rng.random())

    def swing(self, deviation: float) -> float:
        """A value around 0, its standard deviation at full amount given; at most two of them."""
        drawn = np.clip(self.rng.normal(), -2, 2)
        return float(drawn * deviation * (0.3 + 0.7 * self.amount))

    def between(self, low: float, high: float) -> float:
        """A value between two, whatever the amount."""
        return float(self.rng.uniform(low, high))

    def octave(self, low: float, high: float) -> float:
        """A value between two above 0, evenly over octaves."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))


@dataclass(frozen=True)
class Cup:
    """Dice for every effect by name, each with random numbers of its own.

    Attributes:
        key: of this stem or mix: non-negative integers.
        amount: see :class:`Dice`.
    """

    key: tuple[int, ...]
    amount: float = 1.0

    def of(self, effect: str) -> Dice:
        """The dice of an effect; the same name gives the same values."""
        return Dice(np.random.default_rng([*self.key, zlib.crc32(effect.encode())]), self.amount)
