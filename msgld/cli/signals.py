"""Ctrl-C and requests to terminate, while packages are imported and after the work is done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143
INTERRUPTION = "interrupted; nothing half-finished was kept"


@contextmanager
def loading() -> Iterator[None]:
    """While packages are imported or a model is loaded, and nothing is written yet, end the process at once.

    An exception would not do: torch and NumPy lose those that strike their import, and go on or fail strangely.
    """
    former = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as in the background of a shell
                former[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGINT:
        os.write(2, f"msgld: {INTERRUPTION}\n".encode())
    os._exit(128 + number)


def terminate(number: int, frame: FrameType | None) -> None:
    """A request to terminate cleans up as Ctrl-C does."""
    raise SystemExit(TERMINATED)


def finished() -> None:
    """The work is done and told: from here on Ctrl-C could only spoil the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
