"""The projects in the user's folder: each a folder of its own, whose name is made here."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.studio.errors import Refused
from msgld.studio.library.names import as_title, numbered, slug
from msgld.studio.library.records import next_number, read_json, write_json
from msgld.studio.library.takes import Takes
from msgld.studio.schemas import ProjectLine, Song

FORMAT = 1
UNTITLED = "Untitled"
ID = r"^[0-9]{4,7}$"
"""Pattern of a project's id."""

COUNTER = ".last-project.json"
RECORD = "project.json"

_FOLDER = re.compile(r"(?P<id>[0-9]{4,7})(-[a-z0-9-]{1,60})?")


@dataclass(frozen=True)
class ProjectFolder:
    """Where a project lies.

    Attributes:
        id: its number, at least four digits.
        folder: its folder.
    """

    id: str
    folder: Path

    @property
    def record(self) -> Path:
        """Its title and its song."""
        return self.folder / RECORD

    @property
    def song(self) -> Path:
        """The song as it was decoded."""
        return self.folder / "song.wav"

    @property
    def jobs(self) -> Path:
        """The folder of the jobs."""
        return self.folder / "jobs"

    @property
    def takes(self) -> Takes:
        """The takes."""
        return Takes(self.folder / "takes", self.folder / "cache")

    def read(self) -> dict[str, Any]:
        """The record; OSError or ValueError where it cannot be read."""
        found = read_json(self.record)
        if found.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}: a newer msgld may have written it")
        if not isinstance(found.get("title"), str) or not isinstance(found.get("created"), int | float):
            raise ValueError("its record lacks a title or a time")
        return found

    def song_of(self, record: dict[str, Any]) -> Song | None:
        """The song; None where there is none, or its file is gone."""
        found = record.get("song")
        return Song.model_validate(found) if found and self.song.is_file() else None


class Projects:
    """All projects of a folder. Calls may come from several threads.

    Args:
        folder: made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()

    def places(self) -> Iterator[ProjectFolder]:
        """Where projects lie, the newest first. A folder without a record is none of them."""
        found = self._folders(lambda number: True)
        for number in sorted(found, key=int, reverse=True):
            yield ProjectFolder(number, found[number])

    def _folders(self, wanted: Callable[[str], bool]) -> dict[str, Path]:
        """The folders of the projects with the wanted numbers; others are not looked into."""
        found: dict[str, Path] = {}
        with os.scandir(self.folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                match = _FOLDER.fullmatch(entry.name)
                if not match or match["id"] in found or not wanted(match["id"]):
                    continue
                if entry.is_dir(follow_symlinks=False) and Path(entry.path, RECORD).is_file():
                    found[match["id"]] = Path(entry.path)
        return found

    def adopt(self) -> None:
        """Give copies of projects, whose name or number is no project's own, a number of their own."""
        with self._lock:
            own = {place.folder for place in self.places()}
            for folder in sorted(self.folder.iterdir()):
                if folder in own or folder.is_symlink() or folder.name.startswith("."):
                    continue
                with suppress(OSError, ValueError):
                    title = ProjectFolder("", folder).read()["title"]
                    number = next_number(self.folder / COUNTER, (int(place.id) for place in self.places()))
                    folder.rename(self.folder / numbered(number, 4, slug(title)))

    def place(self, project: str) -> ProjectFolder:
        """Where a project lies; Refused where there is none."""
        found = self._folders(lambda number: number == project)
        if project not in found:
            raise Refused(404, f"there is no project {project}")
        return ProjectFolder(project, found[project])

    def lines(self) -> list[ProjectLine]:
        """All projects, the newest first; those that cannot be read with their error."""
        return [self.line(place) for place in self.places()]

    def line(self, place: ProjectFolder) -> ProjectLine:
        """A project in short."""
        try:
            record = place.read()
            song = place.song_of(record)
            changed = max(place.record.stat().st_mtime, place.takes.changed())
            title, created, count = record["title"], record["created"], len(place.takes.numbers())
            return ProjectLine(
                id=place.id, title=title, created=created, changed=changed, song=song, count=count
            )
        except (OSError, ValueError) as error:
            reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
            line = f"its folder {place.folder.name} cannot be read: {reason}"
            return ProjectLine(id=place.id, title=place.folder.name, created=0.0, changed=0.0, error=line)

    def opened(self, project: str) -> tuple[ProjectFolder, dict[str, Any]]:
        """A project's place and record; Refused where there is none or it cannot be read."""
        place = self.place(project)
        try:
            return place, place.read()
        except (OSError, ValueError) as error:
            raise Refused(409, f"the project {project} cannot be read: {error}") from error

    def create(self, title: str | None) -> ProjectFolder:
        """A new, empty project."""
        shown = as_title(title or "", UNTITLED)
        with self._lock:
            while True:
                number = next_number(self.folder / COUNTER, (int(place.id) for place in self.places()))
                folder = self.folder / numbered(number, 4, slug(shown))
                with suppress(FileExistsError):  # a folder of someone else's
                    folder.mkdir()
                    break
        place = ProjectFolder(f"{number:04}", folder)
        record = {"format": FORMAT, "id": place.id, "title": shown, "created": time.time(), "song": None}
        try:
            for part in (place.folder / "takes", place.jobs, place.folder / "cache"):
                part.mkdir()
            write_json(place.record, record)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return place

    def change(self, project: str, **entries: Any) -> ProjectFolder:
        """Change entries of a record."""
        with self._lock:
            place, record = self.opened(project)
            write_json(place.record, {**record, **entries})
            return place

    def delete(self, project: str) -> None:
        """Delete a project, at once for everyone who looks."""
        with self._lock:
            place = self.place(project)
            gone = self.folder / f".deleted-{uuid.uuid4().hex}"
            os.rename(place.folder, gone)
        shutil.rmtree(gone, ignore_errors=True)
