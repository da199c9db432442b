"""Whole songs of a folder, on the disk instead of in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from msgld.data.stem_folders.song_set import SongSet, evaluated
from msgld.data.stem_folders.songs import StemSong
from msgld.errors import DataError


@dataclass(frozen=True)
class WholeSong:
    """One song.

    Attributes:
        song: its files.
        rate: samples per second.
    """

    song: StemSong
    rate: int

    @property
    def name(self) -> str:
        """Of the song."""
        return self.song.name

    @property
    def frames(self) -> int:
        """L, samples per channel."""
        return round(self.song.seconds * self.rate)

    def present(self, groups: Mapping[str, Sequence[str]]) -> np.ndarray:
        """Whether the song has a file of each group of stems, bool (S,)."""
        return np.array([any(stem in self.song.files for stem in stems) for stems in groups.values()])

    @contextmanager
    def opened(self, groups: Mapping[str, Sequence[str]]) -> Iterator[np.ndarray]:
        """The sum of each group of stems and then the mixture of all, float32 (S + 1, 2, L), in a temporary file.

        Memory holds one file at a time. The mixture also has the stems that are in no group.

        Raises:
            DataError: a file cannot be read any more, or has changed since the check.
        """
        rows = {stem: number for number, stems in enumerate(groups.values()) for stem in stems}
        with waves_on_disk(len(groups) + 1, self.frames) as waves:
            for stem, files in self.song.files.items():
                for file in files:
                    samples = file.read(0.0, self.frames, self.rate)
                    waves[-1] += samples
                    if stem in rows:
                        waves[rows[stem]] += samples
            yield waves


@contextmanager
def waves_on_disk(count: int, frames: int) -> Iterator[np.ndarray]:
    """Silent stereo waves, float32 (count, 2, frames), in a file that is deleted afterwards."""
    with TemporaryDirectory(prefix="msgld-", ignore_cleanup_errors=True) as place:
        yield np.memmap(Path(place) / "waves", np.float32, "w+", shape=(count, 2, frames))


def whole_songs(folder: SongSet, complete: bool) -> list[WholeSong]:
    """The songs of a folder; with ``complete`` only those that have all of its stems.

    Raises:
        DataError: no song has all of them.
    """
    songs = [one for one in evaluated(folder.songs) if not complete or one.files.keys() >= set(folder.stems)]
    if not songs:
        raise DataError(f"no song in {folder.root} has all of {', '.join(folder.stems)}")
    return [WholeSong(one, folder.rate) for one in songs]
