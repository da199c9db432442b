"""How the pitch of a channel moves: the pitch wheel with its range, and the channel's tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bend:
    """How far all notes of a part are off their keys, in steps.

    Attributes:
        time: seconds from the start of the piece, ascending, (M,).
        semitones: what holds from each time on, (M,); 0 before the first.
    """

    time: np.ndarray
    semitones: np.ndarray

    @classmethod
    def of(cls, steps: Sequence[tuple[float, float]]) -> Bend:
        """The bend of steps (seconds, semitones), ascending."""
        table = np.array(steps, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def since(self, zero: float) -> Bend:
        """Return the steps in time counted from ``zero`` (seconds), from there on; only those that change anything."""
        first = int(np.searchsorted(self.time, zero, side="right"))
        held = self.semitones[max(first - 1, 0) : first]
        time = np.concatenate([np.zeros(len(held)), self.time[first:] - zero])
        semitones = np.concatenate([held, self.semitones[first:]])
        changes = np.diff(semitones, prepend=0.0) != 0
        return Bend(time[changes], semitones[changes])

    def stretched(self, tempo: float) -> Bend:
        """Return the steps played ``tempo`` times as fast."""
        return Bend(self.time / tempo, self.semitones)


STRAIGHT = Bend(np.zeros(0), np.zeros(0))
"""No bend at all."""
