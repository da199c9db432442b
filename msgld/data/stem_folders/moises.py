"""MoisesDB (Pereira et al., 2023, arXiv:2307.15913): a folder a song, with ``data.json`` and a folder a stem.

``data.json`` lists the stems, and of each stem its tracks: ``<stemName>/<id>.<extension>``. The sum of its tracks is
the stem, and the sum of the stems is the song.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from msgld.data.stem_folders import Listed
from msgld.data.stem_folders.words import vocabulary, words_of
from msgld.errors import DataError

_DESCRIPTION = "data.json"
_NAME = re.compile(r"[\w-]{1,64}")
_PERCUSSION = "percussion"


def is_moises(folder: Path) -> bool:
    """Whether a folder is a song of MoisesDB."""
    try:
        return all("stemName" in stem for stem in _described(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def moises_tracks(folder: Path, stems: tuple[str, ...]) -> list[Listed]:
    """The tracks of a song.

    The name of its stem decides: ``other_keys`` are ``other``, for example, and so is any stem that ``stems`` lacks. Of
    the percussion, the pitched one is ``other``, the rest ``drums``.

    Raises:
        DataError: the description is damaged, or it has a stem that this reader does not know.
    """
    try:
        return [
            _track(folder, str(stem["stemName"]), track, stems)
            for stem in _described(folder)
            for track in stem["tracks"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{folder / _DESCRIPTION} is no description of a song of MoisesDB: get it again, or remove it"
        ) from error


def _described(folder: Path) -> list[dict[str, Any]]:
    """The stems as the description lists them."""
    return list(json.loads((folder / _DESCRIPTION).read_text("utf-8"))["stems"])


def _track(folder: Path, name: str, about: dict[str, Any], stems: tuple[str, ...]) -> Listed:
    parts = (name, str(about["id"]), str(about["extension"]))
    if not all(map(_NAME.fullmatch, parts)):  # they become a path
        raise ValueError(parts)
    text = str(about.get("trackType", "")) if name == _PERCUSSION else name
    pitched = name == _PERCUSSION and words_of(text)[:1] == ("pitched",)
    stem = vocabulary(stems).stem(words_of("other" if pitched else name))
    if stem is None:
        raise ValueError(name)
    file = folder / name / f"{parts[1]}.{parts[2]}"
    there = file.is_file()
    return Listed(f"{name}/{file.name}", stem, file if there else None, missing=not there)
