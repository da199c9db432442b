"""Running the command line as a user does: a process of its own, with a tiny random model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from warm import POSSIBLE, Running

ROOT = Path(__file__).parent.parent


def write_noise(
    path: Path, seconds: float = 0.5, rate: int = 44100, channels: int = 2, seed: int = 0
) -> Path:
    """Write noise at -20 dBFS or so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(seed).standard_normal((max(1, round(seconds * rate)), channels))
    soundfile.write(path, samples, rate, "PCM_16")
    return path


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """The error lines."""
        return [line for line in self.err.splitlines() if line.startswith("msgld: ")]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output, each on a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment() -> dict[str, str]:
    """Of a user who has set nothing; wide lines, so that messages are not folded."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MSGLD_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "200"}


def cold(
    arguments: Sequence[str | Path], folder: Path, preexec: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """Start ``msgld`` in a folder as a shell does, with nothing loaded."""
    return subprocess.Popen(
        [sys.executable, "-m", "msgld", *map(str, arguments)], cwd=folder, env=environment(), text=True,
        encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec,
    )  # fmt: skip


def start(arguments: Sequence[str | Path], folder: Path) -> Running | subprocess.Popen[str]:
    """Start ``msgld`` in a folder, with torch loaded where that can be."""
    return Running(arguments, folder, environment()) if POSSIBLE else cold(arguments, folder)


def run(arguments: Sequence[str | Path], folder: Path, preexec: Callable[[], None] | None = None) -> Done:
    """Run ``msgld`` in a folder. Whatever happens, no traceback may be seen."""
    process = cold(arguments, folder, preexec) if preexec else start(arguments, folder)
    return ended(process)


def ended(process: Running | subprocess.Popen[str]) -> Done:
    """How a command ends. Whatever happens, no traceback may be seen."""
    try:
        out, err = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        raise
    assert process.returncode is not None
    assert "Traceback" not in err, err
    return Done(process.returncode, out, err)


def leftovers(folder: Path) -> list[Path]:
    """Unfinished files and folders, anywhere below a folder."""
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".partial", ".spool")]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, to see that it was left alone."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
