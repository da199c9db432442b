"""Many items, each done once by a pool of actors; the one mechanism of all commands with ``--ray``.

Ray Data streams the items to the actors, one a block. By itself it would give an item whose actor dies to the next
actor, again and again, without an end or an error (seen in 2.60). So its tasks are tried once here: what is lost comes
back in a further round, and the register counts.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from msgld.cluster.attempt import Attempt, Open
from msgld.cluster.connect import connected, import_ray
from msgld.cluster.outcome import Outcome
from msgld.cluster.register import Register
from msgld.errors import ClusterError

_IDLE_ROUNDS = 5
"""Rounds in which no actor began anything, before the run is given up."""


@dataclass(frozen=True)
class Pool:
    """The actors of a run.

    Attributes:
        address: of the cluster, see :func:`msgld.cluster.connect.connected`.
        actors: their number; None for the CPUs of the cluster less one, or its GPUs.
        threads: CPUs of each.
        gpu: whether each has a GPU where the cluster has any.
    """

    address: str = "auto"
    actors: int | None = None
    threads: int = 1
    gpu: bool = False


def each(
    items: Mapping[str, Any], open: Open, pool: Pool = Pool(), *, ledger: Path | None = None
) -> Iterator[Outcome]:
    """Do something with each of many items on a cluster; outcomes come as they are there, in any order.

    An item that raises has ``failed``; one that ends its process twice is ``set aside``. When a node dies, the items it
    was at are begun again elsewhere. So what an item writes must appear whole, and a second attempt must find its way.

    >>> for outcome in each({"a.wav": "songs/a.wav"}, open_model, Pool("local")):
    ...     print(outcome.item, outcome.end, outcome.facts)

    Args:
        items: key -> content, which is pickled.
        open: called once in every actor; returns what is called with each item and the number of the attempt.
        pool: of actors.
        ledger: a file for what was begun and how it ended; None for none. It is written on this machine.

    Raises:
        UsageError: no such address, or Ray is not installed.
        ClusterError: there is no cluster, or its nodes cannot do the work.
    """
    if not items:
        return
    with connected(pool.address) as machines:
        gpu = pool.gpu and machines.gpus > 0
        actors = pool.actors or machines.actors(pool.threads, gpu)
        yield from _Rounds(items, open, min(actors, len(items)), pool.threads, gpu, ledger).outcomes()


class _Rounds:
    """Goes over the items until each has an outcome."""

    def __init__(
        self, items: Mapping[str, Any], open: Open, actors: int, threads: int, gpu: bool, ledger: Path | None
    ) -> None:
        from msgld.api.record import own_version

        self._ray = import_ray()
        self._due = dict(items)
        self._actors, self._options = actors, {"num_cpus": threads, "num_gpus": 1 if gpu else 0}
        here = self._ray.get_runtime_context().get_node_id()
        near = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
        kept = self._ray.remote(num_cpus=0, scheduling_strategy=near)(Register)
        self._register = kept.remote(str(ledger.resolve()) if ledger else None)
        self._given = {"open": open, "register": self._register, "version": own_version()}

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of all items."""
        begun = idle = 0
        while self._due:
            yield from self._round()
            over, attempts, broken = self._ray.get(self._register.state.remote(list(self._due)))
            if broken:
                raise ClusterError(broken)
            yield from self._new(over)  # their rows were lost on the way
            idle = 0 if attempts > begun or over else idle + 1
            if self._due and idle == _IDLE_ROUNDS:
                raise ClusterError(
                    f"the actors of the cluster end before they begin anything, {idle} times in a row: see Ray's logs "
                    "in /tmp/ray/session_latest/logs on its nodes"
                )
            begun = attempts
            time.sleep(float(idle))

    def _round(self) -> Iterator[Outcome]:
        errors = self._ray.exceptions
        try:
            for row in self._rows():
                yield from self._new([pickle.loads(row["outcome"])])
        except (errors.RayError, RuntimeError, OSError):
            pass  # the register knows what is left, and why

    def _new(self, found: list[Outcome]) -> Iterator[Outcome]:
        for outcome in found:
            if self._due.pop(outcome.item, self) is not self:
                yield outcome

    def _rows(self) -> Any:
        data = self._ray.data
        rows = [{"item": item, "content": pickle.dumps(content)} for item, content in self._due.items()]
        source = data.from_items(rows, override_num_blocks=len(rows))
        source.context.enable_progress_bars = False
        source.context.max_errored_blocks = -1
        actors = data.ActorPoolStrategy(size=min(self._actors, len(rows)), max_tasks_in_flight_per_actor=1)
        once: Any = partial(dict, max_restarts=-1, max_task_retries=0)
        made = source.map(
            Attempt,
            compute=actors,
            fn_constructor_kwargs=self._given,
            ray_remote_args_fn=once,
            **self._options,
        )
        return made.iter_rows()
