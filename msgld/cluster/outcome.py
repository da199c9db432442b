"""What became of one item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DONE, SKIPPED, FAILED, SET_ASIDE = "done", "skipped", "failed", "set aside"


@dataclass(frozen=True)
class Outcome:
    """What became of one item.

    Attributes:
        end: ``done``, ``skipped``, ``failed`` or ``set aside``.
        facts: for the ledger, as JSON knows them; ``error`` says why an item failed or was set aside.
        extra: for the caller alone; must be small, and is lost when a ledger is read again.
        item: its key.
        attempts: how often it was begun in this run.
    """

    end: str = DONE
    facts: Mapping[str, Any] = field(default_factory=dict)
    extra: Any = None
    item: str = ""
    attempts: int = 1
