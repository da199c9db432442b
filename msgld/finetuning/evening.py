"""The evening recipe: which parts are trained on the songs, one after another, for how long, from which model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from msgld.checkpoint import check_parts
from msgld.data.source import Source
from msgld.description import read_description
from msgld.progress import OnProgress, Progress
from msgld.training.folder import MODEL
from msgld.training.parts import find
from msgld.training.recipe import AnyRecipe
from msgld.training.run import run_part

RECIPE = "evening"
"""Name of each part's recipe."""

SOUND = {"denoiser": 0.2, "refiner": 0.6}
"""Parts that learn from the sound of the songs, in this order, and their fractions of the time."""

NOTES = {"score": 0.1}
"""Parts that learn from their notes. The rest of the time measures and listens."""


@dataclass(frozen=True)
class Evening:
    """The runs of an evening, each in a folder of its own in ``out``; a run that is over is not begun again.

    Attributes:
        out: folder of all.
        minutes: of the whole evening.
        device: to train on.
        seed: of the clips and the batches.
        on_progress: called with the progress of the evening.
    """

    out: Path
    minutes: float
    device: torch.device
    seed: int = 0
    on_progress: OnProgress | None = None

    def train(self, fractions: dict[str, float], start: Path, source: Source, done: float = 0.0) -> Path:
        """Train parts one after another, each on the model that the one before it made; the last model's folder.

        Args:
            fractions: part -> fraction of the evening.
            start: folder of the model to begin with.
            source: of clips, or of scores.
            done: fraction of the evening that is over.
        """
        for part, fraction in fractions.items():
            start = self._part(part, fraction, start, source, done)
            done += fraction
        return start

    def _part(self, part: str, fraction: float, start: Path, source: Source, done: float) -> Path:
        folder, over = self.out / part, self.out / part / "over"
        recipe = recipe_of(part, start)
        if recipe is None:
            return start
        if not over.exists():
            design, _ = find(part, recipe)
            trained = design(recipe, folder, start, None, self.device, self.seed)
            run_part(trained, source, self.minutes * fraction, self._shown(fraction, done))
            over.touch()
        return folder / MODEL

    def _shown(self, fraction: float, done: float) -> OnProgress | None:
        """Reports of a run as reports of the evening."""
        if self.on_progress is None:
            return None
        shown, whole = self.on_progress, self.minutes * 60

        def show(progress: Progress) -> None:
            part = progress.done / progress.total if progress.stage == "training" and progress.total else 0.0
            over = whole * (done + fraction * part)
            shown(replace(progress, done=round(over), total=round(whole), unit="s", eta=whole - over))

        return show


def recipe_of(part: str, folder: Path) -> AnyRecipe | None:
    """The recipe of a part for a model's network, whatever its size; None where the model has no such part."""
    network = check_parts(read_description(folder)).get("composer" if part == "score" else part)
    return None if network is None else replace(find(part, RECIPE)[1], network=network)
