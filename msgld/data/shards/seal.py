"""Checksums of shards: compared once, and remembered until a file changes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgld.data.shards.container import Shard, digest_of, write_json
from msgld.progress import Meter, OnProgress

Stamp = tuple[int, int]
"""Size and time of change of a file."""


def stamp(facts: os.stat_result) -> Stamp:
    """The stamp of a file."""
    return facts.st_size, facts.st_mtime_ns


def verify(
    folder: Path, shards: Sequence[Shard], cache: Path | None = None, on_progress: OnProgress | None = None
) -> tuple[dict[str, Stamp], dict[str, str]]:
    """Compare the shards of a folder with their checksums.

    Args:
        folder: of the shards.
        shards: what they should be.
        cache: a folder that remembers which were right; None remembers nothing.
        on_progress: called with the megabytes done.

    Returns:
        The stamps of those that are right, and of the others what is wrong with them.
    """
    store = _Store(folder, cache)
    meter = Meter(sum(shard.size for shard in shards) / 1e6, "MB", "verifying shards", on_progress)
    stamps, wrong = dict[str, Stamp](), dict[str, str]()
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for shard, (found, fault) in zip(shards, pool.map(store.check, shards), strict=True):
            if fault:
                wrong[shard.name] = fault
            else:
                stamps[shard.name] = found
            meter.advance(shard.size / 1e6)
    store.keep({shard.name: (*stamps[shard.name], shard.sha256) for shard in shards if shard.name in stamps})
    return stamps, wrong


class _Store:
    """Shards that were right, on the disk; a cache, so failures to read or write it are ignored."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self.folder = folder
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        self._path = cache / "verified" / f"{name}.json" if cache else None
        self._known: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            content = json.loads(self._path.read_text("utf-8")) if self._path else {}
            self._known = content if isinstance(content, dict) else {}

    def check(self, shard: Shard) -> tuple[Stamp, str]:
        """The stamp of a shard, and what is wrong with it; empty if nothing is."""
        path = self.folder / shard.name
        try:
            found = stamp(path.stat())
            if found[0] != shard.size:
                return found, f"has {found[0]} bytes instead of {shard.size}: copy it again"
            if self._known.get(shard.name) != [*found, shard.sha256] and digest_of(path) != shard.sha256:
                return found, "has a wrong checksum: copy it again"
        except FileNotFoundError:
            return (0, 0), "is missing: copy it again"
        except OSError as error:
            return (0, 0), f"cannot be read ({error.strerror})"
        return found, ""

    def keep(self, facts: dict[str, tuple[int, int, str]]) -> None:
        """Remember the shards that are right."""
        if self._path is not None:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_json(self._path, facts)
