"""What a folder of shards says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.data.shards import SET, SONGS, VERSION
from msgld.errors import DataError


@dataclass(frozen=True)
class Prepared:
    """What became of a set.

    Attributes:
        folder: of the shards.
        songs: in them.
        seconds: of all songs together.
        stems: songs that have each stem.
        size: of all shards in bytes.
        set_aside: files that could not be used.
        left_out: songs that are not in the shards.
        findings: songs and files that something was said about.
    """

    folder: Path
    songs: int
    seconds: float
    stems: dict[str, int]
    size: int
    set_aside: int
    left_out: int
    findings: int


def is_shards(path: Path) -> bool:
    """Whether a folder holds finished shards."""
    return (path / SET).is_file() and (path / SONGS).is_file()


def summary(folder: Path) -> Prepared:
    """What a folder of shards holds, by its ``set.json``.

    Raises:
        DataError: it cannot be read.
    """
    facts = read_set(folder)
    return Prepared(folder, **facts["summary"])


def read_set(folder: Path) -> dict[str, Any]:
    """The content of ``set.json``.

    Raises:
        DataError: it is missing, damaged, or of another version.
    """
    path = folder / SET
    try:
        facts = json.loads(path.read_text("utf-8"))
        if facts["version"] == VERSION:
            return dict(facts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged: prepare the set again, into another folder") from error
    raise DataError(f"{path} is of another version: prepare the set again with this one")
