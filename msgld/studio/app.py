"""The web app: the calls, their errors, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from msgld.api.record import own_version
from msgld.errors import MsgldError
from msgld.studio.config import Config
from msgld.studio.errors import Refused, line_of
from msgld.studio.gate.access import Access
from msgld.studio.gate.bodies import Bodies
from msgld.studio.routes import about, events, jobs, projects, takes, uploads
from msgld.studio.routes.page_files import pages
from msgld.studio.schemas import Fault
from msgld.studio.settings import TASKS
from msgld.studio.studio import Studio

FAULTS = {status: {"model": Fault} for status in (401, 403, 404, 408, 409, 413, 422, 429, 500, 503, 507)}
"""Answers to requests that are not carried out, for the description of the interface."""


def create_app(config: Config) -> FastAPI:
    """The app of a server.

    Args:
        config: its circumstances.

    Raises:
        ModelError: there is no such model.
        OSError: the folder cannot be made.
    """
    studio = Studio(config)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with studio.running():
            yield

    app = FastAPI(
        title="msgld studio",
        version=own_version(),
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=FAULTS,  # type: ignore[arg-type]
        redirect_slashes=False,
    )
    app.state.studio = studio
    for part in (about, projects, uploads, jobs, takes, events):
        app.include_router(part.router, prefix="/api")
    app.include_router(pages(config.page))
    app.add_exception_handler(Exception, _unexpected)
    app.add_exception_handler(MsgldError, _refused)
    app.add_exception_handler(OSError, _of_the_disk)
    app.add_exception_handler(RecursionError, _too_deep)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(Bodies, limits=config.limits)
    app.add_middleware(Access, config=config)
    return app


def _answer(status: int, line: str) -> JSONResponse:
    clean = " ".join(line.split()).encode("utf-8", "replace").decode()
    return JSONResponse({"detail": clean[:1000]}, status)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    return _answer(error.status if isinstance(error, Refused) else 422, str(error))


async def _of_the_disk(request: Request, error: Exception) -> JSONResponse:
    return _answer(507, line_of(error))


async def _too_deep(request: Request, error: Exception) -> JSONResponse:
    return _answer(422, "the body is nested too deeply")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return _answer(500, line_of(error))


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = _answer(error.status_code, str(error.detail).lower())
    answer.headers.update(error.headers or {})
    return answer


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()[0]
    parts = [str(part) for part in found["loc"] if part not in ("body", "query", "path")]
    field = ".".join(part for part in parts if part != "settings" and part not in TASKS)[:200]
    line = str(found["msg"]).removeprefix("Value error, ").replace("Input should be", "it has to be")
    return _answer(422, f"{field}: {line}" if field else line)
