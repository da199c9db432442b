"""The process that holds the model and does the jobs one after another: ``python -m msgld.studio.worker.process``.

Its first line of input says which model on which device. Then come ``{"run": ...}`` and ``{"cancel": job}``; it answers
with ``ready``, ``progress``, ``grown``, and one of ``done``, ``failed`` and ``cancelled``.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from msgld.errors import Cancelled
from msgld.progress import CancelToken, Progress
from msgld.studio.errors import line_of
from msgld.studio.jobs.order import Order
from msgld.studio.processes.talking import Line

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld

PAUSE = 0.1
"""Seconds between two reports on progress."""


class Reporter:
    """Sends the progress of a job, not too often."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send, self._last, self._stage = send, 0.0, ""

    def __call__(self, progress: Progress) -> None:
        """A report of the model."""
        now = time.monotonic()
        if now - self._last < PAUSE and progress.stage == self._stage and progress.fraction < 1:
            return
        self._last, self._stage = now, progress.stage
        self._send(progress={"stage": progress.stage, "fraction": progress.fraction, "eta": progress.eta})


class Worker:
    """Reads orders in one thread and carries them out in another, so that a job can be cancelled.

    Args:
        line: to the server.
        carry_out: does a job and returns the remarks.
    """

    def __init__(self, line: Line, carry_out: Callable[[Order], list[str]]) -> None:
        self._line, self._carry_out = line, carry_out
        self._orders: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._tokens: dict[str, CancelToken] = {}

    def listen(self) -> None:
        """Read orders until the server is gone, and then end the process."""
        for message in self._line.lines():
            if order := message.get("run"):
                self._tokens[order["job"]] = CancelToken()
                self._orders.put(order)
            elif token := self._tokens.get(message.get("cancel", "")):
                token.cancel()
        os._exit(0)

    def work(self) -> None:
        """Carry out orders for ever."""
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            self._one(self._orders.get())

    def _one(self, message: Mapping[str, Any]) -> None:
        job = message["job"]
        send, token = partial(self._line.send, job=job), self._tokens[job]
        try:
            order = Order.of(message, Reporter(send), send, token)
            token.check()
            send(done=self._carry_out(order))
        except Cancelled:
            send(cancelled=True)
        except Exception as error:
            send(failed=line_of(error))
        finally:
            del self._tokens[job]


def opened(model: str | None, device: str) -> Msgld:
    """The model, once it has done something small, after which it is as fast as it will be."""
    import numpy as np

    from msgld import Options, load

    found = load(model, device=device)
    noise = np.random.default_rng(0).standard_normal((2, 44_100)).astype(np.float32)
    found.separate((0.1 * noise, 44_100), options=Options("draft"))
    return found


def main() -> None:
    """Serve the process on the other end of the pipe."""
    line = Line()
    first = next(line.lines())
    try:
        from msgld.studio.worker.tasks import carry_out

        model = opened(first["model"], first["device"])
    except Exception as error:
        line.send(unready=line_of(error))
        return
    line.send(ready=True)
    Worker(line, partial(carry_out, model)).work()


if __name__ == "__main__":
    main()
