"""A task over a set of clips -> figures and a report."""

from __future__ import annotations

from msgld.evaluation.run import TASKS, evaluate

__all__ = ["TASKS", "evaluate"]
