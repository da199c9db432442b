"""The method of :class:`msgld.Msgld` that writes projects for workstations beside the files of a result."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from msgld.api.checks import as_path
from msgld.api.composing import read_score
from msgld.api.folder import former_record, inside
from msgld.api.listening import SongListener
from msgld.api.naming import PLAIN
from msgld.api.notes import MIX
from msgld.api.options import NORMAL
from msgld.api.record import own_version
from msgld.audio.read import open_file
from msgld.audio.stream import AudioStream
from msgld.daw.dawproject import write_dawproject
from msgld.daw.project import Recording, project_of
from msgld.daw.reaper import SOURCES, reaper_text
from msgld.daw.stem_mp4 import write_stem_mp4
from msgld.errors import AudioWriteError, UsageError
from msgld.music.midi.perform import Silent
from msgld.music.notes import joined
from msgld.music.score import SCORE_STEMS, Score
from msgld.progress import CancelToken, OnProgress

T = TypeVar("T")

REAPER, DAWPROJECT, STEM_MP4 = "rpp", "dawproject", "stem.mp4"
"""Endings of the files."""


class ProjectWriter(SongListener):
    """Write projects."""

    def to_daw(
        self,
        result: str | Path,
        *,
        overwrite: bool = False,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> dict[str, Path]:
        """Write a REAPER project and a DAWproject file beside the stems of a saved result.

        Each stem has a track with its sound and one with its notes, at its place in time; tempo, metre and sections go
        along. Where the result has no MIDI files, its stems are listened to. The REAPER project names the sound files
        beside it, the DAWproject file holds copies.

        Args:
            result: a folder with ``run.json``.
            overwrite: whether former projects may be replaced.
            on_progress: called with the progress of listening.
            cancel: stops it.

        Returns:
            ``rpp`` and ``dawproject`` -> the file.

        Raises:
            UsageError: no result, or one without sound and notes.
            AudioReadError, DataError: its files cannot be read.
            AudioWriteError: there are projects already, or the folder cannot be written to.
        """
        folder = as_path("result", result)
        run, name = _record(folder), folder.resolve().name
        places = {ending: folder / f"{name}.{ending}" for ending in (REAPER, DAWPROJECT)}
        for path in places.values():
            _refuse(path, overwrite)
        recordings = _recordings(folder, run)
        score = self._score(folder, run, recordings, on_progress, cancel)
        if not recordings and score is None:
            raise UsageError(f"{folder} has neither stems nor notes, of which a project could be made")
        project = project_of(name, recordings, score, _sections(run, score))
        _put(places[REAPER], lambda path: path.write_text(reaper_text(project), "utf-8"))
        _put(places[DAWPROJECT], lambda path: write_dawproject(project, folder, path, own_version()))
        return places

    def to_stem_mp4(self, result: str | Path, *, overwrite: bool = False) -> tuple[Path, list[str]]:
        """Write a stem file for DJ software beside the stems of a saved result: one MP4 with the mix and four stems.

        Drums, bass, vocals, and all others together, lossless in 16 bits; they sum to the mix but for the rounding.

        Args:
            result: a folder with ``run.json``.
            overwrite: whether a former stem file may be replaced.

        Returns:
            The file, and remarks: whether all tracks had to be turned down, and by how much.

        Raises:
            UsageError: no result, or one without sound.
            AudioReadError: its files cannot be read.
            AudioWriteError: there is a stem file already, or the folder cannot be written to.
        """
        folder = as_path("result", result)
        recordings = _recordings(folder, _record(folder))
        rates = {one.rate for one in recordings.values()}
        if len(rates) != 1:
            raise UsageError(f"{folder} has no stems of one rate, of which a stem file could be made")
        path = folder / f"{folder.resolve().name}.{STEM_MP4}"
        _refuse(path, overwrite)
        (rate,) = rates
        gain = _put(
            path, lambda unfinished: write_stem_mp4(unfinished, rate, lambda: _opened(folder, recordings))
        )
        lower = f"all tracks are turned down by {-20 * math.log10(gain):.1f} dB, as one would clip"
        return path, [f"{path.name}: {lower}"] if gain < 1 else []

    def _score(
        self,
        folder: Path,
        run: Mapping[str, Any],
        recordings: Mapping[str, Recording],
        on_progress: OnProgress | None,
        cancel: CancelToken | None,
    ) -> Score | None:
        """The notes of a result: those of its MIDI files, or what the ears find in its stems."""
        written = score_of(folder, run)
        if written is not None:
            return written
        known = {*SCORE_STEMS, *self.stems}
        stems = {stem: folder / one.file for stem, one in recordings.items() if stem in known}
        if not stems or self.model.listener is None:
            return None
        return self.transcribe(stems, options=NORMAL, on_progress=on_progress, cancel=cancel).score


def score_of(folder: Path, run: Mapping[str, Any]) -> Score | None:
    """The notes in the MIDI files of a result; None without such files, or without notes in them.

    Args:
        folder: of the result.
        run: its record.
    """
    midi = run.get("midi")
    if not isinstance(midi, Mapping) or MIX not in midi:
        return None
    parts = {str(name): _notes_in(inside(folder, str(file))) for name, file in midi.items()}
    whole = parts.pop(MIX)
    if whole is None:
        return None
    # A file's name says which stem it is; the programs in it need not.
    notes = {stem: joined(list(part.notes.values())) for stem, part in parts.items() if part is not None}
    return replace(whole, notes=notes or whole.notes)


def _notes_in(file: Path) -> Score | None:
    """The score of a MIDI file; None if there are no notes in it."""
    try:
        return read_score(file)
    except Silent:
        return None


def _refuse(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise AudioWriteError(f"{path} exists: it is replaced only where that is asked for")


@contextmanager
def _opened(folder: Path, recordings: Mapping[str, Recording]) -> Iterator[dict[str, AudioStream]]:
    with ExitStack() as stack:
        yield {stem: stack.enter_context(open_file(folder / one.file)) for stem, one in recordings.items()}


def _record(folder: Path) -> dict[str, Any]:
    """The record of a result; UsageError if there is none."""
    found = former_record(folder, PLAIN)
    if found is None or not isinstance(found.get("files"), dict):
        named = "results with names of their own (--filename) get no projects"
        raise UsageError(
            f"{folder} is no result: it has no record, {PLAIN.record}, that can be read; {named}"
        )
    return found


def _recordings(folder: Path, run: Mapping[str, Any]) -> dict[str, Recording]:
    """The sound files of a result but the mix."""
    found = {}
    for name, file in run["files"].items():
        path = inside(folder, str(file))
        if name != MIX and path.suffix.lower() in SOURCES:
            with open_file(path) as sound:
                seconds = sound.frames / sound.rate
                found[str(name)] = Recording(PurePosixPath(file), sound.rate, sound.channels, seconds)
    return found


def _sections(run: Mapping[str, Any], score: Score | None) -> list[tuple[float, str]]:
    """Where the sections of a piece begin, in quarter notes, as far as its form says so."""
    settings = run.get("settings")
    letters = settings.get("form") if isinstance(settings, Mapping) else None
    if score is None or not isinstance(letters, str) or not letters or letters == letters[0] * len(letters):
        return []
    written = int(score.bars.number[-1]) + 1 if len(score.bars) else 0
    size, rest = divmod(int(run.get("bars") or written), len(letters))
    if rest:
        return []
    first = [int((score.bars.number < size * place).sum()) for place in range(len(letters))]
    return [(float(score.bars.start[bar]), letter) for bar, letter in zip(first, letters, strict=True)]


def _put(path: Path, write: Callable[[Path], T]) -> T:
    """Write a file that appears when it is whole; what ``write`` returns."""
    try:
        with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            found = write(unfinished)
            os.replace(unfinished, path)
            return found
    except OSError as error:
        raise AudioWriteError(f"cannot write to {path}: {error.strerror or error}") from error
