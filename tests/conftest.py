"""One thread for everything: the tensors of the tests are small, and results do not depend on the machine."""

from __future__ import annotations

import os

# Set before anything imports torch, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


@pytest.fixture
def no_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before a run's steps takes no time, so that its minutes are those of its steps."""
    for module in ("beginning", "disk"):
        monkeypatch.setattr(f"msgld.training.{module}.clock", lambda: 0.0)
