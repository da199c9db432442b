"""The log of a run: JSON lines, TensorBoard if it is installed, and remarks to the user."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

_LOGGER = logging.getLogger("msgld.training")


def say(line: str) -> None:
    """Say something about a run in one line: on standard error, unless the caller has set up ``logging``."""
    _LOGGER.warning("%s", line)


class RunLog:
    """Writes ``log.jsonl`` and TensorBoard events into a run's folder; figures are averaged over ``every`` steps."""

    def __init__(self, folder: Path, every: int = 20) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _mend(folder / "log.jsonl")
        self.file: TextIO = open(folder / "log.jsonl", "a", encoding="utf-8")  # noqa: SIM115
        self.every = every
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.steps = 0
        self.board = _tensorboard(folder)

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

    def close(self) -> None:
        """Flush and close."""
        self.file.close()
        if self.board is not None:
            self.board.close()


def _mend(path: Path) -> None:
    """Cut off a line that a crash or a full disk has left unfinished."""
    data = path.read_bytes() if path.exists() else b""
    if data and not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))
