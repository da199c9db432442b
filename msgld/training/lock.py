"""One run a folder: a lock of the operating system, which ends with the process that holds it, however that dies."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from msgld.errors import TrainingError
from msgld.training.log import say

NAME = "run.lock"
"""The locked file in a run's folder. It stays there: a lock belongs to an open file, not to a name."""

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
_FAR = 1 << 20
"""Offset of the byte that Windows locks; the holder's line before it stays readable."""

if sys.platform == "win32":
    import msvcrt

    def _acquire(file: BinaryIO) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _release(file: BinaryIO) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _acquire(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)


@contextmanager
def alone(folder: Path, doing: str = "training") -> Iterator[None]:
    """Hold a run's folder, which is made if need be, while the block lasts.

    Args:
        folder: of the run.
        doing: what the run does, for messages.

    Raises:
        TrainingError: another run holds it, in this process or another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Not "w": the holder's line must survive another process's try.
    with open(folder / NAME, "a+b", buffering=0) as file:
        held = _try(file, folder, doing)
        with suppress(OSError):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)
            if held:
                _release(file)


def refuse_busy(folder: Path) -> None:
    """Raise TrainingError if a run holds the folder now; nothing is created."""
    if (folder / NAME).exists():
        with alone(folder):
            pass


def _try(file: BinaryIO, folder: Path, doing: str) -> bool:
    """Lock the file. False where the file system has no locks; then nothing guards the folder, and a line says so."""
    try:
        _acquire(file)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            say(f"{folder} lies on a file system without locks: start no second run in it")
            return False
        raise TrainingError(
            f"another run is {doing} in {folder}{_holder(file)}: wait for its end, or choose another folder"
        ) from error
    return True


def _holder(file: BinaryIO) -> str:
    """Who holds the lock, in brackets, as far as that can be read."""
    with suppress(OSError):
        file.seek(0)
        line = file.read(200).decode("utf-8", "replace")
        return f" ({line})" if line.isprintable() and line else ""
    return ""
