"""Bodies of requests that are no uploads: read as a whole, within limits, before anything else looks at them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.responses import JSONResponse

from msgld.studio.gate.access import SAFE, App, Message, Receive, Scope, Send
from msgld.studio.limits import Limits

PATIENCE = 16 << 20, 5.0
"""Bytes and seconds of an upload that are still read after it was refused: clients read no answer before that."""

UPLOADS = ("/song", "/stems")
"""Endings of the paths that take files."""


class Bodies:
    """Refuses bodies that are too large, or do not come.

    Args:
        app: behind it.
        limits: of a body.
    """

    def __init__(self, app: App, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, and pass the request on."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        if scope["path"].endswith(UPLOADS):
            upload = _Upload(receive, send)
            await self._app(scope, upload.receive, upload.send)
            return
        body = bytearray()
        while True:
            try:
                message = await asyncio.wait_for(receive(), self._limits.idle_seconds)
            except TimeoutError:
                await _refuse(408, "the request stopped half-way: send it again", scope, receive, send)
                return
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > self._limits.body:
                line = f"a request has at most {self._limits.body / 1e6:g} MB"
                await _refuse(413, line, scope, receive, send)
                return
            if not message.get("more_body"):
                break
        await self._app(scope, _replayed(bytes(body), receive), send)


class _Upload:
    """A body that the app reads by itself; what it leaves is read a little longer before it is refused."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send, self._ended = receive, send, False

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = self._ended or message["type"] != "http.request" or not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drop(), PATIENCE[1])
        await self._send(message)

    async def _drop(self) -> None:
        dropped = 0
        while not self._ended and dropped < PATIENCE[0]:
            dropped += len((await self.receive()).get("body", b""))


def _replayed(body: bytes, receive: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


async def _refuse(status: int, line: str, scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"detail": line}, status, {"connection": "close"})(scope, receive, send)
