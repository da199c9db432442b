"""How a pool comes by its clips: bad ones are passed over, failing sources are tried again, for a while."""

from __future__ import annotations

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from msgld.data.source import BadClip, Clip, Source, checked, missing_file, origin_of
from msgld.dsp.resample import resample
from msgld.errors import MsgldError, TrainingError
from msgld.training.pool.lockstep import TRIES, Lockstep
from msgld.training.pool.troubles import Patience, Trouble, Troubles
from msgld.training.recipe import PoolConfig

_PASSING = (MsgldError, OSError, MemoryError, soundfile.SoundFileError)
"""Errors that may pass, such as an unavailable network drive. Any other error is a fault of the source."""


class Rendering(ABC):
    """Renders the clips of a source at ``rate`` into slots, and counts them.

    Attributes:
        kept: data of every clip, (slots, ...), in memory that the workers share, if there are any.
        present: bool (slots, K).
        remixed: bool (slots,), clips whose stems do not belong together.
        slots: clips that are drawn from; those of ``config``, or fewer where time was short.
        tried: clips that each worker has begun, those that were passed over included; ``done`` are in the pool.
        drawn: crops that were drawn so far.
        version: how often each slot was renewed.
        troubles: problems that kept clips out.
        broken: why no more clips come; empty as long as they do.
        avoided: pieces that end the processes that render them.
        lockstep: what is drawn from in a run of steps; None in a run of minutes, which takes what is ready.
        rank: which of the run's processes this is; every one has clips of its own.
        ranks: processes of the run.
        memory: earlier clips of a worker that its next one depends on.
    """

    memory = 0

    def __init__(self, source: Source, config: PoolConfig, rate: int, kept: Tensor) -> None:
        self.source, self.config, self.rate = source, config, rate
        if config.workers:
            check_shared_memory(kept.nbytes)
            kept.share_memory_()
        self.kept = kept
        self.present = torch.zeros(config.slots, len(source.stems), dtype=torch.bool).share_memory_()
        self.remixed = torch.zeros(config.slots, dtype=torch.bool).share_memory_()
        self.slots = config.slots
        self.done = torch.zeros(max(1, config.workers), dtype=torch.int64).share_memory_()
        self.tried = torch.zeros_like(self.done).share_memory_()
        self.drawn = torch.zeros((), dtype=torch.int64).share_memory_()
        self.version = torch.zeros(config.slots, dtype=torch.int64).share_memory_()
        self.troubles, self.broken = Troubles(), ""
        self.avoided: set[str] = set()
        self.lockstep: Lockstep | None = None
        self.rank, self.ranks = 0, 1
        self._follows = self._before = 0

    @abstractmethod
    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep a clip's stems (K, 2, L), at the pool's rate, in that slot. Its ``present`` and ``remixed`` are set."""

    def remember(self, slot: int, clip: Clip) -> None:  # noqa: B027
        """Keep facts about a clip besides its sound, before it is stored; nothing by default."""

    def recall(self, stems: np.ndarray, present: np.ndarray, seed: int) -> None:  # noqa: B027
        """Remember an earlier clip, (K, 2, L) and (K,), as if this process had just kept it; nothing by default."""

    def forget(self) -> None:  # noqa: B027
        """Remember no earlier clips; nothing by default."""

    def in_step(self, first: int, drawn: int = 0, bad: Iterable[int] = ()) -> None:
        """Let the crops that are drawn decide which clips are drawn from, see :class:`Lockstep`; before any is there.

        Args:
            first: clips in view before the first crop.
            drawn: crops that a run that goes on has drawn. The clips in view are rendered anew.
            bad: its ``lockstep.bad``.
        """
        self.lockstep = Lockstep(self.config, first, bad)
        self.drawn.fill_(drawn)
        self.lockstep.counted = self.lockstep.end(drawn) if drawn else 0
        # A step that failed may have brought later ones into view.
        self.lockstep.bad = [clip for clip in self.lockstep.bad if clip < self.lockstep.counted]
        begin, workers = self.lockstep.begin(drawn), len(self.done)
        for worker in range(workers):
            self.done[worker] = self.tried[worker] = max(0, -(-(begin - worker) // workers))
        self._before = int(self.done.sum())

    @property
    def written(self) -> int:
        """Clips rendered so far, in this process and its workers."""
        return int(self.done.sum()) - self._before

    @property
    def usable_so_far(self) -> int:
        """Those of them that can be used."""
        return self.written - (self.troubles.left_out if self.lockstep else 0)

    @property
    def reached(self) -> int:
        """The seed to go on with later: the first that no worker has begun; with a lockstep that of the first clip."""
        begun = 0 if self.lockstep else len(self.tried) * int(self.tried.max())
        return self.config.seed + self.ranks * begun

    @property
    def ready(self) -> int:
        """The first clip that a worker still owes."""
        return min(map(self.owed, range(len(self.done))))

    def __len__(self) -> int:
        """Clips that can be drawn now, the unusable ones of a lockstep included."""
        if self.lockstep is None:
            return min(self.slots, self.ready)
        drawn = int(self.drawn)
        return max(0, min(self.ready, self.lockstep.end(drawn)) - self.lockstep.begin(drawn))

    def render(self, index: int, slot: int | None = None) -> None:
        """Render clip ``index`` into a slot, its own by default.

        Raises:
            BadClip: it has samples that are not finite or absurdly large; the slot stays as it was.
        """
        seed, slot = self.config.seed + index, index % self.config.slots if slot is None else slot
        clip, stems = self._clip(seed)
        self.present[slot] = torch.from_numpy(np.ascontiguousarray(clip.present))
        self.remixed[slot] = bool(clip.meta.get("remixed", 0))
        self.remember(slot, clip)
        self.store(slot, stems, seed)
        if not bool(torch.isfinite(self.kept[slot]).all()):
            self.kept[slot] = 0
            raise BadClip(f"{clip.name}: its data are not finite; it is left out", clip.name)
        self.version[slot] += 1

    def _clip(self, seed: int) -> tuple[Clip, np.ndarray]:
        """The clip of a seed, and its stems at the pool's rate; BadClip if it cannot be used."""
        clip = checked(self.source.clip(seed, self.config.seconds), self.source.stems)
        return clip, _at_rate(clip.stems, clip.rate, self.rate, round(self.config.seconds * self.rate))

    def follow(self, worker: int) -> None:
        """Remember the clips before a worker's next one, if this process has not just rendered them itself."""
        ahead = self.owed(worker)
        if self.lockstep is None or not self.memory or self._follows == ahead:
            return
        self.forget()
        found: list[tuple[np.ndarray, np.ndarray, int]] = []
        for clip in range(ahead - len(self.done), -1, -len(self.done)):
            if len(found) == self.memory:
                break
            seed = self.seed_at(clip)
            with suppress(BadClip):
                if not self.lockstep.is_bad(clip, ahead):
                    made, stems = self._clip(seed)
                    found.append((stems, np.array(made.present), seed))
        for stems, present, seed in reversed(found):
            self.recall(stems, present, seed)
        self._follows = ahead

    def passed(self, worker: int, good: bool = True) -> None:
        """A worker's next clip is done; with a lockstep also one that cannot be used, which keeps its slot."""
        if self.lockstep is not None:
            self.lockstep.good[self.owed(worker) % self.slots] = good
        if good or self.lockstep is not None:
            self.done[worker] += 1
        self._follows = self.owed(worker)

    def seed_at(self, clip: int) -> int:
        """The seed of a clip by its number in this process."""
        return self.config.seed + self.rank + self.ranks * clip

    def seed_of(self, worker: int, ahead: int = 0) -> int:
        """The seed of the clip that a worker tries next, or so many later: of N workers each has every N-th."""
        return self.seed_at(worker + len(self.tried) * (int(self.tried[worker]) + ahead))

    def note(self, trouble: Trouble) -> None:
        """Take a worker's report; no more clips come if it is the last straw."""
        self.troubles.note(trouble)
        if trouble.kind == "over":
            self.broken = self.broken or trouble.line
        else:
            self.broken = self.broken or self.troubles.too_many(self.usable_so_far, self.config.bad)

    def owed(self, worker: int) -> int:
        """The next clip of a worker, in the order of the pool's slots: of N workers each has every N-th."""
        return worker + len(self.done) * int(self.done[worker])

    def due(self, worker: int = 0) -> bool:
        """Whether a worker's next clip is due: the pool is not full without it, or has been drawn from often enough."""
        if self.lockstep is not None:
            return self.owed(worker) < self.slots + self.lockstep.begin(int(self.drawn))
        return self.owed(worker) < self.slots + int(self.drawn) / self.config.reuse

    def behind(self) -> bool:
        """Whether the clips that crops may be drawn from are not all there, or have been drawn too often."""
        if self.lockstep is not None:
            return self.ready < self.lockstep.end(int(self.drawn))
        return int(self.drawn) > self.config.reuse * self.written


