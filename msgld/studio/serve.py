"""The server itself: uvicorn, which ends at once although pages follow its events."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from msgld.errors import UsageError
from msgld.studio.app import create_app
from msgld.studio.config import Config
from msgld.studio.library.lock import only_one


class Server(uvicorn.Server):
    """Says when it serves, and ends the streams of events when it is to stop; it would wait for them for ever."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal asks it to stop."""
        app = self.config.app
        app.state.studio.events.close()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def bound(config: Config) -> socket.socket:
    """A socket on the host and port; UsageError where they are taken or not there."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # By its number, as asyncio sends small answers at once (TCP_NODELAY) on such sockets only.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((config.host, config.port))
        found.listen(256)  # who comes before the server is ready waits
    except (OSError, OverflowError) as error:
        found.close()
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen on {config.host}, port {config.port} ({reason}): choose another --port or --host"
        ) from error
    return found


def serve(config: Config, listening: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal comes.

    Args:
        config: of the server.
        listening: see :func:`bound`.
        ready: called once it serves.

    Raises:
        ModelError: there is no such model.
        Refused: another server has the folder, or it cannot be written to.
    """
    app = create_app(config)
    with only_one(config.folder):
        pass  # an error now is a line; once the server starts, it would be a traceback
    settings = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
        limit_concurrency=1024,
        h11_max_incomplete_event_size=1 << 16,
        ws="none",
        http="h11",
        lifespan="on",
    )
    Server(settings, ready).run(sockets=[listening])
