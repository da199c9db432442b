"""Beats, bars and time: where the bar lines of a piece are, in quarter notes and in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

STEPS = 16
"""Steps (sixteenth notes) of the longest bar of the grid. Longer bars are written as two or three."""

QUARTER = 4
"""Steps in a quarter note."""


@dataclass(frozen=True)
class Signature:
    """A time signature.

    Attributes:
        beat: where it begins, in quarter notes from the start of the piece.
        numerator: upper number, 1 or more.
        denominator: lower number, a power of two.
    """

    beat: float = 0.0
    numerator: int = 4
    denominator: int = 4

    @property
    def quarters(self) -> float:
        """Length of a bar, in quarter notes."""
        return 4.0 * self.numerator / self.denominator

    @property
    def pulses(self) -> list[float]:
        """Lengths of the bar's beats, in quarter notes: dotted ones where it is compound (6/8, 9/8, 12/8)."""
        if self.denominator >= 8 and self.numerator % 3 == 0 and self.numerator > 3:
            return [12.0 / self.denominator] * (self.numerator // 3)
        return [4.0 / self.denominator] * self.numerator

    def spans(self) -> list[float]:
        """Lengths of the grid's bars that this bar is written as, in quarter notes, each at most 16 steps."""
        pulses = self.pulses
        count = -(-round(1000 * self.quarters * QUARTER) // (1000 * STEPS))
        groups = np.array_split(np.array(pulses), max(1, count))
        return [float(group.sum()) for group in groups if len(group)]


COMMON = (Signature(),)
"""4/4 throughout."""


@dataclass(frozen=True)
class Timeline:
    """The time of every beat: between two anchors the tempo is constant, as it is before the first and after the last.

    Attributes:
        beats: anchors in quarter notes, ascending, (N,), N at least 2.
        seconds: when they are, ascending, (N,).
    """

    beats: np.ndarray
    seconds: np.ndarray

    @classmethod
    def steady(cls, bpm: float) -> Timeline:
        """One tempo, in quarter notes a minute."""
        return cls(np.array([0.0, 1.0]), np.array([0.0, 60.0 / bpm]))

    @classmethod
    def of_tempos(cls, tempos: Sequence[tuple[float, float]]) -> Timeline:
        """The time of tempos (quarter note, quarter notes a minute), ascending; 120 before the first."""
        changes = [(0.0, 120.0), *tempos] if not tempos or tempos[0][0] > 0 else list(tempos)
        beats = np.array([beat for beat, _ in changes] + [changes[-1][0] + 1.0])
        pace = 60.0 / np.array([bpm for _, bpm in changes])
        return cls(beats, np.concatenate([[0.0], np.cumsum(np.diff(beats) * pace)]))

    def at(self, beats: np.ndarray) -> np.ndarray:
        """Seconds of beats, float64."""
        return _along(np.asarray(beats, np.float64), self.beats, self.seconds)

    def beat_at(self, seconds: np.ndarray) -> np.ndarray:
        """Beats of seconds, the inverse of :meth:`at`."""
        return _along(np.asarray(seconds, np.float64), self.seconds, self.beats)

    def bpm(self, beats: np.ndarray) -> np.ndarray:
        """Quarter notes a minute from each beat on."""
        index = np.clip(np.searchsorted(self.beats, beats, side="right") - 1, 0, len(self.beats) - 2)
        return np.asarray(60.0 * np.diff(self.beats)[index] / np.diff(self.seconds)[index])


def _along(at: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    index = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    slope = (np.diff(y) / np.diff(x))[index]
    return np.asarray(y[index] + (at - x[index]) * slope)


@dataclass(frozen=True)
class Bars:
    """The bars of the grid, one after another.

    Attributes:
        start: of each bar and, last, the end of the piece, in quarter notes, (T + 1,).
        number: of the written bar that each belongs to, from 0, (T,); two or three share a number where it is long.
    """

    start: np.ndarray
    number: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    @property
    def quarters(self) -> np.ndarray:
        """Lengths, in quarter notes, (T,)."""
        return np.diff(self.start)

    @property
    def steps(self) -> np.ndarray:
        """Steps of each bar, 1 to 16, (T,)."""
        return np.clip(np.ceil(self.quarters * QUARTER - 1e-6).astype(np.int64), 1, STEPS)

    def between(self, first: int, last: int) -> Bars:
        """The bars ``first`` to ``last`` (excluded), at their places."""
        return Bars(self.start[first : last + 1], self.number[first:last])


def stretches(signatures: Sequence[Signature], end: float) -> Iterator[tuple[Signature, float]]:
    """Signatures and where each one's music stops, in quarter notes; before the first it is in common time."""
    signatures = list(signatures) or list(COMMON)
    if signatures[0].beat > 0:
        signatures = [Signature(), *signatures]
    return zip(signatures, [*(sign.beat for sign in signatures[1:]), end], strict=True)


def bars_of(signatures: Sequence[Signature], end: float) -> Bars:
    """The bars up to the first bar line at or after ``end`` (quarter notes); a new signature begins a bar."""
    start, number, written, end = [0.0], list[int](), 0, max(end, 1e-3)
    for signature, stop in stretches(signatures, math.inf):
        while start[-1] < min(stop, end) - 1e-6:
            for span in signature.spans():
                following = start[-1] + span
                cut = following > stop - 1e-6
                start.append(stop if cut else following)
                number.append(written)
                if cut:
                    break
            written += 1
    return Bars(np.array(start), np.array(number, np.int64))
