"""Files as a ZIP archive that is sent while it is written, stored as they are."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, cast

_BLOCK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Sink:
    """Takes what is written and gives it away; it cannot be rewound."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def zipped(files: Mapping[str, Path], folder: str) -> Iterator[bytes]:
    """An archive of files, in memory that does not depend on their size.

    Args:
        files: name inside the archive -> file.
        folder: in which they lie inside the archive.
    """
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_STORED) as archive:
        for name, path in files.items():
            info = zipfile.ZipInfo(f"{folder}/{name}", _EPOCH)
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as inside:
                while block := source.read(_BLOCK):
                    inside.write(block)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()
