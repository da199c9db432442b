"""The takes of a project: finished results, and those that are being worked on."""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from msgld.api.folder import inside
from msgld.errors import AudioWriteError
from msgld.studio.errors import Refused
from msgld.studio.library.names import TAKE_ID, numbered, slug
from msgld.studio.library.records import next_number, read_json, write_json
from msgld.studio.schemas import Take

RECORD = "take.json"
COUNTER = "last.json"
GROWING = "growing"
"""Ending of the folder of a take that is being worked on."""

_FOLDER = re.compile(rf"(?P<id>{TAKE_ID})(-[a-z0-9-]{{1,60}})?")
_GROWING = re.compile(rf"\.(?P<id>{TAKE_ID})\.{GROWING}")
_FLOAT = 4

GONE = 404

_lock = threading.RLock()


@dataclass(frozen=True)
class Takes:
    """The takes below a folder.

    Attributes:
        folder: of the takes.
        caches: what can be computed again, such as pictures, a folder for each take.
    """

    folder: Path
    caches: Path

    def numbers(self) -> dict[str, Path]:
        """Finished takes by their ids, the newest first."""
        found: dict[str, Path] = {}
        with suppress(OSError):
            for path in sorted(self.folder.iterdir()):
                match = _FOLDER.fullmatch(path.name)
                if match and not path.is_symlink() and (path / RECORD).is_file():
                    found.setdefault(match["id"], path)
        return dict(sorted(found.items(), key=lambda item: int(item[0]), reverse=True))

    def growing(self, take: str) -> Path:
        """The folder of the sound of a take that is being worked on."""
        return self.folder / f".{take}.{GROWING}"

    def place(self, take: str, task: str) -> Path:
        """The folder of a finished take of a task."""
        return self.folder / numbered(int(take), 3, slug(task))

    def new_id(self) -> str:
        """An id that no take has, which is kept by an empty folder of a growing take."""
        with _lock:
            self.folder.mkdir(exist_ok=True)
            names = [path.name for path in self.folder.iterdir()]
            matches = [_FOLDER.fullmatch(name) or _GROWING.fullmatch(name) for name in names]
            taken = (int(match["id"]) for match in matches if match)
            take = f"{next_number(self.folder / COUNTER, taken):03}"
            self.growing(take).mkdir()
            return take

    def changed(self) -> float:
        """When a take came or went, in seconds since 1970; 0 where that is not known."""
        with suppress(OSError):
            return self.folder.stat().st_mtime
        return 0.0

    def all(self) -> list[Take]:
        """All takes, the newest first; those that cannot be read without sound and notes."""
        found = []
        for take in sorted({*self.numbers(), *self.unfinished()}, key=int, reverse=True):
            try:
                found.append(self.read(take))
            except Refused as error:
                if error.status != GONE:
                    found.append(_damaged(take))
        return found

    def unfinished(self) -> list[str]:
        """The ids of takes that are being worked on."""
        with suppress(OSError):
            names = [path.name for path in self.folder.iterdir()]
            return [match["id"] for name in names if (match := _GROWING.fullmatch(name))]
        return []

    def read(self, take: str) -> Take:
        """A take; Refused where there is none, or it cannot be read."""
        folder = self.numbers().get(take)
        try:
            if folder is not None:
                return Take.model_validate({**read_json(folder / RECORD), "id": take, "whole": True})
            growing = self.growing(take)
            found = read_json(growing / RECORD)
            ready = ready_frames(growing, found)
            return Take.model_validate({**found, "id": take, "whole": False, "frames": ready})
        except FileNotFoundError as error:
            raise Refused(404, f"there is no take {take}") from error
        except (OSError, ValueError, ValidationError, KeyError, TypeError) as error:
            raise Refused(409, f"the take {take} cannot be read: its record is damaged") from error

    def whole(self, take: str) -> tuple[Take, Path]:
        """A finished take and its folder; Refused where there is none."""
        folder = self.numbers().get(take)
        if folder is None:
            raise Refused(404, f"there is no finished take {take}")
        return self.read(take), folder

    def file(self, take: str, key: str) -> Path:
        """A file of a finished take by its key in the record; Refused where there is none."""
        found, folder = self.whole(take)
        if key not in found.files:
            raise Refused(404, f"the take {take} has no file of that name")
        return own_file(folder, found.files[key])

    def change(self, take: str, **entries: Any) -> None:
        """Change entries of the record of a finished take."""
        with _lock:
            _, folder = self.whole(take)
            write_json(folder / RECORD, {**read_json(folder / RECORD), **entries})

    def delete(self, take: str) -> None:
        """Delete a finished take."""
        with _lock:
            folder = self.numbers().get(take)
            if folder is None:
                raise Refused(404, f"there is no finished take {take}")
            gone = self.folder / f".deleted-{uuid.uuid4().hex}"
            folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        shutil.rmtree(self.caches / take, ignore_errors=True)

    def drop_growing(self, take: str) -> None:
        """Remove what is left of a take that was not finished."""
        for path in (self.growing(take), *self.folder.glob(f".{take}-*.part")):
            shutil.rmtree(path, ignore_errors=True)

    def drop_spools(self) -> None:
        """Remove results that were being written when their process ended, at a time when none is."""
        for path in self.folder.glob(".[0-9]*-*.part"):
            shutil.rmtree(path, ignore_errors=True)

    def cache(self, take: str, name: str) -> Path:
        """The path of something that is computed once for a take; its folder is there."""
        folder = self.caches / take
        with suppress(FileNotFoundError):  # the project is being deleted
            self.caches.mkdir(exist_ok=True)
        folder.mkdir(exist_ok=True)
        return folder / name


def _damaged(take: str) -> Take:
    """What is shown of a take that cannot be read."""
    line = f"Take {take} cannot be read: its record is damaged"
    return Take(
        id=take,
        task="damaged",
        title=line,
        created=0.0,
        whole=True,
        rate=1,
        channels=1,
        frames=0,
        total=0,
        stems=[],
    )


def own_file(folder: Path, name: str) -> Path:
    """A file that a record names, in its own folder and no link; Refused for any other."""
    try:
        path = inside(folder, name)
    except (AudioWriteError, ValueError) as error:
        raise Refused(409, "the record names a file that does not lie beside it") from error
    if path.is_symlink() or not path.is_file():
        raise Refused(404, f"the file {path.name} is not there any more")
    return path


def growing_file(folder: Path, number: int) -> Path:
    """The file of the sound of stem ``number`` of a take that is being worked on: 32-bit floats, interleaved."""
    return folder / f"{number}.f32"


def ready_frames(folder: Path, record: Mapping[str, Any]) -> int:
    """How many frames of every stem of an unfinished take are there."""
    sizes = [growing_file(folder, number).stat().st_size for number in range(len(record["stems"]))]
    return min(sizes, default=0) // (_FLOAT * max(1, int(record["channels"])))
