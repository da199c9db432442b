"""The tasks as jobs: from the settings of a client to a take on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgld.studio.jobs.order import Order
from msgld.studio.worker import making, separating
from msgld.studio.worker.finishing import Done, finish
from msgld.studio.worker.polling import polled

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld

Task = Callable[["Msgld", Order], Done]
"""Writes a result into the folder of an order."""

WORK: dict[str, Task] = {
    "separate": separating.separate,
    "transcribe": separating.transcribe,
    "generate": making.generate,
    "arrange": making.arrange,
    "vary": making.vary,
    "extend": making.extend,
    "render": making.render,
}
"""Task -> what does it."""


def carry_out(model: Msgld, order: Order) -> list[str]:
    """Do a job; its remarks. A folder of an earlier, interrupted attempt is replaced."""
    began = time.time()
    with polled(order.cancel):
        done = WORK[order.task](model, order)
    return finish(order, done, began)
