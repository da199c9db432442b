"""Clips that do not reach a pool: how long a run waits for them, what it reports, and when it ends."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgld.training.log import say

IN_A_ROW = 3
"""Failures in a row after which a source is taken to be away, and waited for."""

LONGEST_PAUSE = 8.0
"""Seconds between two tries, at most."""

LINES = 20
"""Lines about single clips that a run prints; further clips are only counted."""

ENOUGH = 20
"""Tries before the fraction of bad clips is judged."""


@dataclass(frozen=True)
class Trouble:
    """A problem that kept a clip from the pool.

    Attributes:
        kind: ``bad`` (its samples), ``failed`` (it could not be read or rendered), ``crashed`` (its worker died);
            of the source as a whole ``waiting`` (it is away), ``back`` or ``over`` (no use to wait any longer).
        line: for people.
        origin: piece or file, reported once; the line itself where it is not known.
    """

    kind: str
    line: str
    origin: str = ""


class Patience:
    """Counts failures in a row and says how long to wait after each.

    Args:
        seconds: from the first failure in a row until it is over.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._clock = seconds, clock
        self.row, self._since = 0, 0.0

    def succeeded(self) -> None:
        """The row ends."""
        self.row = 0

    def failed(self, passing: bool = True, away: bool = False) -> float | None:
        """One more failure: seconds to wait, None if it is over. The first few are tried again at once.

        Args:
            passing: whether time can mend it.
            away: whether only time can.
        """
        if not self.row:
            self._since = self._clock()
        self.row += 1
        if self.row < IN_A_ROW and not away:
            return 0.0
        left = self._since + self.seconds - self._clock()
        if not passing or left <= 0:
            return None
        return min(0.5 * 2 ** max(0, min(self.row - IN_A_ROW, 10)), LONGEST_PAUSE, left)


class Troubles:
    """Counts what went wrong with clips, says it in few lines, and judges when it is too much."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.away = False
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # A worker reports to its parent, which counts.
        return {}

    def note(self, trouble: Trouble) -> None:
        """Count one and say it: each origin once, and once when the source goes away and comes back."""
        with self._lock:
            self.counts[trouble.kind] += 1
            line = self._to_say(trouble)
        if line:
            say(line)

    def _to_say(self, trouble: Trouble) -> str:
        if trouble.kind in ("waiting", "back"):
            before, self.away = self.away, trouble.kind == "waiting"
            return trouble.line if before != self.away else ""
        key = trouble.origin or trouble.line
        if trouble.kind == "over" or not trouble.line or key in self._said or len(self._said) == LINES:
            return ""
        self._said.add(key)
        last = len(self._said) == LINES
        return trouble.line + ("; from here on clips that are left out are only counted" if last else "")

    @property
    def left_out(self) -> int:
        """Clips that did not reach the pool."""
        return self.counts["bad"] + self.counts["failed"] + self.counts["crashed"]

    def too_many(self, written: int, fraction: float) -> str:
        """Why it is too much, if more than a ``fraction`` of the clips were bad; else an empty line."""
        out = self.left_out
        if written + out < ENOUGH or out <= fraction * (written + out):
            return ""
        return f"{out} of {written + out} clips could not be used: see the lines above, and repair or remove the files"
