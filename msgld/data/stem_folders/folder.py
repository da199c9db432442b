"""A folder of recorded stems as a source of clips: one folder a song, one audio file a stem, as in MUSDB18-HQ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgld.data.shards.about import is_shards
from msgld.data.shards.source import Shards
from msgld.data.source import SourceOptions
from msgld.data.stem_folders import SET_ASIDE, named
from msgld.data.stem_folders.check import examine_all
from msgld.data.stem_folders.manifest import is_manifest
from msgld.data.stem_folders.rules import Rule, StemMap, parse_map
from msgld.data.stem_folders.search import find_stems
from msgld.data.stem_folders.song_set import CLIP_SECONDS, FolderClips, SongSet, trained
from msgld.data.stem_folders.songs import remarks_on_files, remarks_on_song, usable_songs
from msgld.errors import DataError, UsageError
from msgld.progress import OnProgress
from msgld.stems import RATE, STEMS

__all__ = ["CLIP_SECONDS", "FolderClips", "StemFolder", "open_folders", "open_set", "open_stems"]


class StemFolder(SongSet):
    """A source over ``<path>/<song>/<stem>.<wav, flac, ogg, ...>``, a published set, or the songs of a manifest.

    MUSDB18, MoisesDB and Slakh2100 are read as published; of Slakh2100 each MIDI file once, as in its redux version.

    Every file is checked first. Unusable ones are set aside: the stem is then absent from the song, and the mixture is
    the sum of the others. A song's missing stem is marked as not present. Songs may have any rate; files are read when
    they are needed.

    Args:
        path: the folder of song folders, one song's folder, or a manifest (CSV or JSONL).
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
        path = Path(path)
        super().__init__(path.parent if is_manifest(path) else path, stems, rate)
        self.place = path
        if not self.root.is_dir():
            raise DataError(
                f"{path} is not a folder: name one that holds a folder for each song, or a manifest"
            )
        self.rules = StemMap(self.root, stems, rules)
        found, self.findings = find_stems(path, stems, self.rules)
        files = examine_all((file for song in found for _, file in song.files), cache, on_progress)
        self._note(remarks_on_files(files.values()))
        self.songs = usable_songs(found, files, stems)
        if not self.songs:
            first = self.findings_of(SET_ASIDE)[0]
            raise DataError(f"no file in {self.root} can be used: {first.file}: {first.what}")
        self.trained = trained([song.split for song in self.songs])
        self._note(remark for song in self.songs for remark in remarks_on_song(song))


def open_set(
    path: Path,
    stems: tuple[str, ...] = STEMS,
    rules: Sequence[Rule] = (),
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> SongSet:
    """A folder of songs, a manifest, or a folder of shards; arguments and errors as for :class:`StemFolder`."""
    if is_shards(path):
        return Shards(path, stems, cache=cache, on_progress=on_progress)
    return StemFolder(path, stems, rules=rules, cache=cache, on_progress=on_progress)


def open_folders(
    paths: Sequence[Path],
    stems: tuple[str, ...],
    maps: Sequence[str] = (),
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
    usual: Sequence[str] = (),
) -> list[SongSet]:
    """Open sets of songs with the user's ``maps``; other arguments and errors as for :func:`open_set`.

    Maps that are ``usual`` may match nothing.

    Raises:
        UsageError: a map that cannot be read, or no folder for it.
        DataError: a map that matches no file of any folder.
    """
    rules = parse_map(maps, stems)
    if rules and not paths:
        raise UsageError("--map describes the files of --stems: add --stems FOLDER")
    every = (*rules, *parse_map(usual, stems))
    folders = [open_set(path, stems, every, cache, on_progress) for path in paths]
    typed = set(rules) if folders else set()
    idle = sorted(
        rule.pattern
        for rule in typed
        - {rule for one in folders if isinstance(one, StemFolder) for rule in one.rules.used}
    )
    if idle:
        raise DataError(f"--map {named(idle)} matches no file: name it as it is in the song's folder")
    return folders


def open_stems(path: Path | None, options: SourceOptions) -> SongSet:
    """A folder of songs, one song's folder, a manifest, or a folder of shards."""
    if path is None:
        raise UsageError("recorded stems need a path: name a folder that holds a folder for each song")
    rules = parse_map(options.maps, options.stems)
    return open_set(path, options.stems, rules, options.cache, options.on_progress)
