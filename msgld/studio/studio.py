"""All parts of a running server."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from fastapi import Depends, Request

from msgld.studio.abilities import Abilities
from msgld.studio.config import Config
from msgld.studio.events import Events
from msgld.studio.jobs.queue import Queue
from msgld.studio.library.lock import only_one
from msgld.studio.library.projects import Projects
from msgld.studio.uploads.receiving import Uploads

SWEEP_SECONDS = 600.0
"""Between two looks for uploads whose time is over."""


class Studio:
    """Projects, queue, uploads and events.

    Args:
        config: the circumstances.

    Raises:
        ModelError: there is no such model.
        OSError: the folder cannot be made.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.abilities = Abilities.of(config.model)
        self.projects = Projects(config.folder)
        self.events = Events(config.limits.listeners)
        self.queue = Queue(config, self.projects, self.events)
        self.uploads = Uploads(config.folder / ".uploads", config.limits)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server runs."""
        with only_one(self.config.folder):
            for gone in self.config.folder.glob(".deleted-*"):
                shutil.rmtree(gone, ignore_errors=True)
            self.projects.adopt()
            self.events.open()
            self.uploads.open()
            self.queue.open()
            sweeping = asyncio.create_task(self._sweep())
            try:
                yield
            finally:
                sweeping.cancel()
                self.events.close()
                await self.queue.close()
                await self.uploads.close()

    def changed(self, project: str) -> None:
        """Tell all pages that something in a project has changed; from any thread."""
        self.events.send_from_thread("project", {"id": project})

    async def _sweep(self) -> None:
        while self.config.open:
            await asyncio.to_thread(self.remove_expired)
            await asyncio.sleep(SWEEP_SECONDS)

    def remove_expired(self) -> None:
        """Remove songs and given stems that came over a network and whose time is over."""
        now = time.time()
        for place in list(self.projects.places()):
            with suppress(OSError, ValueError):
                song = place.song_of(place.read())
                if song is not None and song.expires is not None and song.expires < now:
                    place.song.unlink()
                    self.projects.change(place.id, song=None)
                    self.changed(place.id)
                for take in place.takes.all():
                    if take.expires is not None and take.expires < now:
                        place.takes.delete(take.id)
                        self.changed(place.id)


def of_request(request: Request) -> Studio:
    """The studio that a request is for."""
    studio: Studio = request.app.state.studio
    return studio


Here = Annotated[Studio, Depends(of_request)]
"""The studio, as an argument of a call."""
