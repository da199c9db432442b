"""A set of songs with stems as a source of clips, whatever its files look like."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from msgld.data.source import Clip
from msgld.data.stem_folders import Finding, relative
from msgld.data.stem_folders.songs import StemSong
from msgld.data.stem_folders.splits import TEST, TRAIN, VALIDATION
from msgld.errors import DataError
from msgld.stems import RATE, STEMS

CLIP_SECONDS = 10.24
"""Length of an evaluated clip, as published."""

_TRIES = 8
_SOUNDING = 1e-3  # an excerpt whose mixture stays below this (RMS) counts as silent


class SongSet:
    """A source over songs whose stems can be read from any place.

    Songs of a split other than ``train`` are not trained on where there are others; see :meth:`clips` for those that
    are evaluated. A song's missing stem is marked as not present.

    Args:
        root: folder of the set, for messages.
        stems: names and order of the stems.
        rate: samples per second of the clips.

    Attributes:
        songs: all of them.
        trained: indices of the songs that clips are drawn from.
        findings: remarks on the set.
        place: what the user named: the folder, or a manifest in it.
    """

    def __init__(self, root: Path, stems: tuple[str, ...] = STEMS, rate: int = RATE) -> None:
        self.root, self.stems, self.rate = root, stems, rate
        self.place = root
        self.songs: Sequence[StemSong] = ()
        self.trained: Sequence[int] = ()
        self.findings: list[Finding] = []

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
        return self.songs[self.trained[int(rng.integers(len(self.trained)))]]

    def validation(self) -> SongSet | None:
        """The songs of the split ``validation``, as a source; None where there are none, or they are trained on."""
        songs = [index for index, split in enumerate(self.splits) if split == VALIDATION]
        if not songs or set(songs) & set(self.trained):
            return None
        found = copy.copy(self)
        found.trained = songs
        return found

    @property
    def splits(self) -> Sequence[str]:
        """The split of each song; empty for none."""
        return [song.split for song in self.songs]

    def clips(self, seconds: float | None = CLIP_SECONDS, wanted: Sequence[str] = ()) -> FolderClips:
        """The songs in clips of one length to evaluate on, or the songs themselves; see :class:`FolderClips`."""
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
        self, folder: SongSet, seconds: float | None = CLIP_SECONDS, wanted: Sequence[str] = ()
    ) -> None:
        self.folder, self.seconds = folder, seconds
        songs = [song for song in evaluated(folder.songs) if song.files.keys() >= set(wanted)]
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


def trained(splits: Sequence[str]) -> list[int]:
    """Indices of the songs to train on: those of ``train`` or of no split; all where there are none of these."""
    return [i for i, split in enumerate(splits) if split in ("", TRAIN)] or list(range(len(splits)))


def evaluated(songs: Sequence[StemSong]) -> list[StemSong]:
    """The songs to evaluate on: those of ``test`` where there are any, else all."""
    every = list(songs)
    return [song for song in every if song.split == TEST] or every
