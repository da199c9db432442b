"""A child process that speaks in lines of JSON, one object a line, over its standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

LONGEST = 4 << 20
"""Bytes of a line."""

_APART: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}
"""Ctrl-C is for the server, which then ends its children."""


class Child:
    """A running child; made by :meth:`start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: Sequence[str]) -> Child:
        """Start a child."""
        paths = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST,
            env={**os.environ, "PYTHONPATH": paths},
            **_APART,
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a line; nothing where the child has ended."""
        assert self._process.stdin is not None
        with suppress(OSError, RuntimeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def read(self) -> dict[str, Any] | None:
        """The next line that it says; None once it has ended."""
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # longer than any line of ours
                return None
            if not line.endswith(b"\n"):
                return None
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    return message

    async def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        with suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._process.kill()
            elif self.alive:  # by its number, as kill() also waits for it, and asyncio then misses its end
                os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()


def module(name: str) -> list[str]:
    """The command that runs a module of this package."""
    return [sys.executable, "-P", "-m", name]
