"""Jobs on the disk, so that they survive a restart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from msgld.studio.library.projects import ProjectFolder
from msgld.studio.library.records import read_json, write_json
from msgld.studio.schemas import StoredJob

ID = r"^[0-9]{4,7}-[0-9]{4,9}$"
"""Pattern of a job's id: the project's and the job's own number."""

_FILE = re.compile(r"(?P<number>[0-9]{4,9})\.json")
_LARGE = "notes"


def number_of(job: StoredJob) -> str:
    """The job's own number."""
    return job.id.partition("-")[2]


def record_of(place: ProjectFolder, job: StoredJob) -> Path:
    """The file of a job."""
    return place.jobs / f"{number_of(job)}.json"


def notes_of(place: ProjectFolder, job: StoredJob) -> Path:
    """The file of the notes that came with a job; the record has their number only."""
    return place.jobs / f"{number_of(job)}.{_LARGE}.json"


def save(place: ProjectFolder, job: StoredJob) -> None:
    """Write a job; OSError where the disk refuses."""
    write_json(record_of(place, job), job.model_dump(mode="json", exclude={"place"}))


def add(place: ProjectFolder, task: str, settings: Mapping[str, Any], title: str, now: float) -> StoredJob:
    """Write a new job, which is queued."""
    place.jobs.mkdir(exist_ok=True)
    number = 1 + max((int(match["number"]) for match in _files(place)), default=0)
    small = {name: len(value) if name == _LARGE else value for name, value in settings.items()}
    own = f"{place.id}-{number:04}"
    job = StoredJob(id=own, project=place.id, task=task, settings=small, title=title, created=now)
    if _LARGE in settings:
        write_json(notes_of(place, job), {_LARGE: settings[_LARGE]})
    save(place, job)
    return job


def all_of(place: ProjectFolder) -> list[StoredJob]:
    """The jobs of a project, the oldest first; damaged ones are left out."""
    found = []
    for match in sorted(_files(place), key=lambda match: int(match["number"])):
        with suppress(OSError, ValueError, ValidationError):
            content = read_json(place.jobs / match[0])
            own = {"id": f"{place.id}-{match['number']}", "project": place.id}
            found.append(StoredJob.model_validate({**content, **own}))
    return found


def _files(place: ProjectFolder) -> list[re.Match[str]]:
    with suppress(OSError):
        return [match for path in place.jobs.iterdir() if (match := _FILE.fullmatch(path.name))]
    return []
