"""The worker process as the queue uses it: always one, replaced when it dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from msgld.studio.config import Config
from msgld.studio.processes.child import Child

READY_SECONDS = 300.0
"""Time that a model has to load."""

PAUSE = 1.0
"""Seconds before a worker that did not come up is started again."""


class Hand:
    """One worker at a time.

    Args:
        config: its command, model and device.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._child: Child | None = None
        self._fault: str | None = None
        self._job: str | None = None

    @property
    def pid(self) -> int | None:
        """Its process; None while there is none."""
        return self._child.pid if self._child is not None and self._child.alive else None

    async def prepare(self) -> None:
        """Start a worker where there is none, and wait until it has its model."""
        if self._child is not None and self._child.alive:
            return
        self._child = self._fault = None
        try:
            self._child = await Child.start(self._config.worker)
        except OSError as error:
            self._fault = f"the process that does the jobs cannot be started: {error.strerror or error}"
            return
        self._child.send({"model": self._config.model, "device": self._config.device})
        message: dict[str, Any] | None = None
        with suppress(TimeoutError):
            message = await asyncio.wait_for(self._child.read(), READY_SECONDS)
        if message is None or "ready" not in message:
            reason = "it ended, or took too long" if message is None else str(message.get("unready"))
            self._fault = f"the model could not be opened: {reason}"
            await self._child.kill()

    async def run(
        self, order: Mapping[str, Any], report: Callable[[Mapping[str, Any]], None]
    ) -> dict[str, Any]:
        """Let the worker do a job.

        Args:
            order: for it.
            report: called with what it says meanwhile.

        Returns:
            Its last word: ``done``, ``failed`` or ``cancelled``; ``late`` where it was ended for taking too long;
            empty where it died.
        """
        await self.prepare()
        if self._fault is not None:
            await asyncio.sleep(PAUSE)
            return {"failed": self._fault}
        assert self._child is not None
        self._child.send({"run": order})
        self._job = order["job"]
        try:
            return await asyncio.wait_for(
                self._last_word(self._child, order["job"], report), self._config.limits.job_seconds
            )
        except TimeoutError:
            await self._child.kill()
            return {"late": True}
        finally:
            self._job = None

    async def _last_word(
        self, child: Child, job: str, report: Callable[[Mapping[str, Any]], None]
    ) -> dict[str, Any]:
        while (message := await child.read()) is not None:
            if message.get("job") != job:
                continue
            if message.keys() & {"done", "failed", "cancelled"}:
                return message
            report(message)
        await child.kill()
        return {}

    async def stop(self, job: str, grace: float) -> None:
        """Stop a job, if it runs: the worker does so by itself within ``grace`` seconds, or is ended."""
        child = self._child
        if child is None or self._job != job:
            return
        child.send({"cancel": job})
        late = time.monotonic() + grace
        while self._job == job and time.monotonic() < late:
            await asyncio.sleep(0.01)
        if self._job == job:
            await child.kill()

    async def close(self) -> None:
        """End the worker."""
        if self._child is not None:
            await self._child.kill()
