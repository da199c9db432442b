"""Projects: listed, made, renamed, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from msgld.studio.library.names import as_title
from msgld.studio.library.projects import ID, UNTITLED
from msgld.studio.schemas import Project, ProjectLine
from msgld.studio.studio import Here, Studio

router = APIRouter(tags=["projects"])

ProjectId = Annotated[str, InPath(pattern=ID)]
Title = Annotated[str, Field(max_length=1000)]


class NewProject(BaseModel):
    """A project to be made."""

    model_config = ConfigDict(extra="forbid")
    title: Title | None = None


class Renamed(BaseModel):
    """A new title."""

    model_config = ConfigDict(extra="forbid")
    title: Title


def whole(studio: Studio, project: str) -> Project:
    """A project with its takes and jobs; Refused where there is none."""
    place = studio.projects.place(project)
    line = studio.projects.line(place)
    takes = [] if line.error else place.takes.all()
    return Project(**line.model_dump(), takes=takes, jobs=studio.queue.of_project(project))


@router.get("/projects")
async def listed(studio: Here) -> list[ProjectLine]:
    """All projects, the newest first."""
    return studio.projects.lines()


@router.post("/projects", status_code=201)
async def create(studio: Here, new: NewProject | None = None) -> Project:
    """Make a project."""
    place = studio.projects.create(None if new is None else new.title)
    studio.changed(place.id)
    return whole(studio, place.id)


@router.get("/projects/{project}")
async def read(studio: Here, project: ProjectId) -> Project:
    """A project with its takes and jobs."""
    return whole(studio, project)


@router.patch("/projects/{project}")
async def rename(studio: Here, project: ProjectId, new: Renamed) -> Project:
    """Give a project another title."""
    studio.projects.change(project, title=as_title(new.title, UNTITLED))
    studio.changed(project)
    return whole(studio, project)


@router.delete("/projects/{project}", status_code=204)
async def delete(studio: Here, project: ProjectId) -> None:
    """Delete a project with everything in it; its jobs are cancelled."""
    studio.projects.place(project)
    await studio.queue.forget(project)
    studio.projects.delete(project)
    studio.changed(project)
