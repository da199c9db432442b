"""What the studio answers: projects, takes, jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from msgld.studio.library.names import TAKE_ID

State = Literal["queued", "running", "done", "failed", "cancelled"]

ENDED: frozenset[str] = frozenset({"done", "failed", "cancelled"})
"""States in which a job stays."""


class Fault(BaseModel):
    """An answer to a request that was not carried out."""

    detail: str


class Song(BaseModel):
    """The song of a project. ``expires`` is the time at which it is removed; None for never."""

    title: str
    seconds: float
    rate: int
    channels: int
    frames: int
    remarks: list[str] = []
    expires: float | None = None


class TakeStem(BaseModel):
    """A stem of a take: whether there are sound and notes of it, and whether it was made."""

    name: str
    sound: bool
    notes: bool
    made: bool


class Take(BaseModel):
    """A result. ``frames`` of ``total`` can be heard; ``whole`` says that it is finished.

    ``origin`` is ``notes`` where the whole take was made in notes, else ``sound``.
    """

    id: str
    task: str
    title: str
    created: float
    whole: bool
    rate: int
    channels: int
    frames: int
    total: int
    stems: list[TakeStem]
    origin: Literal["notes", "sound"] = "sound"
    mix: bool = False
    key: str | None = None
    bpm: float | None = None
    chords: list[str] = []
    seconds: float = 0.0
    settings: dict[str, Any] = {}
    remarks: list[str] = []
    files: dict[str, str] = {}
    expires: float | None = None


class StudioJob(BaseModel):
    """A task that waits, runs or has ended. ``place`` counts those before it; ``take`` comes with its first sound."""

    id: str
    project: str
    task: str
    settings: dict[str, Any]
    state: State = "queued"
    place: int | None = None
    stage: str | None = None
    fraction: float = 0.0
    eta: float | None = None
    take: str | None = None
    error: str | None = None
    remarks: list[str] = []
    created: float
    started: float | None = None
    ended: float | None = None
    attempts: int = 0

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ENDED


class StoredJob(StudioJob):
    """A job as it lies on the disk: also the take that it will be, its title, and how often a worker died of it."""

    reserved: Annotated[str, Field(pattern=f"^{TAKE_ID}$")] | None = None
    title: str = ""
    deaths: int = 0

    def shown(self) -> StudioJob:
        """As clients see it."""
        return StudioJob.model_validate(self.model_dump(include=set(StudioJob.model_fields)))


class ProjectLine(BaseModel):
    """A project in the list, with the number of its takes; ``error`` where its folder cannot be read."""

    id: str
    title: str
    created: float
    changed: float
    song: Song | None = None
    count: int = 0
    error: str | None = None


class Project(ProjectLine):
    """A project with its takes, the newest first, and its jobs."""

    takes: list[Take] = []
    jobs: list[StudioJob] = []
