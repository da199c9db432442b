"""Files that clients send: the song, and stems of their own."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from msgld.studio.errors import Refused
from msgld.studio.library.given import add_given, likeness
from msgld.studio.library.names import as_title, stem_of_file
from msgld.studio.library.projects import UNTITLED
from msgld.studio.routes.projects import ProjectId
from msgld.studio.schemas import Song, Take
from msgld.studio.studio import Here, Studio

router = APIRouter(tags=["uploads"])

FileName = Annotated[str, Query(max_length=1000)]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _expires(studio: Studio) -> float | None:
    """When an upload is removed; None for never."""
    return time.time() + studio.config.limits.kept_seconds if studio.config.open else None


@router.put("/projects/{project}/song", openapi_extra=_BODY)
async def put_song(studio: Here, project: ProjectId, request: Request, name: FileName = "song") -> Song:
    """Take the song of a project, which has none yet, in any format."""
    place, record = studio.projects.opened(project)
    _check_free(place.song.is_file())
    async with studio.uploads.received(request.headers.get("content-length"), request.stream()) as files:
        source, target = files
        facts = await studio.uploads.decoders.decode(source, target)
        title = as_title(stem_of_file(name), "Song")
        place, record = studio.projects.opened(project)  # which may have gone meanwhile
        _check_free(place.song.is_file())
        cache = place.takes.cache("song", "song.peaks.npy")
        target.with_suffix(".peaks.npy").replace(cache)
        target.replace(place.song)
    song = Song(title=title, expires=_expires(studio), **facts)
    title = title if record["title"] == UNTITLED else record["title"]
    studio.projects.change(project, song=song.model_dump(mode="json"), title=title)
    studio.changed(project)
    return song


def _check_free(taken: bool) -> None:
    if taken:
        raise Refused(409, "this project has a song already: make another project for this one")


@router.post("/projects/{project}/stems", status_code=201, openapi_extra=_BODY)
async def post_stem(
    studio: Here,
    project: ProjectId,
    request: Request,
    stem: Annotated[str, Query(max_length=100)],
    name: FileName = "stem",
) -> Take:
    """Take a stem of the user's own: into the newest take of given stems that lacks it, else into a new one."""
    place, _ = studio.projects.opened(project)
    known = {*studio.abilities.stems, *studio.abilities.makes}
    if stem not in known:
        raise Refused(422, f"stem: this model has {', '.join(sorted(known))}")
    async with studio.uploads.received(request.headers.get("content-length"), request.stream()) as files:
        source, target = files
        facts = await studio.uploads.decoders.decode(source, target, likeness(place, stem))
        place, _ = studio.projects.opened(project)  # which may have gone meanwhile
        take = add_given(place, stem, target, facts, as_title(stem_of_file(name), stem), _expires(studio))
    studio.changed(project)
    return take
