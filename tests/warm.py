"""Processes of the command line that find torch and the like loaded: one process loads them, and is copied for each.

Loading them takes longer than what most tests ask for. All else is as ``python -m msgld`` has it: msgld itself is
loaded afresh, and a process has its own folder, environment, output, signals and exit code.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO

POSSIBLE = sys.platform.startswith("linux")
"""Where loaded libraries may be copied."""

SLOW = (
    "torch", "numpy.random", "einops", "jaxtyping", "PIL.Image", "pydantic", "safetensors.torch", "soundfile", "soxr",
    "typer",
)  # fmt: skip
"""Other people's libraries that most commands load."""


class Running:
    """A command that runs; one at a time."""

    def __init__(self, arguments: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> None:
        self._answers, self._said = _loaded(), tempfile.TemporaryDirectory()
        self.returncode: int | None = None
        asked = [[str(argument) for argument in arguments], str(folder), environment, self._said.name]
        assert self._answers.stdin is not None
        self._answers.stdin.write(json.dumps(asked).encode() + b"\n")
        self.pid = self._answer()

    def _answer(self) -> int:
        assert self._answers.stdout is not None
        return int(self._answers.stdout.readline())

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        if self.returncode is None and select.select([self._answers.stdout], [], [], 0)[0]:
            self.returncode = self._answer()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait until it ends; what it wrote to its standard output and error."""
        if self.returncode is None and not select.select([self._answers.stdout], [], [], timeout)[0]:
            self.send_signal(signal.SIGKILL)
            self.returncode = self._answer()
            raise subprocess.TimeoutExpired("msgld", timeout)
        self.poll()
        with self._said:
            out, err = (Path(self._said.name, name).read_text("utf-8") for name in ("1", "2"))
        return out, err


@cache
def _loaded() -> subprocess.Popen[bytes]:
    from command import ROOT, environment

    process = subprocess.Popen(
        [sys.executable, __file__],
        cwd=ROOT, env=environment(), bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    atexit.register(process.wait)
    atexit.register(process.stdin.close)  # which ends it
    return process


def _copies(asked: IO[str]) -> bool:
    """Copy this process for each line, and say its number and its exit code; in a copy, return true."""
    for line in asked:
        if not (pid := os.fork()):
            _become(*json.loads(line))
            return True
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    return False


def _become(arguments: list[str], folder: str, environment: dict[str, str], said: str) -> None:
    """Take what a new process would have been given."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate((os.devnull, f"{said}/1", f"{said}/2")):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.path[0], sys.argv[1:] = folder, arguments
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    for name in SLOW:
        import_module(name)
    gc.freeze()  # so that copies leave alone what they share
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then end this
    if _copies(sys.stdin):
        runpy.run_module("msgld", run_name="__main__", alter_sys=True)
