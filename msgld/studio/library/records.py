"""Small JSON files that are replaced as a whole."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LARGEST = 32 << 20
"""Bytes of a record that is read."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file by JSON, at once or not at all. OSError where the disk refuses."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    with replacing(path) as unfinished:
        unfinished.write_bytes(text.encode(errors="replace"))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to; what is there at the end of the block takes the place of a file, at once or not at all."""
    unfinished = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def next_number(counter: Path, taken: Iterable[int]) -> int:
    """A number above all that are taken, and above all that this ever gave: what was deleted does not come back.

    Args:
        counter: a file that keeps the last one.
        taken: numbers that are in use.
    """
    last = 0
    with suppress(OSError, ValueError, KeyError, TypeError):
        last = int(read_json(counter)["last"])
    number = 1 + max([last, *taken])
    write_json(counter, {"last": number})
    return number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON object, or too large.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is too large")
    try:
        text = path.read_text("utf-8")
        content = json.loads(text, parse_constant=_refuse)
        if _SURROGATE.search(text):
            json.dumps(content, ensure_ascii=False).encode()  # half of a pair cannot be sent
    except RecursionError as error:
        raise ValueError(f"{path.name} is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no JSON object")
    return content
