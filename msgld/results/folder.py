"""A folder of results appears when it is whole, or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgld.errors import AudioWriteError

RUN = "run.json"

ABANDONED = 24 * 3600.0
"""Seconds after which an unfinished folder that nothing touches belongs to a run that was killed."""


@contextmanager
def new_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary folder beside ``folder`` that becomes it when all went well, and else vanishes.

    Where the folder exists and may be overwritten, what a former run wrote there is replaced; anything else in
    it is left alone.

    Raises:
        AudioWriteError: there is something already, or the place is not writable.
    """
    _refuse_existing(folder, overwrite)
    _sweep(folder)
    made = [parent for parent in folder.parents if not parent.exists()]
    temporary = folder.parent / f"{_prefix(folder)}{uuid.uuid4().hex[:12]}.part"
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _refuse_existing(folder, overwrite)
        _put_in_place(temporary, folder)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError):
            raise AudioWriteError(f"cannot write to {folder}: {error.strerror or error}") from error
        if isinstance(error, AudioWriteError):
            # The user knows nothing of the temporary folder.
            raise AudioWriteError(str(error).replace(str(temporary), str(folder))) from error
        raise


def _prefix(folder: Path) -> str:
    return f".{folder.name[:40]}-"


def _sweep(folder: Path) -> None:
    """Delete what runs for the same folder left behind that were killed, once nothing has touched it for a day."""
    pattern = re.compile(re.escape(_prefix(folder)) + r"[0-9a-f]{12}\.part")
    with suppress(OSError):
        for path in folder.parent.iterdir():
            if pattern.fullmatch(path.name) and path.is_dir():
                touched = max(file.stat().st_mtime for file in (path, *path.iterdir()))
                if time.time() - touched > ABANDONED:
                    shutil.rmtree(path, ignore_errors=True)


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise AudioWriteError(f"{folder} is a file; choose another folder")
    if not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise AudioWriteError(f"{folder} exists already; allow overwriting or choose another folder")


def _put_in_place(temporary: Path, folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    if not folder.exists():
        os.rename(temporary, folder)
        return
    stale = _files_of_former_run(folder) - {path.name for path in temporary.iterdir()}
    # The former record goes first and the new one comes last: a folder with a record is whole.
    (folder / RUN).unlink(missing_ok=True)
    for path in sorted(temporary.iterdir(), key=lambda path: path.name == RUN):
        os.replace(path, folder / path.name)
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    temporary.rmdir()


def _files_of_former_run(folder: Path) -> set[str]:
    """Names of the sound files that the folder's record lists; nothing that lies elsewhere."""
    try:
        listed = json.loads((folder / RUN).read_text("utf-8"))["files"].values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return {name for name in listed if isinstance(name, str) and name == Path(name).name}
