"""MIDI files as a library of pieces: a folder, an archive, or a folder with archives in it."""

from __future__ import annotations

import lzma
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from msgld.audio.files import is_hidden, is_midi
from msgld.data.frozen import is_heldout
from msgld.errors import DataError, one_line
from msgld.music.midi.parts import Song
from msgld.music.midi.perform import read_midi
from msgld.music.midi.smf import tracks_of

_ARCHIVES = (".tar", ".tar.xz", ".tar.gz", ".tgz")


class MidiFolder:
    """The MIDI files below a folder, in a tar archive, or both (archives inside the folder are read too), or one file.

    Hidden files are ignored. The files' bytes are kept in memory (about 10 kB each) and read when drawn, which takes
    some 20 ms. A warning names unreadable files, at once or when they are drawn first; they are never drawn again.

    Args:
        path: a folder, a tar archive or a MIDI file.
        include: which names (relative paths) to take; all by default.
        exclude: which to leave out after that; by default the held-out pieces.

    Raises:
        DataError: there is no MIDI file, or none that can be used.
    """

    def __init__(
        self,
        path: Path,
        include: Callable[[str], bool] = lambda name: True,
        exclude: Callable[[str], bool] = is_heldout,
    ) -> None:
        files = {name: data for name, data in _files(Path(path)) if include(name) and not exclude(name)}
        if not files:
            raise DataError(f"no usable MIDI file in {path}: name a folder or a tar archive with .mid files")
        self._names, self._files = sorted(files), files
        self._unusable = {name: reason for name in self._names if (reason := _damage(files[name]))}
        self._refuse_if_none()
        if self._unusable:
            warnings.warn(one_line(f"left out of {path}: {_listed(self._unusable)}"), stacklevel=2)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """Paths of the files, sorted."""
        return tuple(self._names)

    def song(self, name: str) -> Song:
        """Read one file of ``names``.

        Raises:
            DataError: it is not MIDI, is damaged, or plays nothing.
        """
        return read_midi(self._files[name], name)

    def draw(self, rng: np.random.Generator) -> Song:
        """One of the files that can be used, each as likely as the others.

        Raises:
            DataError: none can.
        """
        while True:
            # Drawn from all names, so that the file of a seed does not depend on earlier tries.
            name = self._names[int(rng.integers(len(self._names)))]
            if name in self._unusable:
                continue
            try:
                return self.song(name)
            except DataError as error:
                self._unusable[name] = str(error)
                self._refuse_if_none()
                warnings.warn(f"left out: {error}", stacklevel=2)

    def _refuse_if_none(self) -> None:
        if len(self._unusable) == len(self._names):
            raise DataError(f"none of the MIDI files can be used: {_listed(self._unusable)}")


def song_of(path: Path) -> Song:
    """The song of one MIDI file; DataError if it cannot be read."""
    return read_midi(_read(path), str(path))


def _damage(data: bytes) -> str:
    """The damage of a file as far as its header tells; empty where there is none."""
    try:
        tracks_of(data)
    except DataError as error:
        return str(error)
    return ""


def _listed(reasons: dict[str, str]) -> str:
    """Names with reasons in one line; of many five, and how many more there are."""
    lines = [f"{name} ({reason})" for name, reason in reasons.items()]
    return ", ".join(lines[:5]) + (f" and {len(lines) - 5} more" if len(lines) > 5 else "")


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_file():
        yield from [(path.name, _read(path))] if is_midi(path) else _archived(path)
        return
    for file in sorted(path.rglob("*")) if path.is_dir() else ():
        name = file.relative_to(path).as_posix()
        if _hidden(name) or not file.is_file():
            continue
        if is_midi(file):
            yield name, _read(file)
        elif file.name.lower().endswith(_ARCHIVES):
            yield from _archived(file)


def _hidden(name: str) -> bool:
    """Whether a relative path is hidden, or metadata that macOS keeps beside a copy."""
    return any(part != ".." and is_hidden(PurePosixPath(part)) for part in PurePosixPath(name).parts)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from error


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                wanted = is_midi(member.name) and not _hidden(member.name)
                data = archive.extractfile(member) if wanted else None
                if data is not None:
                    yield member.name, data.read()
    except (tarfile.TarError, OSError, EOFError, KeyError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{path} is not a tar archive of MIDI files: {error}") from error
