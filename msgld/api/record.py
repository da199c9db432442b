"""How a result came about, for ``run.json``. Imports nothing heavy."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.options import Options
from msgld.diffusion.settings import Sampling

if TYPE_CHECKING:
    from msgld.model import Model
    from msgld.music.conditions import Conditions


def describe(
    model: Model,
    weights: Mapping[str, str],
    task: str,
    options: Options,
    sampling: Sampling | None,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Model, task, seed, settings, device and versions, ready for JSON.

    Args:
        model: that made the result.
        weights: part -> sha256 of its file.
        task: its name.
        options: as given.
        sampling: as used; None for a task that samples nothing.
        extra: the task's own settings.
    """
    settings = {} if sampling is None else asdict(sampling)
    seed = settings.pop("seed", options.seed)
    return {
        "task": task,
        "model": model.name,
        "weights": dict(weights),
        "seed": seed,
        "settings": {"quality": options.quality, **settings, **extra},
        "device": str(model.device),
        "half": model.half,
        "quantised": model.quantised,
        "versions": versions(),
    }


def conditions_record(conditions: Conditions) -> dict[str, Any]:
    """Conditions for ``run.json``; nothing where all are open."""
    return {} if conditions.empty else {"conditions": asdict(conditions)}


def write_record(path: Path, run: Mapping[str, Any]) -> None:
    """Write ``run.json``. What is no letter, from file names that are not UTF-8, is escaped as JSON does it."""
    text = json.dumps(run, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_bytes(f"{text}\n".encode(errors="backslashreplace"))


def named_files(*named: object) -> list[str]:
    """The files that entries of a record name: one, or a mapping of them."""
    groups = [one.values() if isinstance(one, Mapping) else [one] for one in named]
    return [path for group in groups for path in group if isinstance(path, str)]


def own_version() -> str:
    """The version of msgld; ``0`` where it runs from a folder that was never installed."""
    try:
        return version("msgld")
    except PackageNotFoundError:
        return "0"


def versions() -> dict[str, str]:
    """Versions of everything that a result may depend on."""
    packages = {name: version(name) for name in ("torch", "numpy", "soxr", "soundfile")}
    return {"msgld": own_version(), "python": platform.python_version(), **packages}
