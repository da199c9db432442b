"""Jobs: queued, followed, cancelled."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from msgld.studio import settings as s
from msgld.studio.jobs.checking import check_order, title_of
from msgld.studio.jobs.stored import ID
from msgld.studio.routes.projects import ProjectId
from msgld.studio.schemas import StudioJob
from msgld.studio.studio import Here

router = APIRouter(tags=["jobs"])

JobId = Annotated[str, InPath(pattern=ID)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeparateOrder(_Order):
    """Separate the song."""

    task: Literal["separate"]
    settings: s.Separate = s.Separate()


class GenerateOrder(_Order):
    """Make a new piece."""

    task: Literal["generate"]
    settings: s.Generate = s.Generate()


class ArrangeOrder(_Order):
    """Make stems to others."""

    task: Literal["arrange"]
    settings: s.Arrange


class VaryOrder(_Order):
    """Make a take anew."""

    task: Literal["vary"]
    settings: s.Vary


class ExtendOrder(_Order):
    """Continue a take."""

    task: Literal["extend"]
    settings: s.Extend


class TranscribeOrder(_Order):
    """Find the notes."""

    task: Literal["transcribe"]
    settings: s.Transcribe = s.Transcribe()


class RenderOrder(_Order):
    """Play edited notes."""

    task: Literal["render"]
    settings: s.Render


NewJob = Annotated[
    SeparateOrder | GenerateOrder | ArrangeOrder | VaryOrder | ExtendOrder | TranscribeOrder | RenderOrder,
    Field(discriminator="task"),
]


@router.post("/projects/{project}/jobs", status_code=202)
async def add(studio: Here, project: ProjectId, order: Annotated[NewJob, Body()]) -> StudioJob:
    """Queue a job."""
    place, _ = studio.projects.opened(project)
    check_order(studio.abilities, place, order.settings)
    chosen = order.settings.model_dump(mode="json", exclude_unset=True)
    return studio.queue.add(place, order.task, chosen, title_of(order.task, order.settings))


@router.get("/jobs")
async def listed(studio: Here) -> list[StudioJob]:
    """The running job, those that wait, and those that have ended, the latest first."""
    return studio.queue.all()


@router.get("/jobs/{job}")
async def read(studio: Here, job: JobId) -> StudioJob:
    """One job."""
    return studio.queue.shown(studio.queue.get(job))


@router.delete("/jobs/{job}")
async def cancel(studio: Here, job: JobId) -> StudioJob:
    """Cancel a job, within a second; one that has ended stays as it is."""
    return await studio.queue.cancel(job)
