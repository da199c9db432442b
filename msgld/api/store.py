"""Where models lie: in the package, in the user's cache, or in a folder of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from msgld.errors import ModelError

SHIPPED = Path(__file__).parent.parent / "weights"
"""Folder of the models that come with the package."""

DEFAULT = "small"
"""The model that is used when none is named."""


def cache_folder() -> Path:
    """Where further models are kept: ``MSGLD_CACHE`` if set, else the user's cache folder. It need not exist."""
    chosen = os.environ.get("MSGLD_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("msgld"))


def model_folder(model: str | Path | None = None) -> Path:
    """The folder of a model.

    Args:
        model: a name, the path of a folder, or None for the shipped model.

    Raises:
        ModelError: there is none; the line says where it was looked for.
    """
    if isinstance(model, Path) or (model is not None and Path(model).is_dir()):
        return Path(model)
    name = model or DEFAULT
    places = [SHIPPED / name, cache_folder() / "models" / name]
    found = [place for place in places if (place / "model.json").is_file()]
    if not found:
        raise ModelError(
            f"no model {name!r}: there is none in {places[0]} nor in {places[1]}, and no such folder"
        )
    return found[0]
