"""Losses over fixed crops of songs that are not trained on, at every save; each process of a run computes its part."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from msgld.data.source import Source, inner_sources
from msgld.training.part import Part
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig, Stage
from msgld.training.trainer import Trainer

CLIPS, BATCHES, ITEMS = 24, 8, 2
"""Clips that are kept, batches of crops of them, and crops in a batch, as long as those at the run's end."""

SEED = 20_000


def validation_of(source: object) -> Source | None:
    """The songs of a source's split ``validation``, as they are: nothing is done to them; None without such a split.

    A source of one's own has them if it has a method ``validation``, which returns a source or None.
    """
    own = getattr(source, "validation", None)
    if own is not None:
        found: Source | None = own()
        return found
    from msgld.data.source import Mixed

    parts = [one for one in map(validation_of, inner_sources(source)) if one is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    return Mixed([(one, 1.0) for one in parts])


class Validation:
    """Fixed crops of a source, and the losses over them.

    Args:
        part: that is trained.
        source: with the stems of the source that is trained on.

    Raises:
        TrainingError: its clips cannot be rendered.
    """

    def __init__(self, part: Part[Any, Any], source: Source) -> None:
        config: PoolConfig = replace(part.recipe.pool, slots=CLIPS, workers=0, seed=SEED)
        self.pool: Pool = part.pool(source, config)
        self.pool.fill()
        if part.device.type != "cpu":
            self.pool.hold(part.device)

    @torch.no_grad()
    def measure(self, trainer: Trainer[Any]) -> dict[str, float]:
        """Mean losses as ``valid_NAME``, the same however many processes there are. The run goes on as without it."""
        ranks, own = trainer.ranks, {}
        stage = Stage(1.0, ITEMS, trainer.recipe.stage(1.0).frames)
        with trainer.elsewhere(self.pool, replace(trainer.recipe, stages=(stage,))):
            for batch in range(ranks.rank, BATCHES, ranks.count):
                trainer.rng = np.random.default_rng([SEED, batch])
                with torch.compiler.set_stance("force_eager"):
                    losses = trainer.losses(*trainer.next_batch())
                own[batch] = {name: float(value) for name, value in losses.items()}
        return _means(ranks.gathered(own))


def _means(batches: dict[int, dict[str, float]]) -> dict[str, float]:
    """Means of what is finite, always summed in the same order."""
    values = defaultdict(list)
    for batch in sorted(batches):
        for name, value in batches[batch].items():
            if math.isfinite(value):
                values[f"valid_{name}"].append(value)
    return {name: sum(each) / len(each) for name, each in values.items()}
