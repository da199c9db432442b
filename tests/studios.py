"""Studios for tests: in this process, and in processes of their own; their worker needs no model."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

HERE = Path(__file__).parent / "studio"
WORKER = (sys.executable, "-P", str(HERE / "fake_worker.py"))
RATE = 8000


def wav(
    seconds: float = 1.0, rate: int = RATE, channels: int = 2, subtype: str = "PCM_16", seed: int = 0
) -> bytes:
    """A sound file of noise."""
    noise = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    held = io.BytesIO()
    soundfile.write(held, noise, rate, format="WAV", subtype=subtype)
    return held.getvalue()


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until something is true, and return it."""
    late = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < late, "this took too long"
        time.sleep(0.02)
    return found


class Studio:
    """A client with short words for what tests do."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def project(self, title: str = "Test") -> str:
        return str(self.client.post("/api/projects", json={"title": title}).json()["id"])

    def song(self, project: str, content: bytes | None = None, name: str = "song.wav") -> Any:
        body = wav() if content is None else content
        return self.client.put(f"/api/projects/{project}/song", params={"name": name}, content=body)

    def job(self, project: str, task: str = "generate", **settings: Any) -> str:
        answer = self.client.post(f"/api/projects/{project}/jobs", json={"task": task, "settings": settings})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def state(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/jobs/{job}").json()
        return found

    def ended(self, job: str, seconds: float = 60.0) -> dict[str, Any]:
        return until(
            lambda: (s := self.state(job))["state"] in ("done", "failed", "cancelled") and s, seconds
        )

    def take(self, project: str, **settings: Any) -> str:
        """The id of a new take."""
        job = self.ended(self.job(project, **settings))
        assert job["state"] == "done", job
        return str(job["take"])


class Server:
    """A studio in a process of its own."""

    def __init__(self, folder: Path, **options: Any) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "serving.py"), str(folder), json.dumps(options)],
            stdout=subprocess.PIPE, env=environment, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.base = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> float:
        """End it as a user does; the seconds that this takes."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        return time.monotonic() - began


def children(pid: int) -> list[tuple[int, str]]:
    """(number, command line) of the processes that a process started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append((int(stat.parent.name), (stat.parent / "cmdline").read_text()))
        except OSError:
            continue
    return found
