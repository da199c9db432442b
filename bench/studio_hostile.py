"""Send hostile inputs to a studio and count the answers: renamed files, lying headers, traversal names, archives.

    python bench/studio_hostile.py [--inputs 1000] [--seed 0]

Prints answers by kind and status, the peak memory of the server and of the processes that read files, what was written
outside the folder of the projects, and whether the server is alive. Needs Linux and ``pip install 'msgld[studio]'``.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import numpy as np
import soundfile

SERVE = """
import sys
from dataclasses import replace
from pathlib import Path
from msgld.studio.config import Config
from msgld.studio.limits import Limits
from msgld.studio.serve import bound, serve
limits = Limits(upload=64 << 20, idle_seconds=2.0, decode_seconds=30.0)
worker = (sys.executable, "-c", "import sys; print('{\\"ready\\": true}', flush=True); sys.stdin.read()")
config = Config(Path(sys.argv[1]), port=0, limits=limits, worker=worker)
with bound(config) as listening:
    print(listening.getsockname()[1], flush=True)
    serve(replace(config, port=listening.getsockname()[1]), listening)
"""

NAMES = (
    "song.wav", "../../../../etc/passwd", "..\\..\\x.mp3", "/etc/shadow", "con.wav", "a\0b.mp3", "x" * 900, ".lock",
    "song\r\nx-header: 1", "%2e%2e%2fx", "🎵\u202e.wav", "project.json", "",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
)  # fmt: skip


def sound(rng: random.Random, kind: str = "WAV", seconds: float = 0.3) -> bytes:
    """A good file of noise."""
    noise = 0.1 * np.random.default_rng(rng.randrange(2**31)).standard_normal((round(seconds * 8000), 2))
    held = io.BytesIO()
    soundfile.write(held, noise, 8000, format=kind)
    return held.getvalue()


def renamed(rng: random.Random) -> bytes:
    """Something else than sound."""
    choices = (
        lambda: b"%PDF-1.7\n" + rng.randbytes(4000),
        lambda: b"\x7fELF" + rng.randbytes(4000),
        lambda: b"\x89PNG\r\n\x1a\n" + rng.randbytes(4000),
        lambda: b"<html><script>alert(1)</script></html>" * 50,
        lambda: b"#EXTM3U\nfile:///etc/passwd\nhttp://127.0.0.1:1/x.ts\n",
        lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
        lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        lambda: rng.randbytes(rng.randrange(1, 50_000)),
        lambda: b"",
        lambda: bytes(rng.randrange(1, 100_000)),
    )
    return rng.choice(choices)()


def lying(rng: random.Random) -> bytes:
    """A header that claims far more than follows."""
    channels, rate = rng.choice((0, 1, 2, 8, 255, 65_535)), rng.choice((0, 1, 44_100, 2**31, 2**32 - 1))
    bits, size = (
        rng.choice((8, 16, 24, 32, 64, 4096)),
        rng.choice((0, 4_000_000_000, 2**32 - 1, 2**31, 123_456_789)),
    )
    form = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, rng.choice((1, 3, 0xFFFE, 85)), channels, rate, 2**32 - 1, 4, bits
    )
    return (
        b"RIFF"
        + struct.pack("<I", size)
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", size)
        + rng.randbytes(500)
    )


def archive(rng: random.Random) -> bytes:
    """An archive, some of which expand a thousandfold."""
    if rng.random() < 0.3:
        return gzip.compress(bytes(20_000_000))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("../../../evil.wav", bytes(5_000_000))
    return held.getvalue()


def damaged(rng: random.Random) -> bytes:
    """Good sound with bytes changed, cut or doubled."""
    content = bytearray(sound(rng, rng.choice(("WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF", "W64", "AU"))))
    for _ in range(rng.randrange(1, 60)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content[: rng.randrange(1, len(content) + 1)]) * rng.choice((1, 1, 2))


def bomb(rng: random.Random) -> bytes:
    """A small file of long silence."""
    held = io.BytesIO()
    with soundfile.SoundFile(held, "w", 8000, 8, format="FLAC", subtype="PCM_16") as file:
        for _ in range(rng.randrange(100, 300)):
            file.write(np.zeros((80_000, 8), np.int16))
    return held.getvalue()


def endless(rng: random.Random) -> Iterator[bytes]:
    """A body that does not end."""
    yield sound(rng)
    while True:
        yield bytes(1 << 20)


def stopping(rng: random.Random) -> Iterator[bytes]:
    """A body that stops half-way."""
    yield sound(rng)[:100]
    time.sleep(4)
    yield b"x"


PATHS = (
    "/api/projects/{}/takes/001/sound/bass", "/api/projects/{}/takes/001/files/x", "/api/projects/{}", "/{}",
    "/assets/{}",    "/api/jobs/{}", "/api/projects/0001/takes/{}/zip", "/api/projects/0001/takes/song/sound/{}",
    "/api/projects/0001/takes/song/spectrogram/{}", "/api/projects/0001/takes/song/peaks/{}",
)  # fmt: skip
PARTS = (
    "..",
    "../..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "/etc/passwd",
    "%00",
    "....//",
    "\\..\\..",
    "0001/../../x",
    "a" * 3000,
)
BODIES = (
    b"[" * 200_000,
    b'{"title": ' + b'"x' * 90_000,
    b'{"title": "\\ud800"}',
    b"\xff\xfe",
    b'{"task":"render","settings":{"take":"001","stem":"bass","notes":['
    + b'{"start":NaN,"stop":1e999,"pitch":60},' * 1000
    + b"{}]}}",
    b"0" * 5_000_000,
    b'{"title": 1e999}',
    b"null",
)


class Watch:
    """The peak memory of a process, and of the largest of those that it starts, in bytes."""

    def __init__(self, pid: int) -> None:
        self.server, self.reader, self._pid, self._on = 0, 0, pid, True
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while self._on:
            parents = {self._pid}
            for pid, parent, size in processes():
                if pid == self._pid:
                    self.server = max(self.server, size)
                elif parent in parents:
                    parents.add(pid)
                    self.reader = max(self.reader, size)
            time.sleep(0.02)


def processes() -> Iterator[tuple[int, int, int]]:
    """Number, parent and resident bytes of all processes, parents first."""
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError, ValueError, IndexError):
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            pages = int((path / "statm").read_text().split()[1])
            yield int(path.name), int(fields[1]), pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "inside"
        program = [sys.executable, "-c", SERVE, str(folder)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            attack(f"http://127.0.0.1:{int(server.stdout.readline())}", server, options)
            print(
                "outside of the folder:",
                sorted(p.name for p in Path(root).iterdir() if p != folder) or "nothing",
            )
            waiting = list((folder / ".uploads").rglob("*"))
            print("left of uploads:", len(waiting))
            server.terminate()


def attack(base: str, server: subprocess.Popen[str], options: argparse.Namespace) -> None:
    """Send the inputs and print what came of them."""
    import httpx2

    rng, counts, slowest, began = (
        random.Random(options.seed),
        Counter[tuple[str, str]](),
        0.0,
        time.monotonic(),
    )
    watch, client = Watch(server.pid), httpx2.Client(base_url=base, timeout=60)
    client.post("/api/projects", json={"title": "first"})
    client.put("/api/projects/0001/song", content=sound(rng))
    uploads = {"renamed": renamed, "lying header": lying, "archive": archive, "damaged": damaged}
    rare = {"bomb": bomb, "endless": endless, "stopping": stopping}
    bad: list[str] = []
    for number in range(options.inputs):
        kind = (
            rng.choice([*uploads, *uploads, "path", "path", "body"]) if number % 50 else rng.choice([*rare])
        )
        before = time.monotonic()
        try:
            if kind == "path":
                path = rng.choice(PATHS).format(rng.choice(PARTS))
                answer = client.request(rng.choice(("GET", "GET", "GET", "GET", "PUT")), path)
            elif kind == "body":
                url = rng.choice(("/api/projects", "/api/projects/0001/jobs", "/api/projects/0001"))
                call = rng.choice(("POST", "PATCH"))
                answer = client.request(
                    call, url, content=rng.choice(BODIES), headers={"content-type": "application/json"}
                )
            else:
                content = (uploads | rare)[kind](rng)
                name = quote(rng.choice(NAMES), safe="")
                if rng.random() < 0.5:
                    url = f"/api/projects/0001/stems?stem={rng.choice(('bass', '../x', name))}&name={name}"
                    answer = client.post(url, content=content)
                else:
                    project = client.post("/api/projects", json={"title": rng.choice(NAMES)}).json()["id"]
                    answer = client.put(f"/api/projects/{project}/song?name={name}", content=content)
            status = str(answer.status_code)
            if answer.status_code >= 500 or (answer.status_code >= 400 and "\n" in answer.json()["detail"]):
                bad.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
        except httpx2.TransportError:
            status = "closed"
        except ValueError as error:  # the client itself refuses to send it
            status = f"not sent ({type(error).__name__})"
        counts[kind, status] += 1
        slowest = max(slowest, time.monotonic() - before)
    for (kind, status), count in sorted(counts.items()):
        print(f"{kind:<14} {status:<24} {count}")
    print("faults of the server:", len(bad), *bad[:10], sep="\n  ")
    print(f"{options.inputs} inputs in {time.monotonic() - began:.0f} s, the slowest {slowest:.1f} s")
    print(f"peak memory: server {watch.server / 1e6:.0f} MB, a reader {watch.reader / 1e6:.0f} MB")
    alive = server.poll() is None and client.get("/api/about").status_code == 200
    print("the server is", "alive" if alive else "DEAD")


if __name__ == "__main__":
    main()
