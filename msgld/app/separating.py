"""Separating many songs: one after the other, a bad one does not stop the rest."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.asking import check_known, check_stems, check_two_stems
from msgld.app.existing import is_done
from msgld.app.guard import DONE, FAILED, debugging, message
from msgld.app.naming import Template
from msgld.app.talk import Talk, complain, shown
from msgld.errors import AudioWriteError, Cancelled, UsageError
from msgld.results.encoding import Encoding
from msgld.results.naming import Names

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.sound.songs import Sound


@dataclass(frozen=True)
class Job:
    """What to do with every song.

    Attributes:
        out: folder of the results.
        settings: keyword arguments of ``Msgld.separate_to``, and ``excerpt``, the stretch of every song.
        template: where below ``out`` a song's stems go.
        existing: what to do where there is a result already: ``refuse``, ``skip`` or ``overwrite``.
    """

    out: Path
    settings: dict[str, Any]
    encoding: Encoding = Encoding()
    template: Template = Template()
    existing: str = "refuse"
    dry_run: bool = False


@dataclass(frozen=True)
class Work:
    """One song: its file, the folder of its stems and their names there, and what it is called on the screen."""

    song: Path
    folder: Path
    names: Names
    label: str


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
        seed = job.settings["options"].seed
        values = {
            "model": model.name,
            "track": name,
            "trackext": song.suffix[1:],
            "seed": seed,
            "index": number,
        }
        _one(model, Work(song, *job.template.place(job.out, values), label), job, talk, tally)
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


def _one(model: Msgld, work: Work, job: Job, talk: Talk, tally: Tally) -> None:
    """Separate one song; its errors are said and counted, those of usage and interruptions are passed on."""
    song = work.song
    try:
        if is_done(work.folder, work.names, song, job.existing, _asked(model, job)):
            tally.skipped += 1
            talk.say(f"{song}: skipped, {shown(work.folder / work.names.record)} exists")
            talk.record(status="skipped", input=song, folder=work.folder)
        elif job.dry_run:
            tally.done += 1
            talk.say(f"{song} -> {shown(work.folder / work.names.file('*', job.encoding.ext))}")
            talk.record(status="planned", input=song, folder=work.folder)
        else:
            _separate(model, work, job, talk)
            tally.done += 1
    except (UsageError, Cancelled):
        raise
    except Exception as error:
        if debugging():
            traceback.print_exc()
        tally.failed += 1
        complain(_named(song, message(error)))
        talk.record(status="failed", input=song, error=message(error))


def _asked(model: Msgld, job: Job) -> set[str]:
    """Endings of the files that the job makes of a song."""
    settings = job.settings
    if settings["two_stems"]:
        stems = {settings["two_stems"], f"no_{settings['two_stems']}"}
    else:
        stems = set(settings["stems"] or model.stems)
    return {f"{stem}.{job.encoding.ext}" for stem in stems}


def _named(song: Path, text: str) -> str:
    return text if str(song) in text else f"{song}: {text}"


def _separate(model: Msgld, work: Work, job: Job, talk: Talk) -> None:
    from msgld.app.progress import spoken, track

    started, song = time.monotonic(), work.song
    with track(work.label) as on_progress:
        saved = model.separate_to(
            _cut(song, job.settings), work.folder, encoding=job.encoding, names=work.names,
            overwrite=job.existing == "overwrite", on_progress=on_progress, **_asked_of_api(job.settings),
        )  # fmt: skip
    for line in saved.run.get("notes", ()):
        talk.note(f"{song.name}: {line}")
    where = saved.folder if work.names.alone else saved.folder / work.names.file("*", job.encoding.ext)
    talk.say(f"{song} -> {shown(where)} ({', '.join(saved.files)}) in {spoken(time.monotonic() - started)}")
    talk.record(status="done", input=song, folder=saved.folder, files=saved.files, run=saved.run)


def _cut(sound: Path, settings: Mapping[str, Any]) -> Sound:
    from msgld.sound.songs import Excerpt

    return Excerpt(sound, *settings["excerpt"]) if settings["excerpt"] else sound


def _asked_of_api(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as ``Msgld.separate_to`` takes them; known stems are cut as the song is."""
    kept = {key: value for key, value in settings.items() if key != "excerpt"}
    return {
        **kept,
        "known": {stem: _cut(path, settings) for stem, path in (kept["known"] or {}).items()} or None,
    }


def _sum_up(tally: Tally, seconds: float, job: Job, talk: Talk) -> None:
    from msgld.app.progress import spoken

    verb = "would be separated" if job.dry_run else "separated"
    parts = [f"{tally.done} {verb}"]
    parts += [f"{tally.skipped} skipped"] if tally.skipped else []
    parts += [f"{tally.failed} failed"] if tally.failed else []
    talk.say(f"{', '.join(parts)}; {spoken(seconds)}")
