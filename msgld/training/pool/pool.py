"""A pool of rendered clips in shared memory; worker processes keep renewing them."""

from __future__ import annotations

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import BadClip, Clip, Source, checked
from msgld.dsp.resample import resample
from msgld.errors import TrainingError
from msgld.training.pool.supply import Supply
from msgld.training.pool.troubles import Trouble, Troubles

LEAST = 4
"""Clips that training needs to begin, however little time there is."""

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
        patience: seconds for which a source that fails, as a network drive that is away, is tried again.
        bad: fraction of the clips that may be unusable; with more the run stops.
    """

    slots: int = 900
    seconds: float = 12.0
    workers: int = 1
    reuse: float = 14.0
    seed: int = 0
    life: int = 500
    patience: float = 120.0
    bad: float = 0.5


class Pool(ABC):
    """Rendered clips at ``rate``; a subclass decides which data of a clip it keeps.

    Attributes:
        kept: data of every clip, (slots, ...), in memory that the workers share, if there are any.
        held: the same, or a copy on the device that trains.
        present: bool (slots, K).
        remixed: bool (slots,), clips whose stems do not belong together.
        slots: clips that are drawn from; those of ``config``, or fewer where time was short.
        tried: clips that each worker has begun, those that were passed over included; ``done`` are in the pool.
        troubles: problems that kept clips out.
        broken: why no more clips come; empty as long as they do.
        avoided: pieces that end the processes that render them.
        since: when the run began, of ``time.monotonic``.
        spent: seconds that it had taken before, if it goes on.
    """

    def __init__(self, source: Source, config: PoolConfig, rate: int, kept: Tensor) -> None:
        self.source, self.config, self.rate = source, config, rate
        if config.workers:
            check_shared_memory(kept.nbytes)
            kept.share_memory_()
        self.kept = kept
        stems = len(source.stems)
        self.present = torch.zeros(config.slots, stems, dtype=torch.bool).share_memory_()
        self.remixed = torch.zeros(config.slots, dtype=torch.bool).share_memory_()
        self.slots = config.slots
        self.done = torch.zeros(max(1, config.workers), dtype=torch.int64).share_memory_()
        self.tried = torch.zeros_like(self.done).share_memory_()
        self.drawn = torch.zeros((), dtype=torch.int64).share_memory_()
        self.version = torch.zeros(config.slots, dtype=torch.int64).share_memory_()
        self.held = self.kept
        self.troubles, self.broken = Troubles(), ""
        self.avoided: set[str] = set()
        self.since, self.spent = time.monotonic(), 0.0
        self._still = False

    def __getstate__(self) -> dict[str, Any]:
        # What a worker needs; a copy on a device is the trainer's own.
        return {**self.__dict__, "held": None}

    @abstractmethod
    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep a clip's stems (K, 2, L), at the pool's rate, in that slot. Its ``present`` and ``remixed`` are set."""

    def remember(self, slot: int, clip: Clip) -> None:  # noqa: B027
        """Keep facts about a clip besides its sound, before it is stored; nothing by default."""

    @property
    def written(self) -> int:
        """Clips rendered so far."""
        return int(self.done.sum())

    @property
    def reached(self) -> int:
        """The first seed that no worker has begun, for a run that goes on later."""
        return self.config.seed + len(self.tried) * int(self.tried.max())

    def __len__(self) -> int:
        """Clips that can be drawn now: those before the first one that a worker still owes."""
        return min(self.slots, *map(self.owed, range(len(self.done))))

    def render(self, index: int, slot: int | None = None) -> None:
        """Render clip ``index`` into a slot, its own by default.

        Raises:
            BadClip: it has samples that are not finite or absurdly large; the slot stays as it was.
        """
        seed, slot = self.config.seed + index, index % self.config.slots if slot is None else slot
        clip = checked(self.source.clip(seed, self.config.seconds), self.source.stems)
        self.present[slot] = torch.from_numpy(np.ascontiguousarray(clip.present))
        self.remixed[slot] = bool(clip.meta.get("remixed", 0))
        self.remember(slot, clip)
        samples = round(self.config.seconds * self.rate)
        self.store(slot, _at_rate(clip.stems, clip.rate, self.rate, samples), seed)
        if not bool(torch.isfinite(self.kept[slot]).all()):
            self.kept[slot] = 0
            raise BadClip(f"{clip.name}: its data are not finite; it is left out", clip.name)
        self.version[slot] += 1

    def seed_of(self, worker: int, ahead: int = 0) -> int:
        """The seed of the clip that a worker tries next, or so many later: of N workers each has every N-th."""
        return self.config.seed + worker + len(self.tried) * (int(self.tried[worker]) + ahead)

    def note(self, trouble: Trouble) -> None:
        """Take a worker's report; no more clips come if it is the last straw."""
        self.troubles.note(trouble)
        if trouble.kind == "over":
            self.broken = self.broken or trouble.line
        else:
            self.broken = self.broken or self.troubles.too_many(self.written, self.config.bad)

    def owed(self, worker: int) -> int:
        """The next clip of a worker, in the order of the pool's slots: of N workers each has every N-th."""
        return worker + len(self.done) * int(self.done[worker])

    def due(self, worker: int = 0) -> bool:
        """Whether a worker's next clip is due: the pool is not full without it, or has been drawn from often enough."""
        return self.owed(worker) < self.slots + int(self.drawn) / self.config.reuse

    def prepare(self, items: int) -> None:
        """Before crops are drawn: wait until the clips have not been drawn more often than they may, on average.

        Training that is faster than rendering would learn a few clips by heart.

        Raises:
            TrainingError: no more clips come. The last ones would be learned by heart, too.
        """
        if not self._still:
            if not self.config.workers:
                self.fill()
            while int(self.drawn) > self.config.reuse * self.written and not self.broken:
                time.sleep(0.02)
            self.check()
        self._refresh()
        self.drawn += items

    def usable(self) -> np.ndarray:
        """Slots that crops are drawn from."""
        return np.arange(len(self))

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
        return torch.stack([self.held[s, ..., a : a + length] for s, a in zip(slots, starts, strict=True)])

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
        while self.due() and not self.broken:
            supply.next()
        self.check()

    def wait(self, clips: int, seconds: float = float("inf")) -> Iterator[int]:
        """Yield the number of clips ready, now and then, until there are that many, or few when ``seconds`` are over.

        A pool without workers renders them here, and stays as small as it is when the time is over.

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


def check_shared_memory(needed: int, place: Path = Path("/dev/shm")) -> None:
    """Raise TrainingError if ``needed`` bytes are more than is free in shared memory: the system would end the process.

    Containers often have 64 MiB of it.
    """
    if not place.is_dir():
        return
    free = shutil.disk_usage(place).free
    if needed > free:
        raise TrainingError(
            f"the pool of clips takes {needed / 1e6:.0f} MB of shared memory, {place} has {free / 1e6:.0f} MB: "
            "allow more (docker run --shm-size 8g), or choose a smaller recipe such as tiny"
        )


def _at_rate(stems: np.ndarray, source: int, rate: int, samples: int) -> np.ndarray:
    """Stems (K, 2, L) of a source at the pool's rate, where it differs, and of its length."""
    if source == rate:
        return stems
    kept = resample(stems, source, rate)[..., :samples]
    return np.pad(kept, ((0, 0), (0, 0), (0, samples - kept.shape[-1])))
