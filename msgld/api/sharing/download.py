"""Models from the Hugging Face Hub into the cache: only ``model.json``, its card and the files of its parts.

They come into a hidden folder, are verified, and the folder then gets its name. After an interruption the
next call goes on with the files that were whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgld.api.sharing.address import Address, address_of
from msgld.api.sharing.remote import Remote, fetch, look_up
from msgld.api.sharing.verify import faults, file_of
from msgld.api.store import hub_folder
from msgld.description import FILE, LARGEST, read_description
from msgld.errors import ModelError, UsageError
from msgld.folders import CARDS
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.ranges import shown

_HIDDEN = Path(".cache", "huggingface", "download")
"""Where huggingface_hub keeps notes beside what it brings."""


def download(
    model: str,
    revision: str | None = None,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Bring a model into the cache, in the state in which its revision now is.

    Args:
        model: ``owner/name`` or ``owner/name@revision``.
        revision: a branch, a tag or a commit; ``main`` by default.
        on_progress: called with the number of bytes.
        cancel: stops it; files that are whole stay for the next call.

    Returns:
        The model's folder.

    Raises:
        UsageError: ``model`` is no address.
        ModelError: the model cannot be had, is not whole, or cannot be written; one line.
        Cancelled: ``cancel`` was set.
    """
    address = address_of(model, revision)
    if address is None:
        raise UsageError(
            f"a model on the Hugging Face Hub is owner/name or owner/name@revision, not {shown(model)}"
        )
    remote = look_up(address)
    place = address.place(hub_folder())
    folder = place / remote.commit
    with _alone(place):
        if not _is_whole(folder):
            _bring(remote, folder, on_progress, cancel)
        address.keep(hub_folder(), remote.commit)
    return folder


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """While no other process downloads the same model."""
    try:
        from filelock import FileLock

        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / ".lock"):
            yield
    except ImportError as error:
        raise ModelError(f"downloading needs the package {error.name}: pip install 'msgld[hub]'") from error
    except OSError as error:
        raise ModelError(f"cannot write to {place}: {error.strerror or error}") from error


def _is_whole(folder: Path) -> bool:
    try:
        return not faults(folder, read_description(folder))
    except ModelError:
        return False


def _bring(remote: Remote, folder: Path, on_progress: OnProgress | None, cancel: CancelToken | None) -> None:
    """Download a model's files and verify them."""
    partial = folder.with_name(f".{folder.name}.partial")
    _prepare(partial, folder)
    description = _described(remote, partial)
    names = [FILE, *(name for name in CARDS if name in remote.files), *map(file_of, description["parts"])]
    sizes = {name: remote.files[name][0] for name in names}
    _check_space(partial, sum(sizes.values()) - _there(partial, names))
    received = _Received(Meter(sum(sizes.values()), "bytes", "downloading", on_progress, cancel))
    end = 0
    for name, size in sizes.items():
        fetch(remote, name, partial, received.add)
        end += size
        received.at(end)
    _check(remote.address, partial, description)
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    os.replace(partial, folder)


def _prepare(partial: Path, folder: Path) -> None:
    """A folder to download into, with the good files of a former try or of a damaged model."""
    if folder.exists():
        shutil.rmtree(partial, ignore_errors=True)
        os.replace(folder, partial)
        _drop(partial, {FILE: ""} | _faults(partial))
    partial.mkdir(exist_ok=True)
    for rest in (partial / _HIDDEN).glob("*.incomplete"):
        rest.unlink()


def _faults(folder: Path) -> dict[str, str]:
    try:
        return faults(folder, read_description(folder))
    except ModelError:
        return {path.name: "" for path in folder.glob("*.safetensors")}


def _drop(folder: Path, names: Mapping[str, Any]) -> None:
    """Delete files, and what huggingface_hub notes of them."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / _HIDDEN / f"{name}.metadata").unlink(missing_ok=True)


def _described(remote: Remote, partial: Path) -> dict[str, Any]:
    """Fetch ``model.json``, and compare it with what the Hub lists.

    Raises:
        ModelError: there is none, it cannot be used, or a file that it names is not there or another one.
    """
    if FILE not in remote.files:
        raise ModelError(f"{remote.address} is no model of msgld: it has no {FILE}")
    if remote.files[FILE][0] > LARGEST:
        raise ModelError(f"{remote.address} is no model of msgld: its {FILE} has more than {LARGEST:,} bytes")
    fetch(remote, FILE, partial, lambda count: None)
    try:
        description = read_description(partial)
    except ModelError as error:
        _drop(partial, {FILE: ""})
        raise ModelError(f"{remote.address}: {str(error).replace(f'{partial}{os.sep}', '')}") from error
    for part, about in description["parts"].items():
        name = file_of(part)
        if name not in remote.files:
            raise ModelError(
                f"{remote.address} is incomplete: it lacks {name}, which its {FILE} names; tell its owner"
            )
        if remote.files[name][1] not in (None, about["sha256"]):
            raise ModelError(
                f"{remote.address} does not fit together: {name} is not the file that its {FILE} names; tell its owner"
            )
    return description


def _there(folder: Path, names: list[str]) -> int:
    return sum(path.stat().st_size for path in (folder / name for name in names) if path.is_file())


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ModelError(
            f"{folder.parent} has {free / 1e6:,.0f} MB left, and the model needs {needed / 1e6:,.0f} MB: "
            "free some space, or set MSGLD_CACHE to another folder"
        )


def _check(address: Address, partial: Path, description: dict[str, Any]) -> None:
    """Raise ModelError where a file is not the one that ``model.json`` names; it will be fetched again."""
    wrong = faults(partial, description)
    _drop(partial, wrong)
    for name in wrong:
        raise ModelError(
            f"{name} of {address} did not arrive as its {FILE} names it (sha256); it was deleted, try again"
        )


class _Received:
    """Bytes that came. Those that came twice are reported once."""

    def __init__(self, meter: Meter) -> None:
        self._meter, self._count, self._reported = meter, 0, 0

    def add(self, count: int) -> None:
        self.at(self._count + count)

    def at(self, count: int) -> None:
        self._count = count
        self._meter.advance(max(0, count - self._reported))
        self._reported = max(self._reported, count)
