"""Separating many songs: one after the other, a bad one does not stop the rest."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.asking import check_known, check_stems, check_two_stems
from msgld.app.formats import Format
from msgld.app.guard import DONE, FAILED, debugging, message
from msgld.app.talk import Talk, complain, shown
from msgld.errors import AudioWriteError, Cancelled, UsageError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


@dataclass(frozen=True)
class Job:
    """What to do with every song.

    Attributes:
        out: folder of the results; each song gets ``out / model / name``.
        settings: keyword arguments of ``Msgld.separate_to``.
        existing: what to do where there is a result already: ``refuse``, ``skip`` or ``overwrite``.
    """

    out: Path
    settings: dict[str, Any]
    format: Format = Format()
    existing: str = "refuse"
    dry_run: bool = False


@dataclass
class Tally:
    """How many songs came to which end."""

    done: int = 0
    skipped: int = 0
    failed: int = 0


def separate_all(
    model: Msgld, songs: Sequence[tuple[Path, str]], job: Job, talk: Talk, failed: int = 0
) -> int:
    """Separate songs, each with the name of its folder; say and count how each went.

    Args:
        failed: inputs that could not even be found.

    Returns:
        The exit code.

    Raises:
        UsageError: the settings do not fit the model.
    """
    _check(model, job)
    tally, started = Tally(failed=failed), time.monotonic()
    for number, (song, name) in enumerate(songs, start=1):
        label = song.name if len(songs) == 1 else f"[{number}/{len(songs)}] {song.name}"
        _one(model, song, job.out / model.name / name, job, talk, tally, label)
    if len(songs) + failed > 1:
        _sum_up(tally, time.monotonic() - started, job, talk)
    return FAILED if tally.failed else DONE


def _check(model: Msgld, job: Job) -> None:
    settings = job.settings
    check_two_stems(settings["two_stems"], settings["stems"], settings["residual"], model.stems)
    check_stems(settings["stems"] or (), model.stems)
    check_known(settings["known"] or {}, model.stems)
    if job.out.exists() and not job.out.is_dir():
        raise AudioWriteError(f"{job.out} is a file; choose another folder with --out")


def _one(model: Msgld, song: Path, folder: Path, job: Job, talk: Talk, tally: Tally, label: str) -> None:
    """Separate one song; its errors are said and counted, those of usage and interruptions are passed on."""
    try:
        if _is_done(folder, song, job):
            tally.skipped += 1
            talk.say(f"{song}: skipped, {shown(folder)} exists")
            talk.record(status="skipped", input=song, folder=folder)
        elif job.dry_run:
            tally.done += 1
            talk.say(f"{song} -> {shown(folder)}")
            talk.record(status="planned", input=song, folder=folder)
        else:
            _separate(model, song, folder, job, talk, label)
            tally.done += 1
    except (UsageError, Cancelled):
        raise
    except Exception as error:
        if debugging():
            traceback.print_exc()
        tally.failed += 1
        complain(_named(song, message(error)))
        talk.record(status="failed", input=song, error=message(error))


def _named(song: Path, text: str) -> str:
    return text if str(song) in text else f"{song}: {text}"


def _is_done(folder: Path, song: Path, job: Job) -> bool:
    """Whether the song is to be skipped.

    Raises:
        AudioWriteError: there is a result, and nobody said what to do about it, or it is another song's.
    """
    if job.existing == "overwrite" or not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if job.existing == "skip":
        if not (folder / "run.json").exists():
            raise AudioWriteError(f"{folder} is no finished result: it has no run.json; use --overwrite")
        if _holds(folder, song):
            return True
        raise AudioWriteError(
            f"{folder} holds the stems of another song; choose another --out or --overwrite"
        )
    raise AudioWriteError(f"{folder} exists already; use --skip-existing, --overwrite or another --out")


def _holds(folder: Path, song: Path) -> bool:
    """Whether a folder holds this song's stems; yes where its record does not say, or the song has been moved."""
    try:
        former = Path(json.loads((folder / "run.json").read_text("utf-8"))["input"])
    except (OSError, ValueError, KeyError, TypeError):
        return True
    return former.resolve() == song.resolve() or (former.name == song.name and not former.exists())


def _separate(model: Msgld, song: Path, folder: Path, job: Job, talk: Talk, label: str) -> None:
    from msgld.app.progress import spoken, track

    started = time.monotonic()
    with track(label) as on_progress:
        saved = model.separate_to(
            song, folder, ext=job.format.ext, subtype=job.format.subtype, overwrite=job.existing == "overwrite",
            on_progress=on_progress, **job.settings,
        )  # fmt: skip
    for line in saved.run.get("notes", ()):
        talk.note(f"{song.name}: {line}")
    talk.say(
        f"{song} -> {shown(saved.folder)} ({', '.join(saved.files)}) in {spoken(time.monotonic() - started)}"
    )
    talk.record(status="done", input=song, folder=saved.folder, files=saved.files, run=saved.run)


def _sum_up(tally: Tally, seconds: float, job: Job, talk: Talk) -> None:
    from msgld.app.progress import spoken

    verb = "would be separated" if job.dry_run else "separated"
    parts = [f"{tally.done} {verb}"]
    parts += [f"{tally.skipped} skipped"] if tally.skipped else []
    parts += [f"{tally.failed} failed"] if tally.failed else []
    talk.say(f"{', '.join(parts)}; {spoken(seconds)}")
