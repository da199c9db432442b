"""The processes that render a pool's clips, and the threads that keep each of them at work."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import torch

from msgld.data.source import origin_of
from msgld.errors import TrainingError
from msgld.training.pool.lockstep import TRIES
from msgld.training.pool.pool import AnyPool, Pool
from msgld.training.pool.supply import Supply
from msgld.training.pool.troubles import Patience, Trouble

CRASHES = 2
"""Times that a piece may end its worker before it is left out, where the source can tell which piece it was."""

GUARD = 'a script that trains must do so under: if __name__ == "__main__":'


@contextmanager
def running(pool: AnyPool) -> Iterator[AnyPool]:
    """Run the pool's workers while the block lasts. They end by themselves if the parent is killed.

    Raises:
        TrainingError: this is a worker that imports its main module, which would start workers of its own.
    """
    if getattr(mp.current_process(), "_inheriting", False):
        raise TrainingError(GUARD)
    stop = threading.Event()
    keepers = [
        threading.Thread(target=_Keeper(pool, i, stop).keep, daemon=True) for i in range(pool.config.workers)
    ]
    for keeper in keepers:
        keeper.start()
    try:
        yield pool
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


def _work(pool: Pool, worker: int, pipe: Connection) -> None:
    """Render this worker's clips, one after another, from the first that it has not done, at most ``life``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers
    torch.set_num_threads(1)
    parent = os.getppid()
    pipe.send(None)  # it runs
    supply = Supply(pool, worker, pipe.send)
    last = int(pool.done[worker]) + pool.config.life
    with suppress(BrokenPipeError):  # the parent has been killed
        while os.getppid() == parent and int(pool.done[worker]) < last:
            if pool.due(worker):
                supply.next()
            else:
                time.sleep(0.05)


class _Keeper:
    """Keeps one worker at work: where a clip breaks it (a synthesiser may crash), a new one goes on after that clip.

    Without this a run would go on with an ever older pool and learn it by heart.
    """

    def __init__(self, pool: Pool, worker: int, stop: threading.Event) -> None:
        self.pool, self.worker, self.stop = pool, worker, stop
        self.patience = Patience(pool.config.patience)
        self.crashes: Counter[str] = Counter()

    def keep(self) -> None:
        """Start workers, one after another, until the run ends or no clips come."""
        while not self._ended():
            before = int(self.pool.done[self.worker])
            try:
                code, ran = self._watch()
            except (OSError, RuntimeError) as error:
                self.pool.note(Trouble("over", f"a rendering process cannot be started: {error}"))
                return
            if int(self.pool.done[self.worker]) > before:
                self.patience.succeeded()
            if code and not self._ended():
                self._crashed(code, ran)

    def _ended(self) -> bool:
        return self.stop.is_set() or bool(self.pool.broken)

    def _watch(self) -> tuple[int, bool]:
        """Start a process and note its messages until it ends, or is ended; its exit code, and whether it ran."""
        ours, theirs = mp.Pipe(duplex=False)
        start: Callable[..., BaseProcess] = mp.get_context("spawn").Process
        process = start(target=_work, args=(self.pool, self.worker, theirs), daemon=True)
        process.start()
        theirs.close()
        ran = False
        while not self._ended():
            alive = process.is_alive()
            ran |= self._receive(ours)
            if not alive:
                break
        code = process.exitcode or 0
        process.terminate()
        process.join()
        ours.close()
        return code, ran

    def _receive(self, pipe: Connection) -> bool:
        """Note the worker's messages of a fifth of a second; whether one says that it runs."""
        ran = False
        try:
            while not self._ended() and pipe.poll(0.2):
                message: Any = pipe.recv()
                ran |= message is None
                if message is not None:
                    self.pool.note(message)
        except (EOFError, OSError):
            self.stop.wait(0.05)  # it has ended, perhaps in the middle of a word
        return ran

    def _crashed(self, code: int, ran: bool) -> None:
        """Pass over the clip at which the worker died."""
        if not ran and code > 0:
            line = f"a rendering process ended as it began; the reason is printed above ({GUARD})"
            self.pool.note(Trouble("over", line))
            return
        seed = self.pool.seed_of(self.worker, -1)
        origin = origin_of(self.pool.source, seed)
        what = f"a rendering process broke down (exit code {code}) on clip {seed}"
        if self.pool.lockstep is not None:
            self._crashed_in_step(what, str(seed))
            return
        pause = self.patience.failed()
        if pause is None:
            self.pool.note(Trouble("over", f"no clip can be rendered: {what}"))
            return
        self.crashes[origin] += 1
        if origin and self.crashes[origin] >= CRASHES:
            self.pool.avoided.add(origin)
        where = f", which is of {origin}" if origin else ""
        self.pool.note(Trouble("crashed", f"{what}{where}; it goes on after that clip", origin))
        self.stop.wait(pause)

    def _crashed_in_step(self, what: str, clip: str) -> None:
        """Try the clip again, as its process may have been ended from outside; at last it is unusable."""
        pool, worker, begun = self.pool, self.worker, int(self.pool.tried[self.worker])
        pause = self.patience.failed()
        if pause is None:
            pool.note(Trouble("over", f"no clip can be rendered: {what}"))
            return
        self.crashes[clip] += 1
        if begun == int(pool.done[worker]):
            pass  # it was not at a clip of its own
        elif self.crashes[clip] < TRIES:
            pool.tried[worker] -= 1
        else:
            pool.passed(worker, good=False)
            pool.note(Trouble("crashed", f"{what}; it is left out", clip))
        self.stop.wait(pause)
