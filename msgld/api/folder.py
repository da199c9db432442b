"""A result appears in its folder when it is whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from msgld.api.naming import PLAIN, Names
from msgld.errors import AudioWriteError
from msgld.ranges import shown

ABANDONED = 24 * 3600.0
"""Seconds without a change after which an unfinished folder counts as left behind, on whatever machine it was made."""

_UNFINISHED = re.compile(
    r"\..{1,40}-(?:(?P<machine>[0-9a-f]{8})-(?P<process>\d{1,10})-[0-9a-f]{8}|[0-9a-f]{12})\.part", re.DOTALL
)
"""Names of unfinished folders; those of earlier versions do not say who made them."""


def check_out(out: Path, name: str = "--out") -> None:
    """Raise AudioWriteError where ``out`` is not, and cannot become, a folder that may be written to.

    Args:
        out: the folder.
        name: of the argument, for the message.
    """
    for place in (out, *out.parents):
        if place.is_dir():
            if not os.access(place, os.W_OK | os.X_OK):
                raise AudioWriteError(f"{place} is not writable; choose another {name}")
            return
        if place.is_symlink():
            aim = os.readlink(place)
            raise AudioWriteError(f"{place} is a link to {aim}, which is not there; choose another {name}")
        if place.exists():
            raise AudioWriteError(f"{place} is a file; choose another {name}")


@contextmanager
def new_folder(folder: Path, overwrite: bool, names: Names = PLAIN) -> Iterator[Path]:
    """A temporary folder beside ``folder``: it takes that name on success and is deleted on failure.

    If the folder exists and may be overwritten, or several results share it, the files of an earlier run of this
    result are replaced. All other files stay.

    Raises:
        AudioWriteError: the folder exists already, or is not writable.
    """
    if "\0" in str(folder):
        raise AudioWriteError(f"no folder can be called {shown(str(folder))}")
    if folder.is_symlink():  # a link stays a link: its target is replaced
        folder = folder.resolve()
    refuse_existing(folder, overwrite, names)
    _sweep(folder.parent)
    made = [parent for parent in folder.parents if not parent.exists()]
    temporary = folder.parent / _temporary(folder.name)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        refuse_existing(folder, overwrite, names)
        _put_in_place(temporary, folder, overwrite, names)
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


def inside(folder: Path, name: str | PurePath) -> Path:
    """The path of a file in a result's folder: nothing is ever written elsewhere, whatever it is called.

    Raises:
        AudioWriteError: the name leads out of the folder, by itself or through a link.
    """
    path = folder / name
    if not _lies_inside(PurePath(name)) or not path.parent.resolve().is_relative_to(folder.resolve()):
        raise AudioWriteError(
            f"nothing was written, as a file {shown(str(name))} would lie outside of {folder}"
        )
    return path


def _temporary(name: str) -> str:
    """A unique name, from which a later run can tell whether this process is still running."""
    return f".{name[:40] or 'result'}-{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part"


@cache
def _machine() -> str:
    """The scope of a process number: the machine, its last start, and the container."""
    facts = [platform.node(), str(uuid.getnode())]
    with suppress(OSError):
        facts += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def _sweep(parent: Path) -> None:
    """Delete unfinished folders of runs that have ended, and others that have not changed for a day."""
    with suppress(OSError):
        for path in parent.iterdir():
            owner = _UNFINISHED.fullmatch(path.name)
            if owner and not path.is_symlink() and path.is_dir() and (_is_over(owner) or _is_old(path)):
                shutil.rmtree(path, ignore_errors=True)


def _is_over(owner: re.Match[str]) -> bool:
    """Whether the process that made an unfinished folder is certainly gone."""
    if owner["machine"] != _machine() or os.name != "posix":  # elsewhere looking might end the process
        return False
    try:
        os.kill(int(owner["process"]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def _is_old(path: Path) -> bool:
    touched = max(file.lstat().st_mtime for file in (path, *path.rglob("*")))
    return time.time() - touched > ABANDONED


def holds_result(folder: Path, names: Names = PLAIN) -> bool:
    """Whether the place of a result is taken: by a record, or in a folder of its own by anything at all."""
    if (folder / names.record).exists():
        return True
    return names.alone and folder.is_dir() and any(folder.iterdir())


def check_sources(folder: Path, names: Names, files: Iterable[str], sources: Iterable[str | Path]) -> None:
    """Raise AudioWriteError where a result, or the one it replaces, has a file that the result is made from.

    Args:
        files: of the result, relative to its folder.
        sources: paths of the input; missing ones are skipped.
    """
    former = map(str, _files_of_former_run(folder, names))
    replaced = [folder / file for file in (*files, names.record, *former)]
    for source in sources:
        for path in replaced:
            with suppress(OSError, ValueError):
                if path.samefile(source):
                    raise AudioWriteError(
                        f"{path} would be replaced, and the result is made from it; choose another folder"
                    )


def refuse_existing(
    folder: Path,
    overwrite: bool,
    names: Names = PLAIN,
    advice: str = "allow overwriting or choose another folder",
) -> None:
    """Raise AudioWriteError, with an advice, where a result may not go to a folder."""
    if folder.exists() and not folder.is_dir():
        raise AudioWriteError(f"{folder} is a file; choose another folder")
    if not overwrite and holds_result(folder, names):
        where = folder if names.alone else folder / names.record
        raise AudioWriteError(f"{where} exists already; {advice}")


def _put_in_place(temporary: Path, folder: Path, overwrite: bool, names: Names) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    if not folder.exists():
        os.rename(temporary, folder)
        return
    new = sorted(path.relative_to(temporary) for path in temporary.rglob("*") if path.is_file())
    if not overwrite:
        for path in new:
            if (folder / path).exists():
                raise AudioWriteError(
                    f"{folder / path} exists already; allow overwriting or choose another folder"
                )
    # The former record goes first and the new one comes last: a result with a record is whole.
    new.sort(key=lambda path: path == Path(names.record))
    _replace(temporary, folder, new, [Path(names.record), *_files_of_former_run(folder, names)])
    shutil.rmtree(temporary)


def _replace(temporary: Path, folder: Path, new: list[Path], old: list[Path]) -> None:
    """Move ``old`` files out of a folder and ``new`` ones in: all of them or none."""
    former, moved = temporary / ".former", []
    for path in (*old, *new):
        inside(folder, path)
    try:
        for path in dict.fromkeys([*old, *new]):
            if (folder / path).exists():
                moved.append((folder / path, former / path))
                _move(*moved[-1])
        for path in new:
            moved.append((temporary / path, folder / path))
            _move(*moved[-1])
    except BaseException:
        for source, target in reversed(moved):
            if target.exists():
                _move(target, source)
        raise


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)


def former_record(folder: Path, names: Names) -> dict[str, Any] | None:
    """The record of a result; None where it cannot be read."""
    try:
        record = json.loads((folder / names.record).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _files_of_former_run(folder: Path, names: Names) -> list[Path]:
    """The files that the record lists, relative to the folder; nothing that lies elsewhere."""
    record = former_record(folder, names) or {}
    listed = [record.get(name) for name in ("files", "midi")]
    paths = [path for one in listed if isinstance(one, dict) for path in one.values()]
    return [Path(path) for path in paths if isinstance(path, str) and _lies_inside(PurePath(path))]


def _lies_inside(path: PurePath) -> bool:
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
