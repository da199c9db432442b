"""What no training may hear: songs, accompaniment styles, band styles and band seeds, by name."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

RESERVED_SEED = 1_000_000_000
"""Band seeds from here on are the held-out set's."""

_ACCOMPANIMENT = re.compile(r"^mma_\d+_\d+_(?P<style>.+)$")
"""File names of generated accompaniments end in their style."""


@lru_cache(maxsize=1)
def heldout_names() -> dict[str, tuple[str, ...]]:
    """Return the frozen list: ``songs`` (file names) and ``accompaniment_styles``."""
    text = files("msgld.data").joinpath("heldout.json").read_text(encoding="utf-8")
    return {key: tuple(names) for key, names in json.loads(text).items()}


def is_heldout(name: str) -> bool:
    """Tell whether a song, an accompaniment (by file name) or an accompaniment style is held out."""
    names, path = heldout_names(), PurePosixPath(name.replace("\\", "/"))
    style = _ACCOMPANIMENT.match(path.stem)
    songs = {PurePosixPath(song).stem.lower() for song in names["songs"]}
    return path.stem.lower() in songs or (style["style"] if style else name) in names["accompaniment_styles"]
