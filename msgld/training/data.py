"""Training data: the songs, the MIDI files and the built-in band that a run learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.data.played import open_played
from msgld.data.records.augment import Augmented
from msgld.data.singing import Singing
from msgld.data.source import Mixed, Source, SourceOptions, open_source
from msgld.data.stem_folders.folder import open_folders
from msgld.data.stem_folders.song_set import SongSet
from msgld.data.stem_folders.words import stems_to_train
from msgld.data.sung import Sung
from msgld.errors import DataError, UsageError
from msgld.progress import OnProgress
from msgld.stems import OTHER, STEMS
from msgld.training.score.pieces import Scores, open_scores

AUGMENTED = 0.75
"""Fraction of the clips that are made to sound like records: a little, or a lot."""

OnFolder = Callable[[SongSet], None]
"""Called with a folder of stems whose files have been checked; ``findings`` lists the files that are left out."""


@dataclass(frozen=True)
class Data:
    """What to train on. Every folder or archive counts alike, and so does the band.

    Attributes:
        stems: folders of songs, one folder a song, one file a stem.
        midi: folders or tar archives of MIDI files.
        band: whether the built-in band plays; None: where there are no ``stems``.
        soundfont: a soundfont or a folder of them; None for the system's.
        singing: a folder of sung phrases for the music of ``midi`` and the band; None for no singers.
        stem_names: names of the stems; None: see :meth:`names`.
        maps: stems of files with unclear names, as ``--map`` takes them.
    """

    stems: tuple[Path, ...] = ()
    midi: tuple[Path, ...] = ()
    band: bool | None = None
    soundfont: Path | None = None
    stem_names: tuple[str, ...] | None = None
    maps: tuple[str, ...] = ()
    singing: Path | None = None

    @property
    def with_band(self) -> bool:
        """Whether the built-in band plays."""
        return not self.stems if self.band is None else self.band

    def check_paths(self) -> None:
        """Raise DataError if a folder is missing."""
        for path in (*self.midi, *self.stems, *([self.singing] if self.singing else [])):
            if not path.exists():
                raise DataError(f"there is no folder {path}")

    def record(self) -> dict[str, Any]:
        """The settings that a resumed run has to repeat; folders are compared by their resolved paths."""
        folders = {"midi": self.midi, "stems": self.stems}
        resolved = {name: sorted(str(path.resolve()) for path in paths) for name, paths in folders.items()}
        singing = {} if self.singing is None else {"singing": str(self.singing.resolve())}
        return (
            resolved
            | singing
            | {"band": self.with_band, "stem_names": self.stem_names, "maps": sorted(self.maps)}
        )

    def names(self, start: Sequence[str] | None = None, grows: bool = False) -> tuple[str, ...]:
        """The stems to train: ``stem_names``, else those of the model to begin with, else the usual six.

        Those of the model count where all clips come from ``stems``, or where notes can be rendered into them.

        Args:
            start: stems of the model to begin with; None where there is none.
            grows: whether the part takes further stems, so that notes are rendered into all six.

        Raises:
            UsageError: names that cannot be, or data without such stems.
        """
        own = bool(self.stems) and not self.midi and not self.band
        stems = tuple(start) if start and (own or (_rendered(start) and not grows)) else STEMS
        if self.stem_names is not None:
            stems = stems_to_train(self.stem_names)
            if start and len(start) != len(stems) and not (grows and set(start) < set(stems)):
                raise UsageError(
                    f"the model to start with has {len(start)} stems ({', '.join(start)}), --stem-names {len(stems)}"
                )
        if _rendered(stems):
            return stems
        played = f"plays {', '.join(STEMS)}, not {', '.join(stems)}"
        if self.midi:
            raise UsageError(f"music from --midi {played}: leave it out, and train on --stems")
        if self.band:
            raise UsageError(f"the built-in band {played}: leave out --band")
        if not self.stems:
            raise UsageError(f"the stems {', '.join(stems)} are in songs of your own: add --stems FOLDER")
        return stems

    def source(
        self,
        start: Sequence[str] | None = None,
        cache: Path | None = None,
        on_progress: OnProgress | None = None,
        on_folder: OnFolder | None = None,
        grows: bool = False,
    ) -> Source:
        """Check all files and put the source together.

        Args:
            start: see :meth:`names`.
            cache: a folder that keeps the results of the check, so that the next one is quick.
            on_progress: called during the check.
            on_folder: called with each folder of songs.
            grows: see :meth:`names`.

        Raises:
            UsageError: options that do not go together.
            DataError: a folder has no usable file, the stem of a file is not clear, or no soundfont is found.
        """
        if self.soundfont is not None and self.stems and not self.midi and not self.with_band:
            raise UsageError("--soundfont goes with --midi or --band: songs of --stems are not played by one")
        if self.singing is not None and not self.midi and not self.with_band:
            raise UsageError("--singing goes with --midi or --band: songs of --stems have their own singers")
        names = self.names(start, grows)
        folders = open_folders(self.stems, names, self.maps, cache, on_progress)
        if on_folder:
            for folder in folders:
                on_folder(folder)
        return training_source(self.midi, folders, self.with_band, self.soundfont, self.singing, names)

    def scores(self) -> Scores:
        """The source of a part that learns from notes.

        Raises:
            UsageError: songs of ``stems``, which have none, or nothing to train on.
            DataError: a folder has no usable file.
        """
        if self.stems:
            raise UsageError("notes are learned from --midi and the band: leave out --stems")
        if self.singing:
            raise UsageError("notes are learned without any sound: leave out --singing")
        return open_scores(self.midi, self.with_band)

    def played(self) -> Source:
        """Check all files and put a source of clips together that have their notes.

        Raises:
            UsageError: nothing with notes is named.
            DataError: a folder is unusable, or no soundfont is found.
        """
        if self.stems:
            raise UsageError("ears learn from notes, which --stems do not have: name --midi files, or --band")
        if self.singing:
            raise UsageError("ears learn from instruments and choirs alone: leave out --singing")
        return open_played(self.midi, self.with_band, self.soundfont)


def _rendered(stems: Sequence[str]) -> bool:
    """Whether notes can be rendered into these stems: what has none of its own goes into ``other``."""
    return set(stems) <= set(STEMS) and OTHER in stems


def training_source(
    midi: Sequence[Path] = (),
    stems: Sequence[Path | SongSet] = (),
    band: bool = True,
    soundfont: Path | None = None,
    singing: Path | None = None,
    names: tuple[str, ...] = STEMS,
) -> Source:
    """A source over all named data, each folder and the band as often; ``AUGMENTED`` of the clips are augmented.

    Args:
        midi: folders or tar archives of MIDI files. The held-out pieces are left out of them.
        stems: folders of songs, one folder a song, one file a stem; or such folders that are open already.
        band: whether the built-in band plays.
        soundfont: a soundfont or a folder of them; the system's by default.
        singing: a folder of sung phrases, for ``midi`` and the band.
        names: of the stems.

    Raises:
        UsageError: nothing to train on.
        DataError: a folder or a soundfont is unusable.
    """
    options = SourceOptions(names, soundfont)
    sources = [open_source("midi", path, options) for path in midi]
    sources += [open_source("band", None, options)] if band else []
    if singing is not None:
        phrases = Singing(singing)
        sources = [Sung(one, phrases) for one in sources]
    sources += [one if isinstance(one, SongSet) else open_source("stems", one, options) for one in stems]
    if not sources:
        raise UsageError("nothing to train on: name --midi or --stems folders, or leave the band in")
    source = sources[0] if len(sources) == 1 else Mixed([(one, 1.0) for one in sources])
    return Augmented(source, AUGMENTED)
