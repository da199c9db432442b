"""Folders of recorded stems: one folder a song, one audio file a stem, as in MUSDB18-HQ and Slakh2100."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import soxr

from msgld.audio.read import open_file
from msgld.data.check import examine_all
from msgld.data.findings import SET_ASIDE, Finding, named
from msgld.data.layout import find_stems
from msgld.data.source import Clip
from msgld.data.stem_map import Rule, StemMap
from msgld.data.stem_song import StemFile, StemSong, compared, findings_of_files, usable_songs
from msgld.errors import AudioReadError, DataError
from msgld.progress import OnProgress
from msgld.stems import RATE, STEMS

CLIP_SECONDS = 10.24
"""Length of a stretch that is evaluated, as published."""

_TRIES = 8
_SOUNDING = 1e-3
"""A stretch whose mixture stays below this (RMS) is passed over."""


class StemFolder:
    """A source over ``<path>/<song>/<stem>.<wav, flac, ogg, ...>``, or over Slakh2100 as it is published.

    Every file is checked first. Those that cannot be used are set aside: the stem is then absent from the
    song, and the mixture is the sum of what is used. A song's missing stem is marked as not present. Songs may have
    any rate; files are read where they are needed.

    Args:
        path: the folder of song folders, or one song's folder.
        stems: names and order of the stems.
        rate: samples per second of the clips; other rates are resampled.
        rules: stems of files with unclear names, see :func:`msgld.data.stem_map.parse_map`.
        cache: a folder that keeps what is known of the files, so that the next check is quick.
        on_progress: called during the check.

    Attributes:
        songs: by path. findings: what is noteworthy about the set. rules: with those that matched.

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
        facts = examine_all((file for song in found for _, file in song.files), cache, on_progress)
        self.findings += findings_of_files(facts, self.root)
        self.songs = usable_songs(found, facts, stems)
        if not self.songs:
            first = self.findings_of(SET_ASIDE)[0]
            raise DataError(f"no file in {self.root} can be used: {first.file}: {first.what}")
        self.findings += compared(self.songs, self.root)

    def __len__(self) -> int:
        return len(self.songs)

    @property
    def files(self) -> int:
        """How many files are used."""
        return sum(len(song.every) for song in self.songs)

    def findings_of(self, then: str) -> list[Finding]:
        """The findings with that consequence, such as ``set aside``."""
        return [finding for finding in self.findings if finding.then == then]

    def clip(self, seed: int, seconds: float) -> Clip:
        """Return a stretch of a song, both drawn by the seed; silent stretches are avoided."""
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

    def read(self, song: StemSong, start: float, seconds: float) -> Clip:
        """Return the stretch of a song from ``start`` (in seconds), with silence after the song's end.

        Raises:
            DataError: a file cannot be read any more, or has changed since the check.
        """
        stems = np.zeros((len(self.stems), 2, round(seconds * self.rate)), dtype=np.float32)
        for k, stem in enumerate(self.stems):
            for file in song.files.get(stem, ()):
                stems[k] += _read(file, start, stems.shape[2], self.rate)
        present = np.array([stem in song.files for stem in self.stems])
        name = f"{song.name}@{start:.2f}"
        return Clip(stems, present, self.rate, name, {"start": start}, pooled=song.pooled)


class FolderClips:
    """All songs of a folder in stretches of one length, by number: the first of each song, then the second of each.

    What is left at a song's end is not used; a song shorter than a stretch is filled up with silence.
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


def check_rules(folders: Iterable[StemFolder]) -> None:
    """Raise DataError where a typed rule matches no file of any folder."""
    maps = [folder.rules for folder in folders]
    typed = {rule for one in maps for rule in one.typed}
    idle = sorted(rule.pattern for rule in typed - {rule for one in maps for rule in one.used})
    if idle:
        raise DataError(f"--map {named(idle)} matches no file: name it as it is in the song's folder")


def _read(file: StemFile, start: float, samples: int, rate: int) -> np.ndarray:
    """Return ``samples`` samples at ``rate`` from ``start`` seconds on, float32 (2, samples)."""
    first = min(round(start * file.rate), file.frames)
    # A little more than is needed, since resampling looks ahead.
    frames = min(-(-samples * file.rate // rate) + 64, file.frames - first)
    x = _samples(file, first, frames).T if frames else np.zeros((0, 1), np.float32)
    if file.rate != rate and frames:
        x = soxr.resample(x, file.rate, rate)
    x = x[:samples, [0, min(1, x.shape[1] - 1)]].T
    return np.pad(x, ((0, 0), (0, samples - x.shape[1])))


def _samples(file: StemFile, first: int, frames: int) -> np.ndarray:
    """That many samples of a file, float32 (channels, frames)."""
    try:
        with open_file(file.path) as sound:
            same = sound.rate == file.rate and sound.skip(first) == first
            x = sound.read(frames)
    except (AudioReadError, OSError) as error:
        raise DataError(f"{error} (the file could be read before)") from error
    if not same or x.shape[1] < frames:
        raise DataError(f"{file.path} has changed since it was checked: start again")
    return x
