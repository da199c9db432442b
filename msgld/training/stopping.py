"""Ctrl-C, and a request to terminate, end a run between two steps, so that what is saved is that of a whole step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the user wants the run to end.

    Attributes:
        wanted: number of the signal; 0 while there was none.
    """

    def __init__(self) -> None:
        self.wanted = 0
        self.former: dict[int, Any] = {}

    def end(self) -> None:
        """Raise what the signal would have raised at once: KeyboardInterrupt, or SystemExit."""
        self._act(self.wanted or signal.SIGINT, None)
        raise KeyboardInterrupt

    def _act(self, number: int, frame: FrameType | None) -> None:
        former = self.former.get(number)
        if callable(former):
            former(number, frame)
        elif number == signal.SIGTERM:
            raise SystemExit(128 + number)


@contextmanager
def between_steps(waiting: Callable[[], bool]) -> Iterator[Stop]:
    """Keep signals back while the block lasts; a second one, or one while the run waits for data, acts at once.

    Args:
        waiting: whether the run waits.
    """
    stop = Stop()

    def note(number: int, frame: FrameType | None) -> None:
        again, stop.wanted = bool(stop.wanted), number
        if again or waiting():
            stop._act(number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                stop.former[number] = signal.signal(number, note)
    try:
        yield stop
    finally:
        for kept, handler in stop.former.items():
            signal.signal(kept, handler)
