"""A pool of rendered clips in shared memory; worker processes keep renewing them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Source
from msgld.errors import TrainingError
from msgld.training.pool.supply import Rendering, Supply
from msgld.training.recipe import PoolConfig

LEAST = 4
"""Clips that training needs to begin, however little time there is."""

AnyPool = TypeVar("AnyPool", bound="Pool")


class Pool(Rendering):
    """Rendered clips to draw crops from; a subclass decides which data of a clip it keeps.

    Attributes:
        held: ``kept``, or a copy on the device that trains.
        since: when the run began, of ``time.monotonic``.
        spent: seconds that it had taken before, if it goes on.
        waiting: whether it waits for clips now.
        waited: seconds in which a step waited for clips, took them to the device, or cut crops out of them.
    """

    def __init__(self, source: Source, config: PoolConfig, rate: int, kept: Tensor) -> None:
        super().__init__(source, config, rate, kept)
        self.held = self.kept
        self.since, self.spent = time.monotonic(), 0.0
        self.waiting, self.waited = False, 0.0
        self._still = False

    def __getstate__(self) -> dict[str, Any]:
        # What a worker needs; a copy on a device is the trainer's own.
        return {**self.__dict__, "held": None}

    def prepare(self, items: int) -> None:
        """Before crops are drawn: wait until the clips have not been drawn more often than they may, on average.

        Training that is faster than rendering would learn a few clips by heart.

        Raises:
            TrainingError: no more clips come. The last ones would be learned by heart, too.
        """
        with self._waited():
            if not self._still:
                self._await(items)
            self._refresh()

    def _await(self, items: int) -> None:
        # Which clips a lockstep shows depends on these crops, too.
        self.drawn += items if self.lockstep else 0
        self.waiting = True
        try:
            if not self.config.workers:
                self.fill()
            while self.behind() and not self.broken:
                time.sleep(0.005)
            self.check()
        finally:
            self.waiting = False
        if self.lockstep:
            self.lockstep.count(int(self.drawn))
        else:
            self.drawn += items

    @contextmanager
    def _waited(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.waited += time.perf_counter() - begun

    def usable(self) -> np.ndarray:
        """Slots that crops are drawn from."""
        return np.arange(len(self)) if self.lockstep is None else self.lockstep.usable(int(self.drawn))

    @property
    def left_out(self) -> int:
        """Clips that could not be used; with a lockstep those that should be in view."""
        return self.troubles.left_out if self.lockstep is None else len(self.lockstep.bad)

    def places(self, items: int, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the slots and the first positions of crops of ``length`` positions, each (items,).

        Raises:
            TrainingError: as :meth:`prepare`.
        """
        self.prepare(items)
        slots = rng.choice(self.usable(), items)
        return slots, rng.integers(0, self.kept.shape[-1] - length + 1, items)

    def stretches(self, slots: np.ndarray, starts: np.ndarray, length: int) -> Tensor:
        """Stretches of the held data, (B, ..., length), on its device; slots and starts are (B,)."""
        with self._waited():
            return torch.stack([
                self.held[s, ..., a : a + length] for s, a in zip(slots, starts, strict=True)
            ])  # fmt: skip

    def check(self) -> None:
        """Raise TrainingError if no more clips come."""
        if self.broken:
            raise TrainingError(f"{self.broken}; the same command goes on when that is mended")

    @contextmanager
    def still(self) -> Iterator[None]:
        """Draw from the clips that are there while the block lasts, without waiting: a run saves, or ends."""
        self._still = True
        try:
            yield
        finally:
            self._still = False

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
        """Render in this process until nothing is due; for pools without workers.

        Raises:
            TrainingError: no more clips come.
        """
        supply = Supply(self, 0, self.note)
        while (self.behind() if self.lockstep else self.due()) and not self.broken:
            supply.next()
        self.check()

    def wait(self, clips: int, seconds: float = float("inf")) -> Iterator[int]:
        """Yield the number of clips ready, now and then, until there are that many, or few when ``seconds`` are over.

        A pool without workers renders them here, and stays as small as it is when the time is over. With a lockstep
        the first ones are those in view.

        Raises:
            TrainingError: no clips come.
        """
        until, supply = time.monotonic() + seconds, Supply(self, 0, self.note)
        while len(self) < clips:
            self.check()
            late = time.monotonic() > until and len(self) >= min(LEAST, clips)
            if late and not self.config.workers:
                self.slots = len(self)
            if late:
                return
            yield len(self)
            if self.config.workers:
                time.sleep(0.2)
            else:
                supply.next()
