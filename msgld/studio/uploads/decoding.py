"""Uploaded files become sound in a child process; a spare one waits, so that no one waits for Python to start."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgld.studio.errors import Refused
from msgld.studio.limits import Limits
from msgld.studio.processes.child import Child, module


class Decoders:
    """Starts the processes that read files.

    Args:
        limits: of a file.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._spare: asyncio.Task[Child] | None = None

    def prepare(self) -> None:
        """Start the spare process, if there is none."""
        if self._spare is None:
            self._spare = asyncio.create_task(Child.start(module("msgld.studio.uploads.decoder")))

    async def decode(self, source: Path, target: Path, like: dict[str, int] | None = None) -> dict[str, Any]:
        """See :func:`msgld.studio.uploads.decoder.decode`. Refused where it fails. The file is "it" in that line."""
        child = await self._take()
        limits = self._limits
        try:
            child.send(
                {
                    "source": str(source),
                    "target": str(target),
                    "like": like,
                    "limits": {
                        "seconds": limits.seconds,
                        "decoded": limits.decoded,
                        "memory": limits.memory,
                        "decode_seconds": limits.decode_seconds,
                    },
                }
            )
            answer = await asyncio.wait_for(child.read(), limits.decode_seconds) or {}
        except TimeoutError as error:
            raise Refused(422, "it took too long to read: export it as WAV or FLAC") from error
        finally:
            await child.kill()
        if "done" in answer:
            found: dict[str, Any] = answer["done"]
            return found
        text = str(answer.get("failed", "it made its reader stop: export or copy it again"))
        raise Refused(422, text.replace(str(source), "this file"))

    async def _take(self) -> Child:
        self.prepare()
        assert self._spare is not None
        spare, self._spare = self._spare, None
        child = await spare
        self.prepare()
        if child.alive:
            return child
        return await Child.start(module("msgld.studio.uploads.decoder"))

    async def close(self) -> None:
        """End the spare process."""
        spare, self._spare = self._spare, None
        if spare is not None:
            with suppress(OSError):
                await (await spare).kill()
