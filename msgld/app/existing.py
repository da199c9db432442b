"""Results that are there already: to be skipped, replaced, or left alone with a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgld.errors import AudioWriteError
from msgld.results.folder import holds_result
from msgld.results.naming import Names


def is_done(folder: Path, names: Names, song: Path, existing: str, wanted: set[str]) -> bool:
    """Whether a song is to be skipped.

    Args:
        existing: what to do where there is a result already: ``refuse``, ``skip`` or ``overwrite``.
        wanted: what is asked for, as stem and ending: ``bass.wav``.

    Raises:
        AudioWriteError: there is a result, and nobody said what to do about it, or it is not the one asked for.
    """
    if existing == "overwrite" or not holds_result(folder, names):
        return False
    record = folder / names.record
    where = folder if names.alone else record
    if existing == "refuse":
        raise AudioWriteError(f"{where} exists already; use --skip-existing, --overwrite or another --out")
    if not record.exists():
        raise AudioWriteError(f"{folder} is no finished result: it has no {names.record}; use --overwrite")
    former = _read(record)
    if not _is_of(former, song):
        raise AudioWriteError(f"{where} holds the stems of another song; choose another --out or --overwrite")
    missing = sorted(wanted - _files(former))
    if former and missing:
        raise AudioWriteError(
            f"{where} lacks {missing[0]}: it was made for other stems or another format; use --overwrite"
        )
    return True


def _read(record: Path) -> Mapping[str, Any]:
    """The record; nothing where it cannot be read."""
    try:
        content = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_of(record: Mapping[str, Any], song: Path) -> bool:
    """Whether a record is of this song; yes where it does not say, or the song has been moved."""
    if not isinstance(record.get("input"), str):
        return True
    former = Path(record["input"])
    return former.resolve() == song.resolve() or (former.name == song.name and not former.exists())


def _files(record: Mapping[str, Any]) -> set[str]:
    files = record.get("files")
    if not isinstance(files, dict):
        return set()
    return {f"{stem}{Path(str(path)).suffix}" for stem, path in files.items()}
