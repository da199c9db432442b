"""The built page. Only files that were found in its folder are served: no path is made of what a client sends."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from msgld.studio.errors import Refused

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Content types by ending; systems disagree about some."""

PLACEHOLDER = """<!doctype html><html lang="en"><meta charset="utf-8"><title>msgld studio</title>
<p>The page has not been built. The HTTP interface is described in <a href="/api/openapi.json">openapi.json</a>.</p>"""


def pages(folder: Path) -> APIRouter:
    """The calls that serve the files of a folder."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    def index() -> Response:
        if not (folder / "index.html").is_file():
            return HTMLResponse(PLACEHOLDER)
        return _file(folder / "index.html", kept=False)

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    def other(path: str) -> Response:
        if path.startswith("api/"):
            raise Refused(404, "there is no such call")
        found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
        if path not in found:
            raise Refused(404, "there is no such page")
        return _file(found[path], kept=path.startswith("assets/"))

    return router


def _file(path: Path, kept: bool) -> FileResponse:
    """A file; those below ``assets`` have their content's hash in their names and may be kept for ever."""
    age = "public, max-age=31536000, immutable" if kept else "no-cache"
    kind = TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=kind, headers={"cache-control": age})
