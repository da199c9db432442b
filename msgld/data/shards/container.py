"""A shard's bytes, in the layout of litdata 0.2 (Apache-2.0): a table of places, then the items.

All numbers are unsigned 32-bit integers, little-endian: the number of items n, n + 1 places from the file's start, and
of each item its length and its bytes. So a shard stays below 4 GiB.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from msgld.errors import DataError

INDEX = "index.json"
FULL = 1 << 27
"""Bytes from which on a shard takes no more items."""

_COPY = 1 << 22
_SPEC = '[1, {"type": null, "context": null, "children_spec": []}]'  # a bare item, as torch writes its tree


@dataclass(frozen=True)
class Shard:
    """A finished shard.

    Attributes:
        name: of its file.
        items: in it.
        size: of the file in bytes.
        sha256: of the file, in hexadecimal digits.
    """

    name: str
    items: int
    size: int
    sha256: str


class ShardWriter:
    """Writes items to numbered shards, ``<stem>-00.bin`` and on; each takes its name when it is whole.

    Args:
        folder: of the shards.
        stem: the beginning of their names.
        full: bytes from which on a shard takes no more items.

    Attributes:
        shards: those that are finished.
        items: written so far.
    """

    def __init__(self, folder: Path, stem: str, full: int = FULL) -> None:
        self.folder, self.stem, self.full = folder, stem, full
        self.shards: list[Shard] = []
        self.items = 0
        self._sizes: list[int] = []
        self._payload: IO[bytes] | None = None

    def add(self, item: bytes) -> None:
        """Append an item."""
        if self._payload is None:
            self._payload = self._part("payload").open("w+b")
        self._payload.write(len(item).to_bytes(4, "little"))
        self._payload.write(item)
        self._sizes.append(len(item) + 4)
        self.items += 1
        if self._payload.tell() >= self.full:
            self.finish()

    def finish(self) -> None:
        """Complete the shard that is being written, if there is one."""
        if self._payload is None:
            return
        name, part = f"{self.stem}-{len(self.shards):02}.bin", self._part("part")
        table = header(self._sizes)
        digest, size = hashlib.sha256(table), len(table)
        self._payload.seek(0)
        with part.open("wb") as file:
            file.write(table)
            while data := self._payload.read(_COPY):
                file.write(data)
                digest.update(data)
                size += len(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.folder / name)
        self.shards.append(Shard(name, len(self._sizes), size, digest.hexdigest()))
        self.close()

    def close(self) -> None:
        """Remove what is unfinished."""
        if self._payload is not None:
            with suppress(OSError):  # on a full disk even closing fails
                self._payload.close()
        self._payload, self._sizes = None, []
        for kind in ("payload", "part"):
            self._part(kind).unlink(missing_ok=True)

    def _part(self, kind: str) -> Path:
        return self.folder / f".{self.stem}.{kind}"


def header(sizes: Sequence[int]) -> bytes:
    """The table of a shard with items of these sizes, their lengths included."""
    first = 4 * (len(sizes) + 2)
    places = first + np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    if places[-1] >= 1 << 32:
        raise DataError("a shard would be larger than 4 GiB")
    return np.concatenate([[len(sizes)], places]).astype("<u4").tobytes()


def read_item(file: IO[bytes], number: int) -> bytes:
    """Item ``number`` of an open shard.

    Raises:
        ValueError: the shard is cut short.
    """
    file.seek(4 * (1 + number))
    first, last = np.frombuffer(file.read(8), "<u4").tolist()
    file.seek(first + 4)
    item = file.read(last - first - 4)
    if len(item) != last - first - 4:
        raise ValueError("cut short")
    return item


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def index_of(shards: Sequence[Shard]) -> dict[str, Any]:
    """What litdata's ``index.json`` holds."""
    chunks = [
        {"filename": one.name, "chunk_size": one.items, "chunk_bytes": one.size, "dim": None}
        for one in shards
    ]
    config = {
        "chunk_bytes": FULL, "chunk_size": None, "compression": None, "data_format": ["bytes"],
        "data_spec": _SPEC, "encryption": None, "item_loader": "PyTreeLoader",
    }  # fmt: skip
    return {"chunks": chunks, "config": config}


def write_json(path: Path, content: Any) -> None:
    """Write JSON, in ASCII as names on a disk need not be UTF-8, under a temporary name; then rename."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="ascii") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
