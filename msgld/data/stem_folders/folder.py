"""A folder of recorded stems as a source of clips: one folder a song, one audio file a stem, as in MUSDB18-HQ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from msgld.data.source import Clip, SourceOptions
from msgld.data.stem_folders import SET_ASIDE, Finding, named, relative
from msgld.data.stem_folders.check import examine_all
from msgld.data.stem_folders.rules import Rule, StemMap, parse_map
from msgld.data.stem_folders.search import find_stems
from msgld.data.stem_folders.songs import StemSong, remarks_on_files, remarks_on_song, usable_songs
from msgld.errors import DataError, UsageError
from msgld.progress import OnProgress
from msgld.stems import RATE, STEMS

CLIP_SECONDS = 10.24
"""Length of an evaluated clip, as published."""

_TRIES = 8
_SOUNDING = 1e-3  # an excerpt whose mixture stays below this (RMS) counts as silent


class StemFolder:
    """A source over ``<path>/<song>/<stem>.<wav, flac, ogg, ...>``, or MUSDB18, MoisesDB or Slakh2100 as published.

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
        self._note(remarks_on_files(files.values()))
        self.songs = usable_songs(found, files, stems)
        if not self.songs:
            first = self.findings_of(SET_ASIDE)[0]
            raise DataError(f"no file in {self.root} can be used: {first.file}: {first.what}")
        self._note(remark for song in self.songs for remark in remarks_on_song(song))

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

    def clips(self, seconds: float | None = CLIP_SECONDS, wanted: Sequence[str] = ()) -> FolderClips:
        """All songs in clips of one length to evaluate on, or the songs themselves; see :class:`FolderClips`."""
        return FolderClips(self, seconds, wanted)

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
    """The songs of a folder in clips of one length, by number: the first of each song, then the second of each.

    The rest at a song's end is not used; a song shorter than a clip is filled up with silence.

    Args:
        folder: of the songs.
        seconds: length of a clip; None for each song as one clip.
        wanted: only songs that have all of these stems.

    Raises:
        DataError: no song has all of them.
    """

    def __init__(
        self, folder: StemFolder, seconds: float | None = CLIP_SECONDS, wanted: Sequence[str] = ()
    ) -> None:
        self.folder, self.seconds = folder, seconds
        songs = [song for song in folder.songs if song.files.keys() >= set(wanted)]
        if not songs:
            raise DataError(f"no song in {folder.root} has all of {', '.join(wanted)}")
        counts = [max(1, int(song.seconds / seconds)) if seconds else 1 for song in songs]
        self._places = [
            (song, turn * (seconds or 0.0))
            for turn in range(max(counts))
            for song, count in zip(songs, counts, strict=True)
            if turn < count
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Clip:
        song, start = self._places[index]
        return self.folder.read(song, start, self.seconds or song.seconds)


def open_folders(
    paths: Sequence[Path],
    stems: tuple[str, ...],
    maps: Sequence[str] = (),
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
    usual: Sequence[str] = (),
) -> list[StemFolder]:
    """Open folders of stems with the user's ``maps``; other arguments and errors as for :class:`StemFolder`.

    Maps that are ``usual`` may match nothing.

    Raises:
        UsageError: a map that cannot be read, or no folder for it.
        DataError: a map that matches no file of any folder.
    """
    rules = parse_map(maps, stems)
    if rules and not paths:
        raise UsageError("--map describes the files of --stems: add --stems FOLDER")
    every = (*rules, *parse_map(usual, stems))
    folders = [StemFolder(path, stems, rules=every, cache=cache, on_progress=on_progress) for path in paths]
    typed = set(rules) if folders else set()
    idle = sorted(rule.pattern for rule in typed - {rule for one in folders for rule in one.rules.used})
    if idle:
        raise DataError(f"--map {named(idle)} matches no file: name it as it is in the song's folder")
    return folders


def open_stems(path: Path | None, options: SourceOptions) -> StemFolder:
    """A folder of songs, or one song's folder."""
    if path is None:
        raise UsageError("recorded stems need a path: name a folder that holds a folder for each song")
    rules = parse_map(options.maps, options.stems)
    return StemFolder(path, options.stems, rules=rules, cache=options.cache, on_progress=options.on_progress)
