"""The songs of a folder of stems, and remarks on their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from msgld.data.stem_folders import SET_ASIDE, USED, Found, StemStream
from msgld.data.stem_folders.check import StemFile

_SHORTER = 1.0
"""Seconds by which a stem may end before the others without a remark; encoders add some padding."""

_LOW_RATE = 32_000  # below this rate a file has no highs


class StemSound(Protocol):
    """Sound of a stem that can be read from any place on, such as a :class:`StemFile`."""

    @property
    def path(self) -> Path:
        """Of the file it lies in."""
        ...

    @property
    def rate(self) -> int:
        """Samples per second."""
        ...

    @property
    def seconds(self) -> float:
        """Its length."""
        ...

    def read(self, start: float, samples: int, rate: int) -> np.ndarray:
        """See :meth:`StemFile.read`."""
        ...


@dataclass(frozen=True)
class StemSong:
    """One song.

    Attributes:
        name: of its folder.
        files: by stem; files of one stem are added up.
        pooled: stems that the set has no files of, and whose sound may be in this song's ``other``.
        split: see :class:`msgld.data.stem_folders.Found`.
    """

    name: str
    files: Mapping[str, tuple[StemSound, ...]]
    pooled: tuple[str, ...] = ()
    split: str = ""

    @property
    def every(self) -> list[StemSound]:
        """All files."""
        return [file for group in self.files.values() for file in group]

    @property
    def seconds(self) -> float:
        """The length of its longest file."""
        return max(file.seconds for file in self.every)


def usable_songs(
    found: Sequence[Found], files: Mapping[StemStream, StemFile], stems: tuple[str, ...]
) -> tuple[StemSong, ...]:
    """The songs with their usable files; a song without any is left out."""
    there = {stem for song in found for stem, _ in song.files}
    lacking = tuple(stem for stem in stems if stem not in there)
    songs = []
    for song in found:
        usable: dict[str, tuple[StemFile, ...]] = {}
        for stem, place in song.files:
            if not files[place].problem:
                usable[stem] = (*usable.get(stem, ()), files[place])
        pooled = lacking if song.open and "other" in usable else ()
        songs += [StemSong(song.name, usable, pooled, song.split)] if usable else []
    return tuple(songs)


def remarks_on_files(files: Iterable[StemFile]) -> Iterator[tuple[Path, str, str]]:
    """Problems of files, what their readers noticed, and channels that are not used."""
    for file in files:
        if file.problem:
            yield file.path, file.problem, SET_ASIDE
        elif file.remark:
            yield file.path, file.remark, USED
        if file.channels > 2 and not file.problem:
            yield file.path, f"{file.channels} channels", f"{USED}, the first two of them"


def remarks_on_song(song: StemSong) -> Iterator[tuple[Path, str, str]]:
    """Files that end early, and rates that are low or not the song's usual one (the highest of several)."""
    rates = [file.rate for file in song.every]
    usual = max(rates, key=lambda rate: (rates.count(rate), rate))
    for file in song.every:
        early = song.seconds - file.seconds
        if early > _SHORTER:
            yield file.path, f"ends {early:.1f} s before the song does", f"{USED}, silent from there"
        if file.rate != usual:
            yield file.path, f"{file.rate} Hz, other files of the song {usual} Hz", f"{USED}, resampled"
        if file.rate < _LOW_RATE:
            yield file.path, f"{file.rate} Hz: nothing above {file.rate / 2000:g} kHz", USED
