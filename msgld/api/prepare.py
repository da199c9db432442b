"""``msgld.prepare``: one call that turns a set of songs into shards, or goes on with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgld.api import checks
from msgld.api.folder import check_out
from msgld.data.shards.about import Prepared, is_shards
from msgld.data.shards.prepare import prepare_set
from msgld.data.stem_folders.manifest import is_manifest, stem_names_in
from msgld.data.stem_folders.words import stems_to_train
from msgld.errors import DataError, UsageError
from msgld.progress import CancelToken, OnProgress
from msgld.stems import STEMS
from msgld.training.lock import alone

DOING = "preparing songs"
"""What a run in a folder of shards does, for messages."""


def prepare(
    songs: str | Path,
    out: str | Path | None = None,
    *,
    stem_names: Iterable[str] | None = None,
    maps: Iterable[str] = (),
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> Prepared:
    """Check a set of songs and store it in shards to train on; the same call goes on where it was stopped.

    What is wrong with which file is in ``report.html``; ``songs.jsonl`` is the manifest.

    >>> prepared = msgld.prepare("my-songs")
    >>> msgld.train(stems=[prepared.folder], out="runs/mine")

    Args:
        songs: a folder of songs, one folder a song, one file a stem; a published set; or a manifest (CSV, JSONL).
        out: folder of the shards; by default beside the songs, as ``my-songs-shards``.
        stem_names: of the stems; by default those of a manifest, else bass, drums, guitar, piano, vocals, other.
        maps: ``FILE=STEM`` for files with unclear names.
        on_progress: called with the megabytes that are done.
        cancel: stops the work; what is done stays.

    Returns:
        What the shards hold.

    Raises:
        UsageError: names that cannot be, or ``out`` holds something else.
        DataError: nothing in the set can be used.
        AudioWriteError: ``out`` cannot be written, as on a full disk; what is done stays.
        TrainingError: another process is preparing into ``out``.
        Cancelled: on request.
    """
    checks.check_function("on_progress", on_progress, "msgld.Progress")
    source, folder, stems, stem_maps = checked(songs, out, stem_names, maps)
    with alone(folder, DOING):
        return prepare_set(source, folder, stems, stem_maps, on_progress=on_progress, cancel=cancel)


def checked(
    songs: str | Path, out: str | Path | None, stem_names: Iterable[str] | None, maps: Iterable[str]
) -> tuple[Path, Path, tuple[str, ...], tuple[str, ...]]:
    """Source, folder of the shards, names of the stems, and maps. Arguments and errors as of :func:`prepare`."""
    source = checks.as_path("songs", songs)
    if not source.is_dir() and not is_manifest(source):
        raise DataError(f"{source} is no folder of songs and no manifest (CSV or JSONL): name one")
    if is_shards(source):
        raise UsageError(f"{source} holds shards already: msgld train --stems {source} trains on them")
    folder = usual_folder(source) if out is None else checks.as_path("out", out)
    if folder.resolve() == source.resolve():
        raise UsageError(f"{folder} holds the songs: choose another --out")
    check_out(folder)
    stems = _stems(source, checks.as_names("stem_names", stem_names))
    return source, folder, stems, checks.as_texts("maps", maps)


def usual_folder(source: Path) -> Path:
    """Where the shards of a set go by default."""
    name = source.resolve().stem if source.is_file() else source.resolve().name
    return source.resolve().parent / f"{name}-shards"


def _stems(source: Path, given: tuple[str, ...] | None) -> tuple[str, ...]:
    if given is not None:
        return stems_to_train(given)
    found = stem_names_in(source) if source.is_file() else ()
    return stems_to_train(found) if found else STEMS
