"""Files that are written as a whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name and rename it."""
    write_together({path: data})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together under temporary names, then rename them in their order."""
    temporary = {path.with_name(path.name + ".partial"): path for path in files}
    for unfinished, path in temporary.items():
        with open(unfinished, "wb") as file:
            file.write(files[path])
            file.flush()
            os.fsync(file.fileno())
    for unfinished, path in temporary.items():
        os.replace(unfinished, path)
