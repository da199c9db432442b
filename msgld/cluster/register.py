"""The one process of a run that knows what was begun and how it ended. Actors ask it before they begin an item."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from msgld.cluster.ledger import Ledger
from msgld.cluster.outcome import SET_ASIDE, Outcome
from msgld.errors import AudioWriteError

DEATHS = 2
"""Actors that an item may end before it is set aside."""

LOST_NODES = 4
"""Attempts that an item gets at most, those that ended with their node included."""


def alive_nodes() -> set[str]:
    """The nodes that are alive, by their IDs."""
    import ray

    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


class Register:
    """Keeps the ledger of a run; becomes an actor on the node of the driver, so that the ledger has one writer.

    Args:
        path: of the ledger; None for none.
        alive: the nodes that are alive.
    """

    def __init__(self, path: str | None, alive: Callable[[], Collection[str]] = alive_nodes) -> None:
        self._ledger, self._alive = Ledger(Path(path) if path else None), alive
        self._begun: dict[str, list[str]] = {}
        self._ended: dict[str, Outcome] = {}
        self._broken = ""

    def begin(self, item: str, node: str, address: str) -> int | Outcome:
        """An actor is about to begin an item.

        Args:
            item: its key.
            node: ID of the actor's node.
            address: of that node, for people.

        Returns:
            The number of this attempt, from 1; or the outcome, where the item is over.

        Raises:
            AudioWriteError: the ledger cannot be written.
        """
        if item in self._ended:
            return self._ended[item]
        before = self._begun.get(item, [])
        deaths = sum(one in self._alive() for one in before) if before else 0
        if deaths >= DEATHS or len(before) >= LOST_NODES:
            what = "its actor" if deaths >= DEATHS else "its actor or node"
            text = f"{what} died {len(before)} times, as a process does that runs out of memory"
            return self._settle(item, Outcome(SET_ASIDE, {"error": text}))
        number = len(before) + 1
        self._ledger.write(item=item, begun=number, node=address, node_id=node)
        self._begun.setdefault(item, []).append(node)
        return number

    def end(self, item: str, outcome: Outcome) -> Outcome:
        """An item is over; the outcome with its attempts. A ledger that cannot be written leaves it as it is."""
        return self._ended.get(item) or self._settle(item, outcome)

    def _settle(self, item: str, outcome: Outcome) -> Outcome:
        outcome = replace(outcome, item=item, attempts=len(self._begun.get(item, ())))
        self._ended[item] = outcome
        with suppress(AudioWriteError):  # the result is there, and tells the next run
            self._ledger.write(item=item, end=outcome.end, attempts=outcome.attempts, **outcome.facts)
        return outcome

    def break_down(self, why: str) -> None:
        """An actor cannot do any work."""
        self._broken = self._broken or why

    def state(self, items: Collection[str]) -> tuple[list[Outcome], int, str]:
        """Outcomes of those of the items that are over, the number of attempts so far, and why the work broke down."""
        over = [self._ended[item] for item in items if item in self._ended]
        return over, sum(map(len, self._begun.values())), self._broken