class Supply:
    """Renders the clips of one worker into its pool, in the caller's process.

    Args:
        tell: called with every trouble.
    """

    def __init__(self, pool: Rendering, worker: int, tell: Callable[[Trouble], None]) -> None:
        self.pool, self.worker, self.tell = pool, worker, tell
        self.patience = Patience(pool.config.patience)
        self.waited = False

    def next(self) -> bool:
        """Try one clip; whether it is in the pool now. Where the source fails it waits, and tells so."""
        pool, worker = self.pool, self.worker
        seed = pool.seed_of(worker)
        pool.tried[worker] += 1
        if origin_of(pool.source, seed) in pool.avoided:
            self.tell(Trouble("bad", "", "avoided"))
            return False
        try:
            pool.follow(worker)
            pool.render(seed - pool.config.seed, pool.owed(worker) % pool.slots)
        except BadClip as error:
            self.tell(Trouble("bad", str(error), error.origin))
            pool.passed(worker, good=False)
            return False
        except Exception as error:
            self._failed(error)
            return False
        pool.passed(worker)
        if self.waited:
            self.waited = False
            self.tell(Trouble("back", "clips can be rendered again"))
        self.patience.succeeded()
        return True

    def _failed(self, error: Exception) -> None:
        kind = "" if isinstance(error, MsgldError) else type(error).__name__
        reason = " ".join(": ".join(filter(None, (kind, str(error)))).split())
        gone = missing_file(self.pool.source)
        if gone is not None:
            # Other clips would come of the sources that are left: the run would go on with other data.
            self.pool.tried[self.worker] -= 1
            reason = f"{gone} is gone or out of reach"
        elif self.pool.lockstep is not None:
            self._again(error)
        pause = self.patience.failed(gone is not None or isinstance(error, _PASSING), gone is not None)
        if pause is None:
            self.tell(Trouble("over", f"no clip can be rendered: {reason}"))
        elif pause:
            self.waited = True
            wait = f"waiting for clips, up to {self.patience.seconds:.0f} s"
            self.tell(Trouble("waiting", f"{wait}: none can be rendered now ({reason})"))
            time.sleep(pause)
        else:
            self.tell(Trouble("failed", f"a clip is left out: {reason}"))

    def _again(self, error: Exception) -> None:
        """Try the same clip again, as the clips of a run of steps do not depend on chance; at last it is unusable."""
        if self.patience.row >= TRIES and not isinstance(error, OSError):
            self.pool.passed(self.worker, good=False)
        else:
            self.pool.tried[self.worker] -= 1


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
