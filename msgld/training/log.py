"""The log of a run: JSON lines, TensorBoard if it is installed, trackio by choice, and remarks to the user."""

from __future__ import annotations

import json
import logging
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from msgld.errors import UsageError
from msgld.files import write_whole
from msgld.ranges import look_up

_LOGGER = logging.getLogger("msgld.training")


def say(line: str) -> None:
    """Say something about a run in one line: on standard error, unless the caller has set up ``logging``."""
    _LOGGER.warning("%s", line)


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is said while the block lasts, as another process says it."""
    former, _LOGGER.disabled = _LOGGER.disabled, True
    try:
        yield
    finally:
        _LOGGER.disabled = former


class RunLog:
    """Writes ``log.jsonl`` and TensorBoard events into a run's folder; figures are averaged over ``every`` steps.

    Args:
        folder: of the run.
        every: steps that an entry averages.
        since: number of the step that the run goes on from; entries of later steps are removed. None keeps all.
        tracker: see :func:`check_tracker`.
    """

    def __init__(
        self, folder: Path, every: int = 20, since: int | None = None, tracker: str | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _mend(folder / "log.jsonl")
        if since is not None:
            _cut(folder / "log.jsonl", since)
        self.file: TextIO = open(folder / "log.jsonl", "a", encoding="utf-8")  # noqa: SIM115
        self.every = every
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.steps = 0
        self.board, self.tracker = _tensorboard(folder, since), _tracker(tracker, folder)

    def add(self, values: Mapping[str, float]) -> dict[str, float] | None:
        """Take one step's figures, except those that are not finite; every so often return their means.

        A figure that was never finite has no mean.
        """
        for name, value in values.items():
            if math.isfinite(value):
                self.sums[name] = self.sums.get(name, 0.0) + value
                self.counts[name] = self.counts.get(name, 0) + 1
        self.steps += 1
        if self.steps < self.every:
            return None
        means = {name: value / self.counts[name] for name, value in self.sums.items()}
        self.sums, self.counts, self.steps = {}, {}, 0
        return means

    def write(self, number: int, values: Mapping[str, float]) -> None:
        """Write figures of a step."""
        rounded: dict[str, Any] = {name: round(value, 5) for name, value in values.items()}
        self.file.write(json.dumps({"step": number, **rounded}) + "\n")
        self.file.flush()
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(name, value, number)
        if self.tracker is not None:
            self.tracker.log(dict(values), step=number)

    def state_dict(self) -> dict[str, Any]:
        """The steps of the next entry so far."""
        return {"sums": dict(self.sums), "counts": dict(self.counts), "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Inverse of :meth:`state_dict`."""
        self.sums, self.counts, self.steps = dict(state["sums"]), dict(state["counts"]), state["steps"]

    def close(self) -> None:
        """Flush and close."""
        self.file.close()
        if self.board is not None:
            self.board.close()
        if self.tracker is not None:
            self.tracker.finish()


class NoLog(RunLog):
    """The log of a process that is not the first of its run: the means, for no one."""

    def __init__(self, every: int) -> None:
        self.every, self.steps = every, 0
        self.sums, self.counts = {}, {}

    def write(self, number: int, values: Mapping[str, float]) -> None:
        """Write nothing."""

    def close(self) -> None:
        """Nothing is open."""


def _mend(path: Path) -> None:
    """Cut off a line that a crash or a full disk has left unfinished."""
    data = path.read_bytes() if path.exists() else b""
    if data and not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


def _cut(path: Path, since: int) -> None:
    """Remove the entries of steps after ``since``: the run takes them again."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    kept = [line for line in lines if _step_of(line) <= since]
    if len(kept) < len(lines):
        write_whole(path, "".join(kept).encode())


def _step_of(line: str) -> int:
    """The step of an entry; that of a damaged one is 0."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return 0


def _tensorboard(folder: Path, since: int | None) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    # Events of steps that are taken again are hidden.
    return SummaryWriter(str(folder / "tensorboard"), purge_step=None if since is None else since + 1)


def check_tracker(name: str | None) -> None:
    """Check that a tracker of experiments can be used beside the log.

    Args:
        name: ``trackio``, whose runs are kept on this machine, or None.

    Raises:
        UsageError: there is none of that name, or it is not installed.
    """
    if name is None:
        return
    look_up("tracker", name, {"trackio": None})
    if find_spec(name) is None:
        raise UsageError(f"{name} is not installed: pip install {name}")


def _tracker(name: str | None, folder: Path) -> Any:
    """An open run of a tracker, named after the run's folder; one that went on before goes on."""
    if name is None:
        return None
    check_tracker(name)
    import trackio

    place = folder.resolve()
    with redirect_stdout(sys.stderr):
        return trackio.init(project="msgld", name=place.name, resume="allow", embed=False)
