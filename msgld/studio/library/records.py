"""Small JSON files that are replaced as a whole."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

LARGEST = 32 << 20
"""Bytes of a record that is read."""


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file by JSON, at once or not at all. OSError where the disk refuses."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    unfinished = path.parent / f".{uuid.uuid4().hex}.part"
    try:
        unfinished.write_bytes(text.encode(errors="backslashreplace"))
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON object, or too large.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is too large")
    try:
        content = json.loads(path.read_text("utf-8"))
    except RecursionError as error:
        raise ValueError(f"{path.name} is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no JSON object")
    return content
