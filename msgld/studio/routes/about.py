"""What this server is and can do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import FileResponse

from msgld.api.record import own_version
from msgld.studio.abilities import QUALITIES
from msgld.studio.routes.font import SHIPPED
from msgld.studio.studio import Here

router = APIRouter(tags=["about"])


class About(BaseModel):
    """The version, the model and what it does, and the limits on clients; ``folder`` on loopback only."""

    version: str
    model: str
    stems: list[str]
    makes: list[str]
    styles: list[str]
    qualities: list[str]
    instruments: dict[str, list[str]]
    notes: bool
    ears: bool
    limits: dict[str, float]
    open: bool
    folder: str | None = None


@router.get("/about")
def about(studio: Here) -> About:
    """What this server is and can do."""
    config, able = studio.config, studio.abilities
    limits = config.limits
    shown: dict[str, Any] = {
        "upload": limits.upload,
        "seconds": limits.seconds,
        "queue": limits.queue,
        "body": limits.body,
        "notes": limits.notes,
    }
    return About(
        version=own_version(),
        model=able.model,
        stems=list(able.stems),
        makes=list(able.makes),
        styles=list(able.styles),
        qualities=list(QUALITIES),
        instruments=able.instruments,
        notes=able.notes,
        ears=able.ears,
        limits=shown,
        open=config.open,
        folder=None if config.open else str(config.folder.resolve()),
    )


@router.get("/soundfont", response_class=FileResponse)
def soundfont() -> FileResponse:
    """The soundfont that comes along (.sf3), for playing notes in the page."""
    kept = {"cache-control": "private, max-age=86400"}
    return FileResponse(SHIPPED, media_type="application/octet-stream", headers=kept)
