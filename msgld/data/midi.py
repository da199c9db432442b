"""MIDI files as a library of pieces: a folder, an archive, or a folder with archives in it."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from msgld.data.frozen import is_heldout
from msgld.data.parts import Score
from msgld.data.render import load_symusic
from msgld.errors import DataError

_MIDI = (".mid", ".midi")
_ARCHIVES = (".tar", ".tar.xz", ".tar.gz", ".tgz")


@dataclass(frozen=True)
class Song:
    """One piece of a library: its notes, its name and what is known about it."""

    score: Score
    name: str
    meta: dict[str, str | float] = field(default_factory=dict)


class MidiFolder:
    """The MIDI files below a folder, in a tar archive, or both (archives inside the folder are read too).

    The files' bytes are kept in memory (about 10 kB each) and parsed when drawn, which takes 1 to 2 ms.

    Args:
        path: a folder or a tar archive.
        include: which names (relative paths) to take; all by default.
        exclude: which to leave out after that; by default what the held-out set owns.

    Raises:
        DataError: no MIDI file is left.
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

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """Paths of the files, sorted."""
        return tuple(self._names)

    def song(self, name: str) -> Song:
        """Parse one file of ``names``.

        Raises:
            DataError: it is not MIDI.
        """
        symusic = load_symusic()
        try:
            return Song(symusic.Score.from_midi(self._files[name]), Path(name).stem)
        except (RuntimeError, ValueError) as error:
            raise DataError(f"{name} is not a MIDI file: {error}") from error

    def draw(self, rng: np.random.Generator) -> Song:
        """Return one of the files, each as likely as the others."""
        return self.song(self._names[int(rng.integers(len(self._names)))])


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_file():
        yield from _archived(path)
        return
    for file in sorted(path.rglob("*")) if path.is_dir() else ():
        if file.suffix.lower() in _MIDI:
            yield file.relative_to(path).as_posix(), file.read_bytes()
        elif file.name.endswith(_ARCHIVES):
            yield from _archived(file)


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                data = archive.extractfile(member) if member.name.lower().endswith(_MIDI) else None
                if data is not None:
                    yield member.name, data.read()
    except (tarfile.TarError, OSError) as error:
        raise DataError(f"{path} is not a tar archive of MIDI files: {error}") from error
