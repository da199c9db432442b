"""The side of a child process: lines of JSON in and out, and nothing else on its output."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any


class Line:
    """The connection to the server. Anything that a library prints goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, **message: Any) -> None:
        """Send a line; the process ends where the server is gone."""
        with self._lock:
            try:
                self._out.write(json.dumps(message).encode() + b"\n")
            except OSError:
                os._exit(1)

    def lines(self) -> Iterator[dict[str, Any]]:
        """What the server says, until it is gone."""
        for text in sys.stdin.buffer:
            yield json.loads(text)
