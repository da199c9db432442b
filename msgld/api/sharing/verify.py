"""Whether the files of a model are those that its ``model.json`` names. Nothing is loaded from them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from msgld.description import read_description
from msgld.errors import ModelError
from msgld.progress import CancelToken, Meter, OnProgress

_CHUNK = 1 << 22
_HEADER = 1 << 24
"""Most bytes of the header of a file that is read."""


def check_folder(
    folder: Path, on_progress: OnProgress | None = None, cancel: CancelToken | None = None
) -> dict[str, Any]:
    """The description of a model all of whose files are whole.

    Raises:
        ModelError: one is missing, cut short or damaged; the line names it.
    """
    description = read_description(folder)
    for fault in faults(folder, description, on_progress, cancel).values():
        raise ModelError(fault)
    return description


def faults(
    folder: Path,
    description: dict[str, Any],
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, str]:
    """What is wrong with a model's files.

    Args:
        folder: of the model.
        description: its ``model.json``.
        on_progress: called with the number of bytes read.
        cancel: stops it.

    Returns:
        Name of a file -> one line.

    Raises:
        Cancelled: ``cancel`` was set.
    """
    paths = {part: folder / file_of(part) for part in description["parts"]}
    meter = Meter(sum(map(_size, paths.values())), "bytes", "verifying", on_progress, cancel)
    found = {
        path.name: _fault(path, description["parts"][part]["sha256"], meter) for part, path in paths.items()
    }
    return {name: line for name, line in found.items() if line}


def file_of(part: str) -> str:
    """The name of the file of a part."""
    return f"{part}.safetensors"


def _fault(path: Path, sha256: str, meter: Meter) -> str | None:
    if not path.is_file():
        return f"cannot read {path}: there is no such file; get the model again"
    try:
        with open(path, "rb") as file:
            stated = stated_size(file.read(_HEADER))
            size = _size(path)
            if stated is not None and size < stated:
                return f"{path} is cut short ({size:,} of {stated:,} bytes); get the model again"
            file.seek(0)
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                meter.advance(len(chunk))
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
    if digest.hexdigest() != sha256:
        return f"{path} is damaged (its sha256 is not the one in model.json); get the model again"
    return None


def stated_size(head: bytes) -> int | None:
    """The size that a safetensors file states in its head; None where it states none."""
    length = int.from_bytes(head[:8], "little")
    try:
        entries = json.loads(head[8 : 8 + length])
        ends = [entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"]
        return 8 + length + max(ends, default=0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
