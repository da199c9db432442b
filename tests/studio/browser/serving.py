"""The studio as a process of its own, with a tiny model whose weights are random."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from msgld.checkpoint import load_model, save_model
from tests.command import ROOT
from tests.score_tiny import tiny_score_model
from tests.tiny import save_tiny_model


@dataclass
class Serving:
    """A studio that runs.

    Attributes:
        address: of the page, without a slash at the end.
        folder: of the projects.
        model: folder of the model.
        process: to be ended with :meth:`stop`.
    """

    address: str
    folder: Path
    model: Path
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tiny_model(folder: Path) -> Path:
    """A model that separates, listens and composes, all at random."""
    save_tiny_model(folder, ears=True)
    model = load_model(folder)
    model.score = tiny_score_model()
    save_model(model, folder)
    return folder


def serve(folder: Path, model: Path, port: int = 0) -> Serving:
    """Start a studio, and wait until it listens."""
    command = [
        sys.executable,
        "-m",
        "msgld",
        "studio",
        str(folder),
        "--port",
        str(port),
        "--no-browser",
        "-n",
        str(model),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "400"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=folder.parent,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return Serving(found[0], folder, model, process)
    raise AssertionError(f"the studio did not start: {said}")
