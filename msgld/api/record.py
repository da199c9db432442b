"""The part of ``run.json`` that says how a result came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from msgld.api.options import Options
from msgld.api.versions import versions
from msgld.diffusion.sampling import Sampling
from msgld.model import Model


def describe(
    model: Model,
    weights: Mapping[str, str],
    task: str,
    options: Options,
    sampling: Sampling,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Model, task, seed, settings, device and versions, ready for JSON.

    Args:
        model: that made the result.
        weights: part -> sha256 of its file.
        task: its name.
        options: as given.
        sampling: as used.
        extra: the task's own settings.
    """
    settings = asdict(sampling)
    seed = settings.pop("seed")
    return {
        "task": task,
        "model": model.name,
        "weights": dict(weights),
        "seed": seed,
        "settings": {"quality": options.quality, **settings, **extra},
        "device": str(model.device),
        "half": model.half,
        "versions": versions(),
    }
