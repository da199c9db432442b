"""What happens, for all pages that follow: server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from msgld.studio.errors import Refused

BEAT = 15.0
"""Seconds without an event after which a comment is sent, so that nothing on the way closes the connection."""

_MOST = 512
"""Events that wait for one page; a page that is slower has to begin anew."""

Event = tuple[str, dict[str, Any]]


class Events:
    """Sends events to all pages. Everything but :meth:`send_from_thread` belongs to the server's loop.

    Args:
        listeners: the most pages.
    """

    def __init__(self, listeners: int) -> None:
        self._most, self._queues = listeners, set[asyncio.Queue[Event | None]]()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self) -> None:
        """The server's loop runs."""
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def close(self) -> None:
        """End all streams; a server that waits for its clients would never end."""
        self._closed = True
        for queue in list(self._queues):
            _end(queue)

    def send(self, kind: str, content: dict[str, Any]) -> None:
        """Send an event to all pages."""
        for queue in list(self._queues):
            try:
                queue.put_nowait((kind, content))
            except asyncio.QueueFull:
                self._queues.discard(queue)
                _end(queue)

    def send_from_thread(self, kind: str, content: dict[str, Any]) -> None:
        """As :meth:`send`, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.send, kind, content)

    def stream(self, first: Callable[[], Iterable[Event]]) -> AsyncIterator[bytes]:
        """The events from now on, after those that ``first`` gives; Refused where there are too many pages."""
        if len(self._queues) >= self._most:
            raise Refused(503, f"{self._most} pages follow already: close one")
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_MOST)
        self._queues.add(queue)
        if self._closed:
            _end(queue)
        return self._follow(queue, list(first()))

    async def _follow(self, queue: asyncio.Queue[Event | None], first: list[Event]) -> AsyncIterator[bytes]:
        try:
            yield b"retry: 1000\n\n" + b"".join(_text(*event) for event in first)
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), BEAT)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if event is None:
                    return
                yield _text(*event)
        finally:
            self._queues.discard(queue)


def _end(queue: asyncio.Queue[Event | None]) -> None:
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def _text(kind: str, content: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n".encode()
