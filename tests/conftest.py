"""Results do not depend on the machine: one thread for everything, as tensors are small, and no soundfonts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Set before anything imports torch, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Processes that tests start keep what they compiled, for the next ones.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

for _name in ("XDG_DATA_HOME", "XDG_DATA_DIRS"):
    os.environ[_name] = str(Path(__file__).parent / "nowhere")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, so that no process is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def no_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before a run's steps takes no time, so that its minutes are those of its steps."""
    for module in ("run", "pool.filling"):
        monkeypatch.setattr(f"msgld.training.{module}.clock", lambda: 0.0)
