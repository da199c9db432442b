"""How large a run's pool is, and how long the run waits for its first clips."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from msgld.data.source import Source, music_seconds
from msgld.errors import TrainingError
from msgld.progress import OnProgress, Progress
from msgld.training.log import say
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig

RENDERING = 0.25
"""Fraction of a run's time after which steps begin with the clips that are ready."""

FEWEST, OVERLAP = 16, 4
"""Slots of a pool, at least; and clips that a stretch of music as long as one clip gives, as their starts differ."""


def clock() -> float:
    """Seconds that only rise; a run's time is counted in them."""
    return time.monotonic()


def fitting(config: PoolConfig, source: Source) -> PoolConfig:
    """The pool with no more slots than the source's music fills with clips that differ, where that is known."""
    seconds = music_seconds(source)
    if seconds is None:
        return config
    clips = int(min(OVERLAP * seconds / config.seconds, config.slots))
    return replace(config, slots=min(config.slots, max(FEWEST, clips)))


def wait_for(
    pool: Pool, clips: int, on_progress: OnProgress | None = None, minutes: float | None = None
) -> None:
    """Wait for a pool's first clips, or for as many as a fraction of the time allows.

    Args:
        clips: needed before the first step; a lockstep knows itself.
        on_progress: called now and then.
        minutes: length of the whole run; None sets no limit.

    Raises:
        TrainingError: no clips come, or all are silent.
    """
    needed = pool.slots if not pool.config.workers else min(pool.slots, clips)
    begin, limit = clock(), math.inf
    if pool.lockstep is not None:
        needed = pool.lockstep.end(int(pool.drawn)) - pool.lockstep.begin(int(pool.drawn))
    if minutes is not None and pool.spent >= minutes * 60:
        say("this run's minutes are over already: nothing is trained now, more minutes go on from here")
    if minutes is not None:
        limit = max(0.0, RENDERING * (minutes * 60 - pool.spent) - (begin - pool.since))
    for ready in pool.wait(needed, limit):
        if on_progress:
            passed = clock() - begin  # the first clips take ``limit`` seconds at most
            eta = min(passed / ready * (needed - ready) if ready else math.inf, max(0.0, limit - passed))
            on_progress(Progress(ready, needed, "clips", "rendering", eta if eta < math.inf else None))
    if not pool.kept[pool.usable()].any():
        raise TrainingError("all clips that were rendered are silent: check the data")
