"""The time from the start of an upload to the first sound of its stems, through HTTP, and the memory that it takes.

    python bench/studio_first_sound.py SONG [--quality draft] [--repeat 3] [--whole]

Starts a studio, waits until its model is there, sends the song, queues a separation, and asks for sound as soon as an
event says that there is some. Prints seconds and megabytes. Needs Linux and ``pip install 'msgld[studio]'``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio_hostile import Watch

CHUNK = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("song", type=Path)
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--whole", action="store_true", help="wait for the end; else cancel after the first sound"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        command = [sys.executable, "-m", "msgld", "studio", root, "--port", "0", "--no-browser", "--json"]
        began = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            address = json.loads(server.stdout.readline())["address"]
            watch = Watch(server.pid)
            measure(address, began, options, watch)
            server.terminate()


def measure(address: str, began: float, options: argparse.Namespace, watch: Watch) -> None:
    """Print the figures."""
    import httpx2

    client = httpx2.Client(base_url=address, timeout=600)
    client.get("/api/about")
    print(f"answers {time.monotonic() - began:.2f} s after its start")
    before = time.monotonic()
    page = client.get("/")
    print(f"the page's first file: {1000 * (time.monotonic() - before):.0f} ms, {len(page.content)} bytes")
    warm = run(client, options.song, "draft", options.whole)  # until the model is there
    print(f"the first song, with a model that has to load: {warm}")
    for _ in range(options.repeat):
        print(run(client, options.song, options.quality, options.whole))
    print(f"peak memory: server {watch.server / 1e6:.0f} MB, its largest process {watch.reader / 1e6:.0f} MB")


def run(client: Any, song: Path, quality: str, whole: bool) -> dict[str, float]:
    """Seconds from the start of the upload to its answer, to the first stretch, to its sound, to the end."""
    project = client.post("/api/projects", json={}).json()["id"]
    began = time.monotonic()
    answer = client.put(
        f"/api/projects/{project}/song", params={"name": song.name}, content=song.read_bytes()
    )
    answer.raise_for_status()
    found = {"uploaded and read": time.monotonic() - began}
    order = {"task": "separate", "settings": {"quality": quality}}
    with client.stream("GET", "/api/events") as events:
        lines = pairs(events.iter_lines())
        job = client.post(f"/api/projects/{project}/jobs", json=order).json()["id"]
        for kind, content in lines:
            if kind == "stretch" and "first stretch" not in found:
                found["first stretch"] = time.monotonic() - began
                url = f"/api/projects/{project}/takes/{content['take']}/sound/vocals?frames=44100"
                sound = client.get(url)
                assert sound.status_code == 200 and sound.content, sound.text
                found["first sound"] = time.monotonic() - began
                found["frames"] = content["frames"]
                if not whole:
                    before = time.monotonic()
                    client.delete(f"/api/jobs/{job}")
                    return {
                        name: round(v, 2)
                        for name, v in {**found, "cancelled in": time.monotonic() - before}.items()
                    }
            if kind == "job" and content["id"] == job and content["state"] in ("done", "failed", "cancelled"):
                assert content["state"] == "done", content
                found["all"] = time.monotonic() - began
                break
    return {name: round(value, 2) for name, value in found.items()}


def pairs(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events with their content."""
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


if __name__ == "__main__":
    main()
