"""How a pool comes by its clips: bad ones are passed over, failing sources are tried again, for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import soundfile
from torch import Tensor

from msgld.data.source import BadClip, Source, missing_file, origin_of
from msgld.errors import MsgldError
from msgld.training.pool.troubles import Patience, Trouble


class Supplied(Protocol):
    """What is supplied: see :class:`msgld.training.pool.pool.Pool`, which has these."""

    config: Any
    source: Source
    slots: int
    tried: Tensor
    done: Tensor
    avoided: set[str]

    def seed_of(self, worker: int, ahead: int = 0) -> int: ...  # noqa: D102

    def owed(self, worker: int) -> int: ...  # noqa: D102

    def render(self, index: int, slot: int | None = None) -> None: ...  # noqa: D102


_PASSING = (MsgldError, OSError, MemoryError, soundfile.SoundFileError)
"""What may be over in a moment, as a network drive that is away. Anything else is a fault of the source."""


class Supply:
    """Renders the clips of one worker into its pool, in the caller's process.

    Args:
        tell: called with every trouble.
    """

    def __init__(self, pool: Supplied, worker: int, tell: Callable[[Trouble], None]) -> None:
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
            pool.render(seed - pool.config.seed, pool.owed(worker) % pool.slots)
        except BadClip as error:
            self.tell(Trouble("bad", str(error), error.origin))
            return False
        except Exception as error:
            self._failed(error)
            return False
        pool.done[worker] += 1
        if self.waited:
            self.waited = False
            self.tell(Trouble("back", "clips can be rendered again"))
        self.patience.succeeded()
        return True

    def _failed(self, error: Exception) -> None:
        reason = " ".join((str(error) if isinstance(error, MsgldError) else _described(error)).split())
        gone = missing_file(self.pool.source)
        if gone is not None:
            # Other clips would come of the sources that are left: the run would go on with other data.
            self.pool.tried[self.worker] -= 1
            reason = f"{gone} is gone or out of reach"
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


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
