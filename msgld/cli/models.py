"""The models that are on this machine, and opening one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.store import SHIPPED, cache_folder, model_folder
from msgld.cli.console import Talk
from msgld.cli.signals import loading
from msgld.description import read_description
from msgld.errors import ModelError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


def open_model(name: str | None, device: str, jobs: int | None, talk: Talk) -> Msgld:
    """Load a model and say on which device it runs."""
    with loading():
        import torch

        from msgld import load

        if jobs:
            torch.set_num_threads(jobs)
        model = load(name, device=device)
    talk.note(f"model {model.name} on {model.model.device}, {torch.get_num_threads()} threads")
    return model


def list_models() -> list[dict[str, Any]]:
    """What can be named with ``--name``: the shipped models, then those in the cache.

    Returns:
        For each ``name``, ``stems``, ``tasks``, ``megabytes`` and ``folder``; or ``error`` where it is damaged.
    """
    folders = [folder for root in (SHIPPED, cache_folder() / "models") for folder in _folders(root)]
    return [_describe(folder) for folder in folders]


def _folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/model.json"))


def _describe(folder: Path) -> dict[str, Any]:
    try:
        about = read_description(folder)
        stems, parts = list(about["stems"]), set(about["parts"])
        size = sum((folder / f"{part}.safetensors").stat().st_size for part in parts)
    except (OSError, ModelError):
        return {"name": folder.name, "folder": folder, "error": "damaged; get it again"}
    # Without a vocoder nothing can be made audible that is not in a song.
    tasks = ["separate", *(["generate", "arrange", "vary", "continue"] if "vocoder" in parts else [])]
    return {
        "name": folder.name, "stems": stems, "tasks": tasks, "megabytes": round(size / 1e6, 1), "folder": folder
    }  # fmt: skip


def default_weights() -> Path:
    """The largest file of the shipped model; ModelError where there is none."""
    folder = model_folder()
    files = sorted(folder.glob("*.safetensors"), key=lambda file: file.stat().st_size)
    if not files:
        raise ModelError(f"no model in {folder}: get the model again")
    return files[-1]
