"""Songs and results in object stores and elsewhere, by URLs that fsspec knows: ``s3://bucket/songs``, ``file:///data``.

A song is copied to a temporary file; a result is made in a temporary folder, then copied to temporary names and moved,
its record last. So whatever is seen under its own name is whole.
"""

from __future__ import annotations

import glob
import json
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from msgld.api.naming import Names
from msgld.audio.files import sounds
from msgld.errors import AudioReadError, AudioWriteError, UsageError


def is_url(text: str) -> bool:
    """Whether a text is a URL and no path."""
    return "://" in text


def opened(url: str) -> tuple[Any, str]:
    """The store of a URL, and the path in it.

    Raises:
        UsageError: no such kind of store, or its package is not installed.
    """
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url} cannot be opened: {error}") from error


def songs_at(url: str, out: str) -> list[str]:
    """The URLs of the songs that a URL means: itself, those below it, or those that match it.

    Args:
        url: of a file, a folder or a pattern.
        out: URL or path of the results, which are no songs.

    Raises:
        AudioReadError: there are none, or the store cannot be read.
        UsageError: as of :func:`opened`.
    """
    store, path = opened(url)
    try:
        if glob.has_magic(path):
            found = store.glob(path)
        elif store.isfile(path):
            return [url]
        else:
            found = store.find(path)
    except Exception as error:  # every store has errors of its own
        raise AudioReadError(f"cannot list {url}: {_reason(error)}") from error
    named = {store.unstrip_protocol(one): PurePosixPath(one) for one in sorted(found)}
    inside = opened(out)[1].rstrip("/") + "/" if is_url(out) else None
    kept = {Path(path): name for name, path in named.items() if not (inside and str(path).startswith(inside))}
    songs = [kept[one] for one in sounds(kept)]
    if not songs:
        raise AudioReadError(f"no songs at {url}: it holds no .wav, .flac, .mp3 or the like")
    return songs


def state_of(song: str) -> str:
    """Size and time of a song, by which a change is seen; empty where they are not to be had."""
    try:
        if not is_url(song):
            facts = Path(song).stat()
            return f"{facts.st_size} {facts.st_mtime_ns}"
        store, path = opened(song)
        info = store.info(path)
        return f"{info.get('size')} {info.get('ETag') or info.get('mtime') or info.get('created')}"
    except Exception:
        return ""


def holds(folder: str, name: str) -> bool:
    """Whether a folder, local or not, holds a file."""
    if not is_url(folder):
        return (Path(folder) / name).exists()
    store, path = opened(folder)
    with suppress(Exception):
        store.invalidate_cache()
        return bool(store.exists(f"{path}/{name}"))
    return False


@contextmanager
def fetched(song: str) -> Iterator[Path]:
    """A song as a file on this machine while the block lasts.

    Raises:
        AudioReadError: it cannot be copied.
    """
    if not is_url(song):
        yield Path(song)
        return
    with tempfile.TemporaryDirectory(prefix="msgld-") as folder:
        store, path = opened(song)
        file = Path(folder) / PurePosixPath(path).name
        try:
            store.get_file(path, str(file))
        except Exception as error:
            raise AudioReadError(f"cannot read {song}: {_reason(error)}") from error
        yield file


@contextmanager
def mirrored(folder: str, names: Names) -> Iterator[Path]:
    """A folder on this machine in which a result for another store is made.

    Of a result that is there already it holds the record, and files of the same sizes that hold nothing: enough to tell
    whether it is the one that is wanted. A local folder is itself.
    """
    if not is_url(folder):
        yield Path(folder)
        return
    store, path = opened(folder)
    with tempfile.TemporaryDirectory(prefix="msgld-") as temporary:
        here = Path(temporary) / "result"
        if store.exists(f"{path}/{names.record}"):
            _mirror(store, path, here, names)
        yield here


def _mirror(store: Any, path: str, here: Path, names: Names) -> None:
    record = here / names.record
    record.parent.mkdir(parents=True)
    store.get_file(f"{path}/{names.record}", str(record))
    try:
        files = json.loads(record.read_text("utf-8"))["files"].values()
    except (ValueError, KeyError, AttributeError, TypeError):
        return
    for name in files:
        if ".." not in PurePosixPath(name).parts and store.exists(f"{path}/{name}"):
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            with (here / name).open("wb") as file:
                file.truncate(store.size(f"{path}/{name}"))


def publish(here: Path, folder: str, names: Names) -> None:
    """Copy a result to its store, its record last.

    Raises:
        AudioWriteError: that fails; no record is there then.
    """
    store, path = opened(folder)
    files = sorted(file.relative_to(here).as_posix() for file in here.rglob("*") if file.is_file())
    mark = uuid.uuid4().hex[:8]
    parts = {
        name: _part(f"{path}/{name}", mark) for name in sorted(files, key=lambda name: name == names.record)
    }
    try:
        if store.exists(f"{path}/{names.record}"):
            store.rm_file(f"{path}/{names.record}")
        for name, part in parts.items():
            store.makedirs(part.rpartition("/")[0], exist_ok=True)
            store.put_file(str(here / name), part)
        for name, part in parts.items():
            store.mv(part, f"{path}/{name}")
    except Exception as error:
        for part in parts.values():
            with suppress(Exception):
                store.rm_file(part)
        raise AudioWriteError(f"cannot write to {folder}: {_reason(error)}") from error


def _part(path: str, mark: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/.{name}-{mark}.part"


def copy_in(url: str, file: Path) -> None:
    """Copy a file of a store, where it has one."""
    store, path = opened(url)
    with suppress(FileNotFoundError):
        store.get_file(path, str(file))


def copy_out(file: Path, url: str) -> None:
    """Copy a file to a store, whole or not at all. Raises AudioWriteError where that fails."""
    store, path = opened(url)
    part = _part(path, uuid.uuid4().hex[:8])
    try:
        store.makedirs(path.rpartition("/")[0], exist_ok=True)
        store.put_file(str(file), part)
        store.mv(part, path)
    except Exception as error:
        raise AudioWriteError(f"cannot write {url}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
