#!/usr/bin/env bash
# huggingface_hub 2.4.0 (hf_hub_download over plain HTTP, as from mirrors or with HF_HUB_DISABLE_XET=1).
#
# Expected: a download that broke off goes on where it stopped: within a call, where the log says "Trying to resume
# download...", and with the next call, as the names of its partial files (.incomplete) suggest.
# Happens: only whole pieces of 10 MiB count. A connection that breaks at 25 MB goes on at byte 20,971,520. One that
# breaks at 9 MB begins at byte 0 again, six times, under that message; so does each call after it. A line that
# breaks every 9 MB never brings a larger file. And no call leaves anything to the next one: the partial file is
# deleted as the error is raised, in the cache and in a local_dir.
# Users: weights and data sets of music over an unsteady line or a proxy that cuts long answers, in a loop that tries
# until it works: it loads the same megabytes for ever.
# Date: 2026-11-29, Python 3.11, Linux x86-64.
#
# seen: a call, each connection breaks at 25 MB: requests from bytes [0, 20971520]: complete, 0 bytes kept
# seen: a call, each connection breaks at 9 MB: requests from bytes [0, 0, 0, 0, 0, 0]: RemoteProtocolError, 0 bytes kept
# seen: the next call for that file: requests from bytes [0, 0, 0, 0, 0, 0]: RemoteProtocolError, 0 bytes kept
# seen: the same into a local_dir: requests from bytes [0, 0, 0, 0, 0, 0]: RemoteProtocolError, 0 bytes kept
# seen: the next call for that file, into it: requests from bytes [0, 0, 0, 0, 0, 0]: RemoteProtocolError, 0 bytes kept
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    huggingface_hub==2.4.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import http.server
import os
import sys
import threading

SIZE = 40_000_000
requests = []  # the first byte of each request for the file


class Hub(http.server.BaseHTTPRequestHandler):
    """One file of zeros, of which each answer to GET holds `give` bytes and then breaks off."""

    protocol_version = "HTTP/1.1"
    give = SIZE

    def head(self, status, first):
        self.send_response(status)
        self.send_header("ETag", f'"{self.path.rsplit("/", 1)[1]}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(SIZE - first))
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{SIZE - 1}/{SIZE}")
        self.end_headers()

    def do_HEAD(self):
        self.head(200, 0)

    def do_GET(self):
        if "/resolve/" not in self.path:
            self.send_error(404)
            return
        wanted = self.headers.get("Range")
        first = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        requests.append(first)
        self.head(206 if wanted else 200, first)
        self.wfile.write(bytes(min(self.give, SIZE - first)))
        self.close_connection = True

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
os.environ["HF_HOME"] = os.getcwd() + "/home"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

import huggingface_hub  # noqa: E402  (it reads these variables)

huggingface_hub.logging.set_verbosity_error()


def call(name, give, **where):
    """Return the first bytes of the requests of one download, how it ended, and how many bytes it has left behind."""
    requests.clear()
    Hub.give = give
    try:
        huggingface_hub.hf_hub_download("someone/model", name, **where)
        end = "complete"
    except Exception as error:
        end = type(error).__name__
    left = sum(
        os.path.getsize(os.path.join(folder, file))
        for folder, _, files in os.walk(".")
        for file in files
        if file.endswith(".incomplete")
    )
    return list(requests), end, left


seen = {}
for name, give, where in (
    ("a call, each connection breaks at 25 MB", 25_000_000, {}),
    ("a call, each connection breaks at 9 MB", 9_000_000, {}),
    ("the next call for that file", 9_000_000, {}),
    ("the same into a local_dir", 9_000_000, {"local_dir": "local"}),
    ("the next call for that file, into it", 9_000_000, {"local_dir": "local"}),
):
    file = "first.bin" if give > 9_000_000 else "second.bin"
    seen[name] = call(file, give, **where)
    firsts, end, left = seen[name]
    print(f"{name}: requests from bytes {firsts}: {end}, {left} bytes kept", flush=True)
first, *others = seen.values()
same = first == ([0, 2 * 10 * 2**20], "complete", 0)
same &= all(other == ([0] * 6, "RemoteProtocolError", 0) for other in others)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
