"""Stems of the user's own: takes of the task ``given``."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from msgld.api.naming import PLAIN
from msgld.api.record import own_version, write_record
from msgld.studio.library.projects import ProjectFolder
from msgld.studio.library.records import read_json, write_json
from msgld.studio.library.takes import RECORD
from msgld.studio.schemas import Take

TASK = "given"

_lock = threading.RLock()


def likeness(place: ProjectFolder, stem: str) -> dict[str, int] | None:
    """Rate and channels that a given stem has to have; None where it is the first of its take."""
    take = _open_take(place, stem)
    return None if take is None else {"rate": take.rate, "channels": take.channels}


def _open_take(place: ProjectFolder, stem: str) -> Take | None:
    """The newest take of given stems, unless it has the stem."""
    given = [take for take in place.takes.all() if take.task == TASK]
    return given[0] if given and stem not in {one.name for one in given[0].stems} else None


def add_given(
    place: ProjectFolder, stem: str, sound: Path, facts: dict[str, Any], title: str, expires: float | None
) -> Take:
    """Put a decoded stem into a take, which may be a new one.

    Args:
        place: of the project.
        stem: its name.
        sound: a WAV file beside its peaks; both are moved.
        facts: of the sound.
        title: of a new take.
        expires: when it is removed; None for never.
    """
    with _lock:
        take = _open_take(place, stem)
        if take is not None and (take.rate, take.channels) != (facts["rate"], facts["channels"]):
            take = None  # another stem came first at this moment
        number = place.takes.new_id() if take is None else take.id
        folder = place.takes.place(number, TASK)
        folder.mkdir(exist_ok=True)
        sound.replace(folder / f"{stem}.wav")
        sound.with_suffix(".peaks.npy").replace(place.takes.cache(number, f"{stem}.peaks.npy"))
        record = _new(number, title, facts) if take is None else read_json(folder / RECORD)
        record["stems"] = [
            *record["stems"],
            {"name": stem, "sound": True, "notes": False, "made": False},
        ]
        record["files"] = {**record["files"], stem: f"{stem}.wav"}
        record["remarks"] = [*record["remarks"], *(f"{stem}: {line}" for line in facts["remarks"])]
        longest = max(int(record["total"]), int(facts["frames"]))
        record |= {"frames": longest, "total": longest, "expires": expires}
        record["seconds"] = round(longest / record["rate"], 3)
        _write_run(folder, record)
        write_json(folder / RECORD, record)
        place.takes.drop_growing(number)
        return place.takes.read(number)


def _new(number: str, title: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number,
        "task": TASK,
        "title": title,
        "created": time.time(),
        "rate": facts["rate"],
        "channels": facts["channels"],
        "frames": 0,
        "total": 0,
        "stems": [],
        "files": {PLAIN.record: PLAIN.record},
        "remarks": [],
    }


def _write_run(folder: Path, record: dict[str, Any]) -> None:
    """The record that all results have."""
    files = {name: file for name, file in record["files"].items() if name != PLAIN.record}
    run = {"task": TASK, "model": None, "files": files, "versions": {"msgld": own_version()},
           "rate": record["rate"], "length": record["total"], "remarks": record["remarks"]}  # fmt: skip
    write_record(folder / PLAIN.record, run)
