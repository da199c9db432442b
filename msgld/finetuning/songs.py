"""The songs that a model is tuned to: one of them is set aside, and tells learning from learning by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.store import cache_folder
from msgld.data.source import Clip
from msgld.data.stem_folders.folder import open_folders
from msgld.data.stem_folders.song_set import SongSet
from msgld.data.stem_folders.songs import StemSong
from msgld.errors import DataError
from msgld.evaluation.measures import sounding
from msgld.progress import OnProgress

FEWEST = 2
"""Songs: one to learn from, one set aside."""

EXCERPT, EXCERPTS = 12.0, 4
"""Seconds of an excerpt that is measured, and how many of a song, at most."""

LEARNED = 2
"""Songs among those that are learned which are measured, too."""


@dataclass(frozen=True)
class OwnSongs:
    """Songs of one's own.

    Attributes:
        folder: a source of clips of all songs but the one that is set aside.
        aside: that song.
    """

    folder: SongSet
    aside: StemSong

    @property
    def learned(self) -> list[StemSong]:
        """The songs that clips are drawn from."""
        return [self.folder.songs[i] for i in self.folder.trained]

    def contents(self) -> dict[str, list[Any]]:
        """Length in seconds and stems of each song, by which another set of songs is told."""
        return {song.name: [round(song.seconds, 3), *sorted(song.files)] for song in self.folder.songs}

    def aside_clips(self) -> list[Clip]:
        """Excerpts of the song that is set aside."""
        return excerpts(self.folder, self.aside)

    def learned_clips(self) -> list[Clip]:
        """Excerpts of some songs that are learned, about as many."""
        chosen = self.learned[:: max(1, len(self.learned) // LEARNED)][:LEARNED]
        return [clip for song in chosen for clip in excerpts(self.folder, song)[: EXCERPTS // len(chosen)]]


def open_own(
    path: Path, stems: tuple[str, ...], maps: Sequence[str] = (), on_progress: OnProgress | None = None
) -> OwnSongs:
    """Check the songs of a folder, a manifest or shards, and set one aside.

    It is the one of middling length among those with the most stems. Songs that are for tests are left alone.

    Args:
        path: see :func:`msgld.finetune`.
        stems: of the model that is made.
        maps: ``FILE=STEM`` for files with unclear names.
        on_progress: called during the check.

    Raises:
        DataError: there are fewer than two songs, or nothing that can be used.
        UsageError: a map that cannot be read.
    """
    (folder,) = open_folders([path], stems, maps, cache_folder(), on_progress)
    songs = list(folder.trained)
    if len(songs) < FEWEST:
        raise DataError(
            f"{path} has one song to learn from: it takes two, of which one is set aside to measure"
        )
    most = max(len(folder.songs[i].files) for i in songs)
    full = sorted(
        (i for i in songs if len(folder.songs[i].files) == most), key=lambda i: folder.songs[i].seconds
    )
    aside = full[len(full) // 2]
    folder.trained = [i for i in songs if i != aside]
    return OwnSongs(folder, folder.songs[aside])


def excerpts(folder: SongSet, song: StemSong) -> list[Clip]:
    """Stretches of a song, evenly over it, in which two stems sound or more; the first of all where none is so."""
    count = max(1, min(EXCERPTS, int(song.seconds / EXCERPT)))
    seconds = min(EXCERPT, song.seconds)
    starts = np.linspace(0, song.seconds - seconds, count + 2)[1:-1] if count > 1 else [0.0]
    clips = [folder.read(song, float(start), seconds) for start in starts]
    return [clip for clip in clips if sounding(clip).sum() > 1] or clips[:1]
