"""Which sound files are results of this program: those that a result's record lists, whatever they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_KEYS = {"task", "model", "files", "versions"}
"""What every record has; other programs' JSON files do not."""

_LARGEST = 1 << 20
_DEPTH = 4
"""How far below its result's folder a record may lie, as patterns such as ``{stem}/{track}.{ext}`` have it."""


def own_files(jsons: Iterable[Path]) -> set[Path]:
    """The files, resolved, that the records among some JSON files list."""
    found: set[Path] = set()
    for path in jsons:
        found |= _listed(path.resolve())
    return found


def own_among(files: Iterable[Path]) -> set[Path]:
    """Those of some files, resolved, that records beside or above them list."""
    parents = dict.fromkeys(parent for file in files for parent in file.resolve().parents[:_DEPTH])
    return own_files(path for parent in parents for path in _records_in(parent))


def own_files_below(folder: Path, jsons: Iterable[Path]) -> set[Path]:
    """The same for a folder: by records inside of it (``jsons``), and by those above that reach into it."""
    above = [folder.resolve(), *folder.resolve().parents][1 : _DEPTH + 1]
    return own_files([*jsons, *(path for parent in above for path in _records_in(parent))])


def _records_in(folder: Path) -> list[Path]:
    try:
        return [*folder.glob("*.json"), *folder.glob("run/*.json")]
    except OSError:
        return []


def _listed(record: Path) -> set[Path]:
    listed = [Path(name) for name in _read(record).values() if isinstance(name, str)]
    for base in record.parents[:_DEPTH]:
        files = {(base / name).resolve() for name in listed}
        if any(file.is_file() for file in files):
            return files
    return set()


def _read(record: Path) -> Mapping[str, Any]:
    """The files that a record lists; nothing where it is no record."""
    try:
        content = json.loads(record.read_text("utf-8")) if record.stat().st_size <= _LARGEST else {}
    except (OSError, ValueError, RecursionError):
        return {}
    files = content.get("files") if isinstance(content, dict) and content.keys() >= _KEYS else None
    return files if isinstance(files, dict) else {}
