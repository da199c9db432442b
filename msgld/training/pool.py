"""A pool of rendered clips in shared memory, which worker processes keep renewing."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip, Source
from msgld.errors import DataError
from msgld.sound.resample import resample

FAILURES = 3
"""Clips in a row that a worker may break down on."""

AnyPool = TypeVar("AnyPool", bound="Pool")


@dataclass(frozen=True)
class PoolConfig:
    """How large the pool is and how often a clip may be drawn.

    Attributes:
        slots: clips held at once.
        seconds: length of a clip.
        workers: rendering processes; 0 renders in the caller, which is exactly repeatable.
        reuse: crops drawn from a clip, on average, before it is replaced; training waits where clips are late.
        seed: first seed; clip i has seed ``seed + i``.
        life: clips that a worker renders before a new one takes its place, as synthesisers keep what they played.
    """

    slots: int = 900
    seconds: float = 12.0
    workers: int = 1
    reuse: float = 14.0
    seed: int = 0
    life: int = 500


class Pool(ABC):
    """Rendered clips at ``rate``. What is kept of a clip is a subclass's affair.

    Attributes:
        kept: what is kept of every clip, (slots, ...), in memory that the workers share.
        held: the same, or a copy on the device that trains.
        present: bool (slots, K). remixed: bool (slots,), clips whose stems do not belong together.
    """

    def __init__(self, source: Source, config: PoolConfig, rate: int, kept: Tensor) -> None:
        self.source = source
        self.config = config
        self.rate = rate
        self.kept = kept.share_memory_()
        stems = len(source.stems)
        self.present = torch.zeros(config.slots, stems, dtype=torch.bool).share_memory_()
        self.remixed = torch.zeros(config.slots, dtype=torch.bool).share_memory_()
        self.done = torch.zeros(max(1, config.workers), dtype=torch.int64).share_memory_()
        self.drawn = torch.zeros((), dtype=torch.int64).share_memory_()
        self.version = torch.zeros(config.slots, dtype=torch.int64).share_memory_()
        self.held = self.kept
        self.broken = False

    def __getstate__(self) -> dict[str, Any]:
        # What a worker needs; a copy on a device is the trainer's own.
        return {**self.__dict__, "held": None}

    @abstractmethod
    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep a clip's stems (K, 2, L), at the pool's rate, in that slot. Its ``present`` and ``remixed`` are set."""

    def remember(self, slot: int, clip: Clip) -> None:  # noqa: B027
        """Note what is known of a clip besides its sound, before it is stored; nothing, unless a pool wants to."""

    @property
    def written(self) -> int:
        """Clips rendered so far."""
        return int(self.done.sum())

    def __len__(self) -> int:
        """Clips that can be drawn now: those before the first one that a worker still owes."""
        return min(self.config.slots, *map(self.owed, range(len(self.done))))

    def render(self, index: int) -> None:
        """Render clip ``index`` into its slot."""
        seed, slot = self.config.seed + index, index % self.config.slots
        clip = self.source.clip(seed, self.config.seconds)
        self.present[slot] = torch.from_numpy(np.ascontiguousarray(clip.present))
        self.remixed[slot] = bool(clip.meta.get("remixed", 0))
        self.remember(slot, clip)
        samples = round(self.config.seconds * self.rate)
        self.store(slot, _at_rate(clip.stems, clip.rate, self.rate, samples), seed)
        self.version[slot] += 1

    def owed(self, worker: int) -> int:
        """The next clip of a worker: of N workers each has every N-th."""
        return worker + len(self.done) * int(self.done[worker])

    def due(self, worker: int = 0) -> bool:
        """Whether a worker's next clip is due: the pool is not full without it, or has been drawn from often enough."""
        return self.owed(worker) < self.config.slots + int(self.drawn) / self.config.reuse

    def prepare(self, items: int) -> None:
        """Before crops are drawn: wait until the clips have not been drawn more often than they may, on average.

        Training that is faster than rendering would learn a few clips by heart.
        """
        if not self.config.workers:
            self.fill()
        while int(self.drawn) > self.config.reuse * self.written and not self.broken:
            time.sleep(0.02)
        self._refresh()
        self.drawn += items

    def hold(self, device: torch.device) -> None:
        """Keep a copy of all clips on a device, from which crops are then cut there."""
        self.held = torch.zeros_like(self.kept, device=device)
        self._seen = torch.zeros_like(self.version)

    def _refresh(self) -> None:
        """Bring clips that have changed to the device on which they are held."""
        if self.held is self.kept:
            return
        now = self.version.clone()
        for slot in (now != self._seen).nonzero().flatten().tolist():
            self.held[slot].copy_(self.kept[slot])
        self._seen = now

    def fill(self) -> None:
        """Render in this process until nothing is due; for pools without workers."""
        while self.due():
            self.render(self.owed(0))
            self.done[0] += 1

    def wait(self, clips: int) -> Iterator[int]:
        """Yield the number of clips ready, about once a second, until there are that many.

        Raises:
            DataError: nothing can be rendered.
        """
        while len(self) < clips:
            if self.broken:
                raise DataError("clips cannot be rendered from these sources; the reason is printed above")
            yield len(self)
            time.sleep(1.0)


def _at_rate(stems: np.ndarray, source: int, rate: int, samples: int) -> np.ndarray:
    """Stems (K, 2, L) of a source at the pool's rate, where it differs, and of its length."""
    if source == rate:
        return stems
    flat = resample(stems.reshape(-1, stems.shape[-1]), source, rate)[:, :samples]
    flat = np.pad(flat, ((0, 0), (0, samples - flat.shape[-1])))
    return flat.reshape(*stems.shape[:-1], samples)


def _work(pool: Pool, worker: int) -> None:
    """Render this worker's clips, one after another, from the first that it has not done, at most ``life``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers
    torch.set_num_threads(1)
    parent = os.getppid()
    last = int(pool.done[worker]) + pool.config.life
    while os.getppid() == parent and int(pool.done[worker]) < last:
        if not pool.due(worker):
            time.sleep(0.05)
            continue
        pool.render(pool.owed(worker))
        pool.done[worker] += 1


@contextmanager
def running(pool: AnyPool) -> Iterator[AnyPool]:
    """Run the pool's workers while the block lasts. They end by themselves if the parent is killed."""
    stop = threading.Event()
    keepers = [
        threading.Thread(target=_keep, args=(pool, i, stop), daemon=True) for i in range(pool.config.workers)
    ]
    for keeper in keepers:
        keeper.start()
    try:
        yield pool
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


def _keep(pool: Pool, worker: int, stop: threading.Event) -> None:
    """Keep one worker at work: where a clip breaks it (a synthesiser may crash), a new one goes on after that clip.

    Without this a run would go on with an ever older pool and learn it by heart.
    """
    context, failures = mp.get_context("spawn"), 0
    while not stop.is_set() and not pool.broken:
        before = int(pool.done[worker])
        process = context.Process(target=_work, args=(pool, worker), daemon=True)
        try:
            process.start()
        except (OSError, RuntimeError):
            # No memory, or a script whose main module starts this again on import.
            pool.broken = True
            raise
        while process.is_alive() and not stop.wait(0.2):
            pass
        if not stop.is_set() and process.exitcode != 0:
            warnings.warn("a rendering process broke down; it goes on after that clip", stacklevel=1)
            failures = failures + 1 if int(pool.done[worker]) == before else 0
            pool.broken = failures == FAILURES
            pool.done[worker] += 1
        process.terminate()
        process.join()
