"""What happens, as server-sent events."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from msgld.studio.studio import Here

router = APIRouter(tags=["events"])


@router.get("/events", response_class=StreamingResponse)
async def events(studio: Here) -> StreamingResponse:
    """``job``, ``project`` and ``stretch`` events; first all jobs that have not ended."""
    return StreamingResponse(studio.events.stream(studio.queue.events), media_type="text/event-stream")
