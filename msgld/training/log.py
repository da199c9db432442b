"""Where a run's figures go: a JSON line a step, TensorBoard if it is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO


class RunLog:
    """Writes ``log.jsonl`` and TensorBoard events into a run's folder; figures are averaged over ``every`` steps."""

    def __init__(self, folder: Path, every: int = 20) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file: TextIO = open(folder / "log.jsonl", "a", encoding="utf-8")  # noqa: SIM115
        self.every = every
        self.sums: dict[str, float] = {}
        self.count = 0
        self.board = _tensorboard(folder)

    def add(self, number: int, values: dict[str, float]) -> dict[str, float] | None:
        """Take one step's figures; every so often write their mean and return it."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1
        if self.count < self.every:
            return None
        means = {name: value / self.count for name, value in self.sums.items()}
        self.sums, self.count = {}, 0
        self.write(number, means)
        return means

    def write(self, number: int, values: dict[str, float]) -> None:
        """Write figures of a step at once."""
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


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))
