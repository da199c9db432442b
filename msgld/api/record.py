"""What a result's record says of how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgld.api.options import Options
from msgld.api.versions import versions
from msgld.model import Model
from msgld.tasks.noise_maps import Settings


def describe(
    model: Model,
    weights: Mapping[str, str],
    task: str,
    options: Options,
    settings: Settings,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Model, task, seed, settings, device and versions, ready for JSON.

    Args:
        weights: part -> sha256 of its file. settings: as they were used. extra: the task's own settings.
    """
    return {
        "task": task,
        "model": model.name,
        "weights": dict(weights),
        "seed": options.seed,
        "settings": {
            "quality": options.quality,
            "steps": settings.steps,
            "guidance": settings.guidance,
            "style_guidance": settings.style_guidance,
            "sampler": settings.sampler,
            "eta": settings.eta,
            "iterations": settings.iterations,
            **extra,
        },
        "device": str(model.device),
        "half": model.half,
        "versions": versions(),
    }
