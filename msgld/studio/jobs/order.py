"""What the worker is to do, and where the result goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from msgld.api.options import Options
from msgld.errors import UsageError
from msgld.progress import CancelToken, OnProgress
from msgld.studio.library.projects import ProjectFolder
from msgld.studio.library.records import read_json
from msgld.studio.settings import TASKS, Settings

S = TypeVar("S", bound=Settings)

Report = Callable[..., None]
"""Sends entries to the server."""


@dataclass(frozen=True)
class Order:
    """One job.

    Attributes:
        task: its name.
        settings: as they were checked.
        place: of the project.
        take: id of the take that the result becomes.
        title: of that take.
        on_progress: to be called with the progress.
        report: tells the server something.
        cancel: stops the job.
    """

    task: str
    settings: Settings
    place: ProjectFolder
    take: str
    title: str
    on_progress: OnProgress
    report: Report
    cancel: CancelToken

    @classmethod
    def of(
        cls, message: Mapping[str, Any], on_progress: OnProgress, report: Report, cancel: CancelToken
    ) -> Order:
        """From the server's message."""
        content = dict(message["settings"])
        if message.get("notes"):
            content |= read_json(Path(message["notes"]))
        settings = TASKS[message["task"]].model_validate(content)
        place = ProjectFolder(message["project"], Path(message["folder"]))
        take, title = message["take"], message["title"]
        return cls(message["task"], settings, place, take, title, on_progress, report, cancel)

    @property
    def folder(self) -> Path:
        """Of the result."""
        return self.place.takes.place(self.take, self.task)

    @property
    def growing(self) -> Path:
        """Of what can be listened to before the result is there."""
        return self.place.takes.growing(self.take)

    @property
    def running(self) -> dict[str, Any]:
        """The arguments that all tasks of a model take."""
        return {"options": self.options, "on_progress": self.on_progress, "cancel": self.cancel}

    @property
    def options(self) -> Options:
        """Quality and seed."""
        return Options(**self.settings.model_dump(include={"quality", "seed"}))

    @property
    def small(self) -> dict[str, Any]:
        """The settings for the record of the take: of notes, their number."""
        content = self.settings.model_dump(mode="json")
        return {name: len(value) if name == "notes" else value for name, value in content.items()}

    def of_kind(self, kind: type[S]) -> S:
        """The settings of a task; UsageError where they are another's."""
        if not isinstance(self.settings, kind):
            raise UsageError(f"the settings are not those of {kind.__name__.lower()}")
        return self.settings
