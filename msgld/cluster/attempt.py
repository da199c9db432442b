"""What an actor of the pool does: it opens its tools once, then takes one item after another."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any

from msgld.cluster.outcome import FAILED, Outcome
from msgld.errors import MsgldError

Act = Callable[[Any, int], "Outcome | Mapping[str, Any]"]
"""Does one item. Called with it and with the number of the attempt, from 1; facts alone mean that it is done."""

Open = Callable[[], Act]
"""Called once in every actor: opens what it needs, such as a model."""


class Attempt:
    """An actor. An item that raises has failed; only the death of the process is an error for Ray.

    Args:
        open: see :data:`Open`.
        register: handle of the register of this run.
        version: of msgld in the driver.
    """

    def __init__(self, open: Open, register: Any, version: str) -> None:
        import ray

        from msgld.api.record import own_version

        context = ray.get_runtime_context()
        self._ray, self._register = ray, register
        self._node, self._address = context.get_node_id(), ray.util.get_node_ip_address()
        try:
            if own_version() != version:
                raise MsgldError(
                    f"has msgld {own_version()}, and the command {version}: install the same on all"
                )
            self._act = open()
        except BaseException as error:
            # Ray's own message for this has forty lines.
            ray.get(register.break_down.remote(f"node {self._address}: {described(error)}"))
            raise

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The outcome of one row, pickled: columns of it would need one type for all items."""
        return {"outcome": pickle.dumps(self._outcome(row["item"], pickle.loads(row["content"])))}

    def _outcome(self, item: str, content: Any) -> Outcome:
        try:
            attempt = self._ray.get(self._register.begin.remote(item, self._node, self._address))
        except self._ray.exceptions.RayTaskError as error:  # the ledger cannot be written
            return Outcome(FAILED, {"error": described(error.cause)}, item=item)
        if isinstance(attempt, Outcome):
            return attempt
        try:
            made = self._act(content, attempt)
        except Exception as error:
            made = Outcome(FAILED, {"error": described(error)})
        outcome = made if isinstance(made, Outcome) else Outcome(facts=made)
        return self._ray.get(self._register.end.remote(item, outcome))


def described(error: BaseException) -> str:
    """One line about an error."""
    if isinstance(error, MsgldError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(f"{type(error).__name__}: {error}".split())
