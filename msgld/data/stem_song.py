"""A song of a data set: its files, what they lack, and what stands out when they are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgld.data.check import Facts
from msgld.data.findings import SET_ASIDE, USED, Finding, relative
from msgld.data.layout import Found

SHORTER = 1.0
"""Seconds by which a stem may end before the others without a word; encoders add some padding."""

LOW_RATE = 32_000
"""Below this rate a file has no highs."""


@dataclass(frozen=True)
class StemFile:
    """A file of a stem: samples per second, and samples per channel as they were counted."""

    path: Path
    rate: int
    frames: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.rate


@dataclass(frozen=True)
class StemSong:
    """One song: its files by stem; files of one stem are added up.

    Attributes:
        name: of its folder. files: by stem. rate: of its first file. seconds: of its longest file.
        pooled: stems that the set has no files of, and whose sound may be in this song's ``other``.
    """

    name: str
    files: Mapping[str, tuple[StemFile, ...]]
    rate: int
    seconds: float
    pooled: tuple[str, ...] = ()

    @property
    def every(self) -> list[StemFile]:
        """All files."""
        return [file for group in self.files.values() for file in group]


def usable_songs(
    found: Sequence[Found], facts: Mapping[Path, Facts], stems: tuple[str, ...]
) -> tuple[StemSong, ...]:
    """The songs with those of their files that can be used; a song without any is left out."""
    lacking = tuple(stem for stem in stems if not any(stem in song.stems for song in found))
    songs = ((song, _usable(song, facts)) for song in found)
    return tuple(_song(song, files, lacking) for song, files in songs if files)


def _usable(song: Found, facts: Mapping[Path, Facts]) -> dict[str, tuple[StemFile, ...]]:
    files: dict[str, tuple[StemFile, ...]] = {}
    for stem, path in song.files:
        one = facts[path]
        if not one.problem:
            files[stem] = (*files.get(stem, ()), StemFile(path, one.rate, one.frames))
    return files


def _song(song: Found, files: Mapping[str, tuple[StemFile, ...]], lacking: tuple[str, ...]) -> StemSong:
    every = [file for group in files.values() for file in group]
    pooled = lacking if song.open and "other" in files else ()
    return StemSong(song.folder.name, files, every[0].rate, max(file.seconds for file in every), pooled)


def findings_of_files(facts: Mapping[Path, Facts], root: Path) -> list[Finding]:
    """Files that cannot be used, what their readers remarked on the others, and channels that are not used."""
    found = [
        Finding(relative(path, root), one.problem or one.remark, SET_ASIDE if one.problem else USED)
        for path, one in facts.items()
        if one.problem or one.remark
    ]
    return found + [
        Finding(relative(path, root), f"{one.channels} channels", f"{USED}, the first two of them")
        for path, one in facts.items()
        if one.channels > 2 and not one.problem
    ]


def compared(songs: Sequence[StemSong], root: Path) -> list[Finding]:
    """Files that end early, and rates that differ or are low."""
    return [
        Finding(relative(file.path, root), what, then)
        for song in songs
        for file in song.every
        for what, then in _remarks(file, song, _usual_rate(song))
    ]


def _usual_rate(song: StemSong) -> int:
    """The rate that most of a song's files have, the highest of several."""
    rates = [file.rate for file in song.every]
    return max(rates, key=lambda rate: (rates.count(rate), rate))


def _remarks(file: StemFile, song: StemSong, usual: int) -> Iterator[tuple[str, str]]:
    early = song.seconds - file.seconds
    if early > SHORTER:
        yield f"ends {early:.1f} s before the song does", f"{USED}, silent from there"
    if file.rate != usual:
        yield f"{file.rate} Hz, other files of the song {usual} Hz", f"{USED}, resampled"
    if file.rate < LOW_RATE:
        yield f"{file.rate} Hz: nothing above {file.rate / 2000:g} kHz", USED
