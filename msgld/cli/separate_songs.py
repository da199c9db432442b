"""Separating many songs: one after the other, a bad one does not stop the rest."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.checks import check_known, check_stems, check_two_stems
from msgld.api.encoding import Encoding
from msgld.api.folder import holds_result
from msgld.api.naming import Names
from msgld.cli.console import Talk, Unwritten, complain, shown
from msgld.cli.errors import DONE, FAILED, debugging, message
from msgld.cli.existing import Wanted, changed, refuse
from msgld.cli.naming import Template, check_apart
from msgld.cli.targets import check_out
from msgld.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.audio.sound import Sound


@dataclass(frozen=True)
class Job:
    """What to do with every song.

    Attributes:
        out: folder of the results.
        settings: keyword arguments of ``Msgld.separate_to``, and ``excerpt``, the stretch of every song.
        template: where below ``out`` a song's stems go.
        existing: what to do where there is a result already: ``refuse``, ``overwrite``, or ``skip`` where it is the
            one asked for, and make it again where it is not.
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
    works = _works(model, songs, job)
    tally, started = Tally(failed=failed), time.monotonic()
    for work in works:
        _one(model, work, job, talk, tally)
    if len(songs) + failed > 1:
        _sum_up(tally, time.monotonic() - started, job, talk)
    return FAILED if tally.failed else DONE


def _check(model: Msgld, job: Job) -> None:
    settings = job.settings
    check_two_stems(settings["two_stems"], settings["stems"], settings["residual"], model.stems)
    check_stems(settings["stems"] or (), model.stems)
    check_known(settings["known"] or {}, model.stems)
    check_out(job.out)


def _works(model: Msgld, songs: Sequence[tuple[Path, str]], job: Job) -> list[Work]:
    """What to do for each song.

    Raises:
        UsageError: the template gives two files one name.
    """
    works = []
    for number, (song, name) in enumerate(songs, start=1):
        label = song.name if len(songs) == 1 else f"[{number}/{len(songs)}] {song.name}"
        values: dict[str, str | int] = {
            "model": model.name,
            "track": name,
            "trackext": song.suffix[1:],
            "seed": job.settings["options"].seed,
            "index": number,
        }
        works.append(Work(song, *job.template.place(job.out, values), label))
    files = [
        *((stem, job.encoding.ext) for stem in _tracks(model, job)),
        ("run", "json"),
        ("spectrograms", "png"),
    ]
    check_apart({str(work.song): [work.folder / work.names.file(*file) for file in files] for work in works})
    return works


def _one(model: Msgld, work: Work, job: Job, talk: Talk, tally: Tally) -> None:
    """Separate one song; its errors are said and counted, those of usage and interruptions are passed on."""
    song = work.song
    try:
        again = _due(model, work, job)
        if again is None:
            tally.skipped += 1
            talk.say(f"{song}: skipped, {shown(work.folder / work.names.record)} exists")
            talk.record(status="skipped", input=song, folder=work.folder)
            return
        if again:
            talk.note(f"{song.name}: {'would be ' * job.dry_run}made again: {again}")
        if job.dry_run:
            talk.say(f"{song} -> {shown(work.folder / work.names.file('*', job.encoding.ext))}")
            talk.record(
                status="planned", input=song, folder=work.folder, **({"again": again} if again else {})
            )
        else:
            _separate(model, work, job, talk, again)
        tally.done += 1
    except (UsageError, Cancelled, BrokenPipeError, Unwritten):
        raise
    except Exception as error:
        if debugging():
            traceback.print_exc()
        tally.failed += 1
        complain(_named(song, message(error)))
        talk.record(status="failed", input=song, error=message(error))


def _due(model: Msgld, work: Work, job: Job) -> str | None:
    """Why a song is to be separated: an empty text where there is no result yet; None where it is not to be.

    Raises:
        AudioWriteError: there is a result, or something else, that may not be replaced.
    """
    if job.existing == "overwrite" or not holds_result(work.folder, work.names):
        return ""
    if job.existing == "refuse":
        refuse(work.folder, work.names)
    asked = {key: value for key, value in _asked_of_api(job.settings).items() if key != "residual"}
    plan = json.loads(json.dumps(model.plan(_cut(work.song, job.settings), **asked)))
    files = frozenset(f"{stem}.{job.encoding.ext}" for stem in _tracks(model, job))
    return changed(work.folder, work.names, Wanted(plan, job.encoding, files))


def _tracks(model: Msgld, job: Job) -> list[str]:
    """The tracks that the job writes of a song."""
    settings = job.settings
    if settings["two_stems"]:
        return [settings["two_stems"], f"no_{settings['two_stems']}"]
    residual = settings["residual"] or settings["options"].consistency == "residual"
    return [*(settings["stems"] or model.stems), *(["residual"] if residual else [])]


def _named(song: Path, text: str) -> str:
    return text if str(song) in text else f"{song}: {text}"


def _separate(model: Msgld, work: Work, job: Job, talk: Talk, again: str) -> None:
    from msgld.cli.progress_bar import spoken, track

    started, song = time.monotonic(), work.song
    with track(work.label) as on_progress:
        saved = model.separate_to(
            _cut(song, job.settings), work.folder, encoding=job.encoding, names=work.names,
            overwrite=job.existing == "overwrite" or bool(again), on_progress=on_progress,
            **_asked_of_api(job.settings),
        )  # fmt: skip
    for line in saved.run.get("remarks", ()):
        talk.note(f"{song.name}: {line}")
    where = saved.folder if work.names.alone else saved.folder / work.names.file("*", job.encoding.ext)
    talk.say(f"{song} -> {shown(where)} ({', '.join(saved.files)}) in {spoken(time.monotonic() - started)}")
    talk.record(status="done", input=song, folder=saved.folder, files=saved.files, run=saved.run,
                **({"again": again} if again else {}))  # fmt: skip


def _cut(sound: Path, settings: Mapping[str, Any]) -> Sound:
    from msgld.audio.sound import Excerpt

    return Excerpt(sound, *settings["excerpt"]) if settings["excerpt"] else sound


def _asked_of_api(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as ``Msgld.separate_to`` takes them; known stems are cut as the song is."""
    kept = {key: value for key, value in settings.items() if key != "excerpt"}
    return {
        **kept,
        "known": {stem: _cut(path, settings) for stem, path in (kept["known"] or {}).items()} or None,
    }


def _sum_up(tally: Tally, seconds: float, job: Job, talk: Talk) -> None:
    from msgld.cli.progress_bar import spoken

    verb = "would be separated" if job.dry_run else "separated"
    parts = [f"{tally.done} {verb}"]
    parts += [f"{tally.skipped} skipped"] if tally.skipped else []
    parts += [f"{tally.failed} failed"] if tally.failed else []
    talk.say(f"{', '.join(parts)}; {spoken(seconds)}")
