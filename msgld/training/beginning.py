"""How every training run begins: its folder locked, its state read, its first clips rendered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgld.data.source import Source, music_seconds
from msgld.errors import TrainingError
from msgld.progress import Progress
from msgld.runtime import keep_freed_memory
from msgld.training.lock import alone
from msgld.training.log import say
from msgld.training.pool import AnyPool, Pool, PoolConfig
from msgld.training.record import check_record, write_record
from msgld.training.state import load_state
from msgld.training.workers import running

Report = Callable[[Progress, dict[str, float]], None]

RENDERING = 0.25
"""Share of a run's time after which steps begin with the clips that are there."""

FEWEST, OVERLAP = 16, 4
"""Slots of a pool, at least; and clips that a stretch as long as one is taken to give, as their beginnings differ."""

NOT_TRAINED = "not trained yet"


def clock() -> float:
    """Seconds that only rise, which a run's time is counted in."""
    return time.monotonic()


@contextmanager
def begun(
    out: Path,
    pool_of: Callable[[PoolConfig], AnyPool],
    config: PoolConfig,
    seed: int,
    source: Source | None = None,
    about: dict[str, Any] | None = None,
) -> Iterator[tuple[AnyPool, dict[str, Any] | None]]:
    """A pool that renders while the block lasts, and the state saved in ``out``, None in a new run.

    A resumed run goes on with clips that it has not heard.

    Args:
        pool_of: makes the run's pool.
        source: of the clips; the pool is no larger than its music needs.
        about: what the run is of; see :func:`check_record`.

    Raises:
        ModelError: the state is damaged. UsageError: it is another run's. TrainingError: another run has the folder.
    """
    since = clock()
    keep_freed_memory()
    with alone(out):
        about = {**(about or {}), **({"stems": source.stems} if source else {})}
        check_record(out, **about)
        saved = load_state(out / "state.pt")
        write_record(out, **about)
        clips = saved["clips"] if saved else config.seed + seed * 10**7
        config = fitting(config, source) if source else config
        with running(pool_of(replace(config, seed=clips))) as pool, _interrupted(out):
            pool.since, pool.spent = since, seconds_of(saved)
            yield pool, saved


@contextmanager
def _interrupted(out: Path) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if not (out / "state.pt").exists():
            say(f"{NOT_TRAINED}: stopped before the first step; the same command begins again")
        raise


def seconds_of(saved: dict[str, Any] | None) -> float:
    """How long a saved run has taken until now."""
    training = saved.get("training", saved) if saved else {}
    return float(training.get("elapsed", 0.0) + training.get("prepared", 0.0))


def fitting(config: PoolConfig, source: Source) -> PoolConfig:
    """The pool with no more slots than the source's music fills with clips that differ, where that is known."""
    seconds = music_seconds(source)
    if seconds is None:
        return config
    clips = int(min(OVERLAP * seconds / config.seconds, config.slots))
    return replace(config, slots=min(config.slots, max(FEWEST, clips)))


def wait_for(pool: Pool, clips: int, report: Report | None, minutes: float | None = None) -> None:
    """Let that many clips be rendered first, or as many as a share of the time allows.

    Args:
        minutes: length of the whole run; None sets no limit.

    Raises:
        TrainingError: no clips come, or nothing sounds in them.
    """
    needed = pool.slots if not pool.config.workers else min(pool.slots, clips)
    begin, limit = clock(), float("inf")
    if minutes is not None and pool.spent >= minutes * 60:
        say("this run's minutes are over already: nothing is trained now, more minutes go on from here")
    if minutes is not None:
        limit = max(0.0, RENDERING * (minutes * 60 - pool.spent) - (begin - pool.since))
    for ready in pool.wait(needed, limit):
        if report:
            report(_rendering(ready, needed, clock() - begin, limit), {})
    if not pool.kept[: len(pool)].any():
        raise TrainingError("nothing sounds in the clips that were rendered: see whether the data are silent")


def _rendering(ready: int, needed: int, passed: float, limit: float) -> Progress:
    """How far the first clips are; all of this takes ``limit`` seconds at most."""
    eta = min(passed / ready * (needed - ready) if ready else float("inf"), max(0.0, limit - passed))
    return Progress(ready, needed, "clips", "rendering", eta if eta < float("inf") else None)
