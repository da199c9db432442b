"""Where models are: in the package, in the user's cache, or in a folder of one's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import platformdirs

from msgld.api.sharing.address import address_of, downloaded
from msgld.errors import ModelError
from msgld.ranges import shown

SHIPPED = Path(__file__).parent.parent / "weights"
"""Folder of the models that come with the package."""

DEFAULT = "small"
"""The model that is used when none is named."""


def cache_folder() -> Path:
    """Where further models are kept: ``MSGLD_CACHE`` if set, else the user's cache folder. It need not exist."""
    chosen = os.environ.get("MSGLD_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("msgld"))


def hub_folder() -> Path:
    """Where models from the Hugging Face Hub are kept. It need not exist."""
    return cache_folder() / "hub"


def model_folder(model: str | Path | None = None) -> Path:
    """The folder of a model. Nothing is downloaded.

    Args:
        model: a name, the path of a folder, ``owner/name`` of a model that was downloaded, or None for the shipped one.

    Raises:
        ModelError: there is none; the line says where it was looked for.
    """
    if not isinstance(model, str | Path | None):
        raise ModelError(f"a model is a name or the path of a folder, not {shown(model)}")
    if isinstance(model, Path) or (model is not None and _holds(os.path.isdir, model)):
        return Path(model)
    if model == "":
        raise ModelError("a model's name is empty: name one, or leave it out for the shipped one")
    name = model or DEFAULT
    if set(name) & {"/", os.sep}:
        return _from_the_hub(name)
    places = [SHIPPED / name, cache_folder() / "models" / name]
    found = [place for place in places if _holds(os.path.isfile, place / "model.json")]
    if not found:
        raise ModelError(
            f"no model {shown(name)}: there is none in {places[0].parent} nor in {places[1].parent}, and no such folder"
        )
    return found[0]


def _from_the_hub(name: str) -> Path:
    """The folder of a model that was downloaded."""
    address = address_of(name)
    if address is None:
        raise ModelError(f"no model {shown(name)}: there is no such folder")
    found = address.find(hub_folder())
    if found is None:
        raise ModelError(
            f"no model {shown(name)}: there is no such folder, and none was downloaded; "
            f"if it is on the Hugging Face Hub: msgld models download {address}"
        )
    return found


def known_models() -> Iterator[tuple[str, Path]]:
    """Name and folder of the models on this machine: the shipped ones, then those in the cache."""
    for root in (SHIPPED, cache_folder() / "models"):
        yield from ((path.parent.name, path.parent) for path in sorted(root.glob("*/model.json")))
    yield from downloaded(hub_folder())


def tasks_of(parts: Collection[str]) -> list[str]:
    """What a model of these parts does."""
    # Without a vocoder only parts of a song can be made audible.
    makes = {"vocoder", "composer"} & set(parts)
    made = ["generate", "arrange", "vary", "extend"] if makes else []
    return ["separate", *made, *(["transcribe"] if "listener" in parts else [])]


def _holds(what: Callable[[str | Path], bool], path: str | Path) -> bool:
    """Whether a path exists; False for an invalid path."""
    try:
        return what(path)
    except (OSError, ValueError):
        return False
