"""Who may call: the page itself on this machine, or who has the token. All others are refused before anything runs."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import JSONResponse, RedirectResponse, Response

from msgld.studio.config import LOOPBACK, Config

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        "img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Headers of every answer."""


class Access:
    """Refuses strangers, and adds the headers that keep browsers from doing what no one means.

    Args:
        app: behind it.
        config: host and token.
    """

    def __init__(self, app: App, config: Config) -> None:
        self._app, self._config = app, config
        self._cookie = f"msgld-studio-{config.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # no WebSockets

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                added = {**HEADERS, "cache-control": "no-store", **_closing(scope, message["status"])}
                extra = [(n.encode(), v.encode()) for n, v in added.items() if n.encode() not in own]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = _headers(scope)
        host = headers.get("host", "")
        if not self._config.open and _name(host) not in LOOPBACK:
            return _refused(403, "the studio answers on this machine only: open http://localhost")
        if not _same_origin(scope, headers, host):
            return _refused(403, "another page may not use the studio")
        return self._unknown(scope, headers) if self._config.token is not None else None

    def _unknown(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """An answer to a request without the token, or to the one that brings it along in its address."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if self._known(bearer) or self._known(_cookie(headers.get("cookie", ""), self._cookie)):
            return None
        if self._known(_token(scope)):
            if scope["path"] != "/" or scope["method"] not in SAFE:
                return None
            answer = RedirectResponse("/", 303)
            answer.set_cookie(
                self._cookie, self._config.token or "", httponly=True, samesite="strict", max_age=30 * 86400
            )
            return answer
        return _refused(401, "open the studio by the address with the token that it printed when it started")

    def _known(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), (self._config.token or "").encode())


def _closing(scope: Scope, status: int) -> dict[str, str]:
    """The header that ends a connection after an answer to a body that may still come; uvicorn reads on for ever."""
    names = {name.lower() for name, _ in scope["headers"]}
    unread = (
        status >= 400
        if scope["method"] not in SAFE
        else bool(names & {b"content-length", b"transfer-encoding"})
    )
    return {"connection": "close"} if unread else {}


def _refused(status: int, line: str) -> Response:
    return JSONResponse({"detail": line}, status)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    """The name in a ``Host`` header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def _same_origin(scope: Scope, headers: dict[str, str], host: str) -> bool:
    """Whether a request comes from the studio's own page, or from no page at all."""
    site = headers.get("sec-fetch-site", "none")
    if scope["path"].startswith("/api/") and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None or scope["method"] in SAFE:
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower() and bool(host)
    except ValueError:
        return False


def _token(scope: Scope) -> str:
    """The token in the address; empty where there is none."""
    try:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=100)
    except ValueError:
        return ""
    return query.get("token", [""])[0]


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
