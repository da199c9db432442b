"""One server a folder: two would do the same jobs twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgld.studio.errors import Refused


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a folder; Refused where another server has it. The system lets go of it whatever becomes of the process."""
    try:
        file = (folder / ".lock").open("a+b")
    except OSError as error:
        raise Refused(507, f"cannot write to {folder}: {error.strerror or error}") from error
    with file:
        try:
            _hold(file)
        except OSError as error:
            line = f"{folder} is open in another studio: close that one, or choose another folder"
            raise Refused(409, line) from error
        yield


def _hold(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
