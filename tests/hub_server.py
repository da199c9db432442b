"""A Hugging Face Hub of one's own on loopback: the few answers that huggingface_hub asks for, and every way to fail."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories, and what goes wrong with them.

    Attributes:
        url: of the server.
        repositories: name -> revision -> commit.
        files: commit -> name of a file -> its content.
        cut: name of a file -> times that its transfer ends in the middle.
        spoilt: names of files that arrive with a bit flipped.
        status: what every question is answered with instead; None for a healthy hub.
        stalled: names of files of which half comes, and then nothing.
        seen: (method, path) of all requests.
    """

    def __init__(self) -> None:
        self.url = ""
        self.repositories: dict[str, dict[str, str]] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.cut: Counter[str] = Counter()
        self.spoilt: set[str] = set()
        self.status: int | None = None
        self.stalled: set[str] = set()
        self.over = threading.Event()
        self.seen: list[tuple[str, str]] = []

    def publish(self, repository: str, folder: Path, commit: str = COMMIT, revision: str = "main") -> None:
        """Put a folder on the hub."""
        self.repositories.setdefault(repository, {})[revision] = commit
        self.files[commit] = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def fetched(self) -> list[str]:
        """The files that were asked for with their content, in order."""
        return [
            path.rpartition("/")[2] for method, path in self.seen if method == "GET" and "/resolve/" in path
        ]


@contextmanager
def serving() -> Iterator[Hub]:
    hub = Hub()

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.seen.append((self.command, path))
        words = path.strip("/").split("/")
        if self.hub.status:
            self._send(self.hub.status, b"")
        elif words[:2] == ["api", "models"]:
            self._describe("/".join(words[2:4]), "/".join(words[5:]) or "main")
        elif words[2:3] == ["resolve"]:
            self._file("/".join(words[:2]), words[3], "/".join(words[4:]))
        else:
            self._send(404, b"")

    def _commit(self, repository: str, revision: str) -> str | None:
        revisions = self.hub.repositories.get(repository)
        if revisions is None:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
            return None
        commit = revisions.get(revision, revision if revision in revisions.values() else None)
        if commit is None:
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        return commit

    def _describe(self, repository: str, revision: str) -> None:
        commit = self._commit(repository, revision)
        if commit:
            about = {
                "id": repository,
                "sha": commit,
                "siblings": [_sibling(name, data) for name, data in self.hub.files[commit].items()],
            }
            self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"})

    def _file(self, repository: str, revision: str, name: str) -> None:
        commit = self._commit(repository, revision)
        if not commit:
            return
        data = self.hub.files[commit].get(name)
        if data is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        tag = hashlib.sha256(data).hexdigest() if _is_large(name) else hashlib.sha1(data).hexdigest()
        headers = {"X-Repo-Commit": commit, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
        if name in self.hub.spoilt:
            data = (
                bytes([data[0] ^ 1]) + data[1:] if not _is_large(name) else data[:-1] + bytes([data[-1] ^ 1])
            )
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0]
        first = int(begin)
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        self._send(206 if first else 200, data[first:], headers, name)

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None, name: str = "") -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if name in self.hub.stalled:
            self.wfile.write(data[: len(data) // 2])
            self.hub.over.wait(30)
            self.close_connection = True
        elif self.hub.cut[name] > 0:
            self.hub.cut[name] -= 1
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self.wfile.write(data)


def _is_large(name: str) -> bool:
    """Whether the hub keeps a file in its large store, and so knows its sha256."""
    return name.endswith(".safetensors")


def _sibling(name: str, data: bytes) -> dict[str, object]:
    large = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 134}
    return {
        "rfilename": name,
        "size": len(data),
        "blobId": "0" * 40,
        **({"lfs": large} if _is_large(name) else {}),
    }
