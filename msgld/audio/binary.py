"""The bytes of sound files: numbers in them, and stretches of them as files."""

from __future__ import annotations

import io
import mmap
from pathlib import Path

Data = bytes | mmap.mmap
"""The bytes of a file; a mapped file is read only where it is accessed."""


def big(data: Data, at: int, size: int = 4) -> int:
    """The unsigned big-endian number in ``size`` bytes from ``at`` on."""
    return int.from_bytes(data[at : at + size], "big")


def little(data: Data, at: int, size: int = 4) -> int:
    """The unsigned little-endian number in ``size`` bytes from ``at`` on."""
    return int.from_bytes(data[at : at + size], "little")


class Window(io.RawIOBase):
    """Bytes of a file as a file of their own, some of them replaced.

    Args:
        path: of the file.
        start: first byte.
        stop: end of the bytes.
        patch: bytes that are read instead of the file's own.
        patch_at: their place in the window.
    """

    def __init__(self, path: Path, start: int, stop: int, patch: bytes = b"", patch_at: int = 0) -> None:
        self._file = path.open("rb")
        self._start, self._length, self._place = start, stop - start, 0
        self._patch, self._patch_at = patch, patch_at

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with the next bytes; returns how many there were."""
        view = memoryview(buffer).cast("B")[: max(0, self._length - self._place)]
        self._file.seek(self._start + self._place)
        count = self._file.readinto(view)
        for index, byte in enumerate(self._patch, self._patch_at - self._place):
            if 0 <= index < count:
                view[index] = byte
        self._place += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as files do."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The current place."""
        return self._place

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
