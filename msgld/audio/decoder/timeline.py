"""Where decoded frames belong in time, by the time stamps of their container."""

from __future__ import annotations

_JITTER = 0.0025  # seconds by which time stamps may be off without a meaning
_COARSE = 0.0005  # seconds; a clock of longer ticks cannot place a frame to the sample
_OVERLAP = 1.0  # seconds; frames that come earlier than the clock allows by less are a few odd ones at first
_SETTLED = 8  # frames in a row after which they are no longer odd


class ContradictionError(Exception):
    """Time stamps that cannot all be true."""


class Timeline:
    """Counts the samples of a stream and compares them with its time stamps.

    Args:
        rate: samples per second.
        tick: of the time stamps, in seconds.
        strict: whether the clock counts samples, so that it never goes back in a whole file.

    Attributes:
        position: samples that were handed on so far; the caller counts them.
    """

    def __init__(self, rate: int, tick: float, strict: bool = False) -> None:
        self._strict = strict
        self._rate, self._tick = rate, tick * rate
        self._jitter = max(_JITTER * rate, 1.6 * self._tick)
        self._coarse = tick > _COARSE
        self._bases: list[float] = []
        self._filled, self._behind = 0.0, 0
        self.position = 0

    def begin(self, time: float) -> None:
        """Say that sample 0 belongs to ``time``, in samples of the container's clock."""
        self._bases = [time]

    def missing(self, time: float | None, samples: int, lost: int) -> int:
        """Samples that are missing before a frame.

        Args:
            time: of the frame in samples of the container's clock; None where it is not stated.
            samples: of the frame.
            lost: samples of packets before it that could not be decoded.

        Raises:
            ContradictionError: silence was put in by a time stamp that a later one belies.
        """
        if time is None:
            return lost
        if not self._bases:
            self.begin(time)
        off = time - self._bases[0] - self.position
        limit = self._limit(samples, lost)
        if abs(off) <= limit:
            self._bases[0] = time - self.position if not lost else self._bases[0]
            self._behind = 0
            return 0
        return self._jump(time, off, limit, samples)

    def _limit(self, samples: int, lost: int) -> float:
        """By how many samples a time stamp may be off and still mean that nothing is missing."""
        if self._coarse:
            return 0.5 * samples if lost else max(self._jitter, 0.75 * samples)
        return min(self._jitter, 0.5 * samples) if lost else self._jitter

    def _jump(self, time: float, off: float, limit: float, samples: int) -> int:
        for base in self._bases[1:]:
            if abs(time - base - self.position) <= limit:
                self._bases.remove(base)
                self._bases.insert(0, base)
                return 0
        if off > 0:
            gap = round(off / samples) * samples if self._coarse and samples else round(off)
            self._filled = max(self._filled, off)
            return gap
        if self._strict or (self._filled and off > -1.5 * self._filled):
            raise ContradictionError
        self._behind += 1
        if off < -_OVERLAP * self._rate or self._behind > _SETTLED:
            self._bases.insert(0, time - self.position)
            self._behind = 0
        return 0
