"""A folder of recorded stems as a source of clips: one folder a song, one audio file a stem, as in MUSDB18-HQ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msgld.data.source import Clip, SourceOptions
from msgld.data.stem_folders import SET_ASIDE, USED, Finding, named, relative
from msgld.data.stem_folders.check import StemFile, examine_all
from msgld.data.stem_folders.rules import Rule, StemMap, parse_map
from msgld.data.stem_folders.search import Found, find_stems
from msgld.errors import DataError, UsageError
from msgld.progress import OnProgress
from msgld.stems import RATE, STEMS

CLIP_SECONDS = 10.24
"""Length of an evaluated clip, as published."""

_TRIES = 8
_SOUNDING = 1e-3  # an excerpt whose mixture stays below this (RMS) counts as silent

_SHORTER = 1.0
"""Seconds by which a stem may end before the others without a remark; encoders add some padding."""

_LOW_RATE = 32_000  # below this rate a file has no highs


@dataclass(frozen=True)
class StemSong:
    """One song.

    Attributes:
        name: of its folder.
        files: by stem; files of one stem are added up.
        pooled: stems that the set has no files of, and whose sound may be in this song's ``other``.
    """

    name: str
    files: Mapping[str, tuple[StemFile, ...]]
    pooled: tuple[str, ...] = ()

    @property
    def every(self) -> list[StemFile]:
        """All files."""
        return [file for group in self.files.values() for file in group]

    @property
    def seconds(self) -> float:
        """The length of its longest file."""
        return max(file.seconds for file in self.every)


class StemFolder:
    """A source over ``<path>/<song>/<stem>.<wav, flac, ogg, ...>``, or over Slakh2100 as it is published.

    Every file is checked first. Unusable ones are set aside: the stem is then absent from the song, and the mixture is
    the sum of the others. A song's missing stem is marked as not present. Songs may have any rate; files are read when
    they are needed.

    Args:
        path: the folder of song folders, or one song's folder.
        stems: names and order of the stems.
        rate: samples per second of the clips; other rates are resampled.
        rules: stems of files with unclear names, see :func:`msgld.data.stem_folders.rules.parse_map`.
        cache: a folder that keeps the results of the check, so that the next one is quick.
        on_progress: called during the check.

    Attributes:
        songs: by path.
        findings: remarks on the set.
        rules: with those that matched.

    Raises:
        DataError: no song with a known stem, a file whose stem is not clear, or no usable file.
    """

    def __init__(
        self,
        path: Path,
        stems: tuple[str, ...] = STEMS,
        rate: int = RATE,
        rules: Sequence[Rule] = (),
        cache: Path | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.stems, self.rate, self.root = stems, rate, Path(path)
        if not self.root.is_dir():
            raise DataError(f"{self.root} is not a folder: name one that holds a folder for each song")
        self.rules = StemMap(self.root, stems, rules)
        found, self.findings = find_stems(self.root, stems, self.rules)
        files = examine_all((file for song in found for _, file in song.files), cache, on_progress)
        self._note(_remarks_on_files(files.values()))
        self.songs = _usable_songs(found, files, stems)
        if not self.songs:
            first = self.findings_of(SET_ASIDE)[0]
            raise DataError(f"no file in {self.root} can be used: {first.file}: {first.what}")
        self._note(remark for song in self.songs for remark in _remarks_on_song(song))

    def _note(self, remarks: Iterable[tuple[Path, str, str]]) -> None:
        self.findings += [Finding(relative(path, self.root), what, then) for path, what, then in remarks]

    def __len__(self) -> int:
        return len(self.songs)

    @property
    def files(self) -> int:
        """The number of files in use."""
        return sum(len(song.every) for song in self.songs)

    def findings_of(self, then: str) -> list[Finding]:
        """The findings with that consequence, such as ``set aside``."""
        return [finding for finding in self.findings if finding.then == then]

    def clip(self, seed: int, seconds: float) -> Clip:
        """An excerpt of a song, both drawn by the seed; silent excerpts are avoided."""
        rng = np.random.default_rng(seed)
        song = self._drawn(rng)
        for _ in range(_TRIES):
            clip = self.read(song, float(rng.uniform(0, max(song.seconds - seconds, 0))), seconds)
            if np.sqrt(np.mean(np.square(clip.stems.sum(axis=0)))) > _SOUNDING:
                break
        return clip

    def origin(self, seed: int) -> str:
        """The song that the clip of this seed is of."""
        return self._drawn(np.random.default_rng(seed)).name

    def _drawn(self, rng: np.random.Generator) -> StemSong:
        return self.songs[int(rng.integers(len(self.songs)))]

    def clips(self, seconds: float = CLIP_SECONDS) -> FolderClips:
        """All songs in clips of one length, to evaluate on."""
        return FolderClips(self, seconds)

    def read(self, song: StemSong, start: float, seconds: float) -> Clip:
        """The excerpt of a song from ``start`` (in seconds), with silence after the song's end.

        Raises:
            DataError: a file cannot be read any more, or has changed since the check.
        """
        stems = np.zeros((len(self.stems), 2, round(seconds * self.rate)), dtype=np.float32)
        for k, stem in enumerate(self.stems):
            for file in song.files.get(stem, ()):
                stems[k] += file.read(start, stems.shape[2], self.rate)
        present = np.array([stem in song.files for stem in self.stems])
        name = f"{song.name}@{start:.2f}"
        return Clip(stems, present, self.rate, name, {"start": start}, pooled=song.pooled)


class FolderClips:
    """All songs of a folder in clips of one length, by number: the first of each song, then the second of each.

    The rest at a song's end is not used; a song shorter than a clip (of ``seconds``) is filled up with silence.
    """

    def __init__(self, folder: StemFolder, seconds: float = CLIP_SECONDS) -> None:
        self.folder, self.seconds = folder, seconds
        counts = [max(1, int(song.seconds / seconds)) for song in folder.songs]
        self._places = [
            (song, turn * seconds)
            for turn in range(max(counts))
            for song, count in zip(folder.songs, counts, strict=True)
            if turn < count
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Clip:
        song, start = self._places[index]
        return self.folder.read(song, start, self.seconds)


def open_folders(
    paths: Sequence[Path],
    stems: tuple[str, ...],
    maps: Sequence[str] = (),
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> list[StemFolder]:
    """Open folders of stems with the user's ``maps``; other arguments and errors as for :class:`StemFolder`.

    Raises:
        UsageError: a map that cannot be read, or no folder for it.
        DataError: a map that matches no file of any folder.
    """
    rules = parse_map(maps, stems)
    if rules and not paths:
        raise UsageError("--map describes the files of --stems: add --stems FOLDER")
    folders = [StemFolder(path, stems, rules=rules, cache=cache, on_progress=on_progress) for path in paths]
    typed = {rule for one in folders for rule in one.rules.typed}
    idle = sorted(rule.pattern for rule in typed - {rule for one in folders for rule in one.rules.used})
    if idle:
        raise DataError(f"--map {named(idle)} matches no file: name it as it is in the song's folder")
    return folders


def _usable_songs(
    found: Sequence[Found], files: Mapping[Path, StemFile], stems: tuple[str, ...]
) -> tuple[StemSong, ...]:
    """The songs with their usable files; a song without any is left out."""
    there = {stem for song in found for stem, _ in song.files}
    lacking = tuple(stem for stem in stems if stem not in there)
    songs = []
    for song in found:
        usable: dict[str, tuple[StemFile, ...]] = {}
        for stem, path in song.files:
            if not files[path].problem:
                usable[stem] = (*usable.get(stem, ()), files[path])
        pooled = lacking if song.open and "other" in usable else ()
        songs += [StemSong(song.folder.name, usable, pooled)] if usable else []
    return tuple(songs)


def _remarks_on_files(files: Iterable[StemFile]) -> Iterator[tuple[Path, str, str]]:
    """Problems of files, what their readers noticed, and channels that are not used."""
    for file in files:
        if file.problem:
            yield file.path, file.problem, SET_ASIDE
        elif file.remark:
            yield file.path, file.remark, USED
        if file.channels > 2 and not file.problem:
            yield file.path, f"{file.channels} channels", f"{USED}, the first two of them"


def _remarks_on_song(song: StemSong) -> Iterator[tuple[Path, str, str]]:
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


def open_stems(path: Path | None, options: SourceOptions) -> StemFolder:
    """A folder of songs, or one song's folder."""
    if path is None:
        raise UsageError("recorded stems need a path: name a folder that holds a folder for each song")
    rules = parse_map(options.maps, options.stems)
    return StemFolder(path, options.stems, rules=rules, cache=options.cache, on_progress=options.on_progress)
