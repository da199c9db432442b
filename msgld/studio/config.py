"""What a server is started with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from msgld.studio.limits import Limits
from msgld.studio.processes.child import module

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Hosts that only this machine reaches."""

PAGE = Path(__file__).parent / "page"
"""Folder of the built page."""


@dataclass(frozen=True)
class Config:
    """A server's circumstances.

    Attributes:
        folder: of the projects.
        host: on which it listens.
        port: likewise.
        token: that clients need; None where only this machine reaches the server.
        model: name or folder; None for the shipped one.
        device: of the model.
        limits: on clients.
        page: folder of the built page.
        worker: command of the process that does the jobs.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    model: str | None = None
    device: str = "auto"
    limits: Limits = Limits()
    page: Path = PAGE
    worker: tuple[str, ...] = field(default_factory=lambda: tuple(module("msgld.studio.worker.process")))

    @property
    def open(self) -> bool:
        """Whether a network reaches the server."""
        return self.token is not None


def token_for(host: str) -> str | None:
    """A new token where a host is reached by a network; None on loopback."""
    return None if host in LOOPBACK else secrets.token_urlsafe(24)
