"""The held-out set by name, which no training may use: songs, styles, recordings and the band's reserved seeds."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

RESERVED_SEED = 1_000_000_000
"""Band seeds from here on are the held-out set's."""

_ACCOMPANIMENT = re.compile(r"^mma_\d+_\d+_(?:casio|alexis)?(?P<style>.+)$")
"""File names of generated accompaniments end in their style, which may carry the name of its collection."""


@lru_cache(maxsize=1)
def heldout_names() -> dict[str, tuple[str, ...]]:
    """The frozen lists: ``songs`` (file names), ``accompaniment_styles`` and ``recordings`` (of the soundfont)."""
    text = files("msgld.data").joinpath("heldout.json").read_text(encoding="utf-8")
    return {key: tuple(names) for key, names in json.loads(text).items()}


def style_of(name: str) -> str | None:
    """The style of a generated accompaniment by its file name; None for any other file."""
    found = _ACCOMPANIMENT.match(_stem(name))
    return found["style"].lower() if found else None


def is_heldout(name: str) -> bool:
    """Whether a song, an accompaniment (by file name) or an accompaniment style is held out."""
    names = heldout_names()
    songs = {_stem(song).lower() for song in names["songs"]}
    return _stem(name).lower() in songs or (style_of(name) or name) in names["accompaniment_styles"]


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem
