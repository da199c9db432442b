from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from studios import WORKER, Server, Studio

from msgld.studio.app import create_app
from msgld.studio.config import Config
from msgld.studio.limits import Limits


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Opens studios in this process, with a worker that needs no model."""
    clients = []

    def open_one(folder: Path | None = None, token: str | None = None, **limits: Any) -> Studio:
        config = Config(folder or tmp_path / "studio", limits=Limits(**limits), worker=WORKER, token=token)
        client = TestClient(
            create_app(config), base_url="http://127.0.0.1:8765", raise_server_exceptions=False
        )
        client.__enter__()
        clients.append(client)
        return Studio(client)

    yield open_one
    for client in reversed(clients):
        client.__exit__(None, None, None)


@pytest.fixture
def studio(opened: Callable[..., Studio]) -> Studio:
    return opened()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts studios in processes of their own."""
    servers = []

    def start(folder: Path | None = None, **options: Any) -> Server:
        servers.append(Server(folder or tmp_path / "studio", **options))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.kill()
