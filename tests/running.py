"""Short trainings of any part, on any source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgld.data.source import Source
from msgld.progress import OnProgress
from msgld.training.parts import find
from msgld.training.recipe import AnyRecipe
from msgld.training.run import run_part


def train(
    part: str, recipe: str | AnyRecipe, source: Source, out: Path, minutes: float | None = None,
    on_progress: OnProgress | None = None, steps: int | None = None, **options: Any
) -> Path:  # fmt: skip
    """Train a part, or resume its training; the model's folder."""
    design, chosen = find(part, recipe)
    return run_part(design(chosen, out, **options), source, minutes, on_progress, steps=steps)
