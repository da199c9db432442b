"""Files of sound and of notes by their names, and results of this program among them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

AUDIO = frozenset({
    ".wav", ".wave", ".bwf", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".spx", ".mp3", ".mp2", ".mpga",
    ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd", ".voc", ".m4a", ".m4b", ".m4r", ".aac", ".alac", ".ac3", ".eac3",
    ".dts", ".wma", ".wv", ".ape", ".tta", ".tak", ".mpc", ".dsf", ".amr", ".3gp", ".3g2", ".mka", ".mp4", ".m4v",
    ".mkv", ".mov", ".webm", ".avi", ".wmv", ".mpg", ".mpeg", ".flv",
})  # fmt: skip
"""Endings of sound files inside a folder; a file that is named by itself may have any."""

LOSSLESS = frozenset({".wav", ".wave", ".bwf", ".w64", ".rf64", ".flac", ".aif", ".aiff", ".aifc", ".caf", ".au", ".wv",
                      ".ape", ".tta", ".tak", ".alac"})  # fmt: skip
"""Endings of formats that keep every sample."""

MIDI = (".mid", ".midi")
"""Endings of MIDI files."""

_KEYS = {"task", "model", "files", "versions"}  # what every record has; other programs' JSON files do not

_LARGEST = 1 << 20
_DEPTH = 4
"""How far below its result's folder a record may lie, as patterns such as ``{stem}/{track}.{ext}`` have it."""


def is_hidden(path: PurePath) -> bool:
    """Whether a file or folder is hidden or a by-product: ``._bass.wav``, ``.part``, ``__MACOSX`` of macOS archives."""
    return path.name.startswith(".") or path.name == "__MACOSX"


def is_midi(name: str | PurePath) -> bool:
    """Whether a file is one of notes, by its ending."""
    return PurePath(name).suffix.lower() in MIDI


def sounds(paths: Iterable[Path]) -> Iterator[Path]:
    """The sound files among ``paths``, by their endings; hidden ones are left out."""
    return (path for path in paths if path.suffix.lower() in AUDIO and not is_hidden(path))


def folders(root: Path) -> Iterator[Path]:
    """A folder and all folders below it, sorted, hidden ones left out; links are followed, but never in a circle."""
    seen: set[str] = set()
    for text, names, _ in os.walk(root, followlinks=True):
        real = os.path.realpath(text)
        fresh = real not in seen
        seen.add(real)
        names[:] = sorted(name for name in names if fresh and not is_hidden(Path(name)))
        if fresh:
            yield Path(text)


def own_files(jsons: Iterable[Path]) -> set[Path]:
    """Resolved paths of the files that records among ``jsons`` list."""
    return {file for path in jsons for file in _listed(path.resolve())}


def own_among(files: Iterable[Path]) -> set[Path]:
    """Resolved paths of the files that records beside or above some files list."""
    parents = dict.fromkeys(parent for file in files for parent in file.resolve().parents[:_DEPTH])
    return own_files(path for parent in parents for path in _records_in(parent))


def own_files_below(folder: Path, jsons: Iterable[Path]) -> set[Path]:
    """The same for a folder: by records inside it (``jsons``), and by records above it."""
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
    """The files that a record lists; empty where the file is no record."""
    try:
        content = json.loads(record.read_text("utf-8")) if record.stat().st_size <= _LARGEST else {}
    except (OSError, ValueError, RecursionError):
        return {}
    files = content.get("files") if isinstance(content, dict) and content.keys() >= _KEYS else None
    return files if isinstance(files, dict) else {}
