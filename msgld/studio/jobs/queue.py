"""The jobs of all projects, done one after another by one child process that holds the model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from msgld.studio.config import Config
from msgld.studio.errors import Refused
from msgld.studio.events import Event, Events
from msgld.studio.jobs import stored as jobs
from msgld.studio.jobs.hand import Hand
from msgld.studio.library.projects import ProjectFolder, Projects
from msgld.studio.schemas import StoredJob, StudioJob

GRACE = 0.8
"""Seconds that the worker has to stop a job by itself, before it is ended."""

DEATHS = 2
"""How often a worker may die of a job before the job fails."""


class Queue:
    """The queue. All of it belongs to the server's loop.

    Args:
        config: the worker and the limits.
        projects: that the jobs belong to.
        events: that tell of them.
    """

    def __init__(self, config: Config, projects: Projects, events: Events) -> None:
        self._config, self._projects, self._events = config, projects, events
        self._jobs: dict[str, StoredJob] = {}
        self._waiting: list[str] = []
        self._current: str | None = None
        self._unwanted: set[str] = set()
        self._wake = asyncio.Event()
        self._hand = Hand(config)
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Take up the jobs that an earlier run left, and start the worker."""
        for place in self._projects.places():
            found = jobs.all_of(place)
            place.takes.drop_spools()
            for job in found:
                self._jobs[job.id] = job
                if not job.over:
                    job.state, job.stage, job.fraction, job.take = "queued", None, 0.0, None
            _sweep(place, {job.reserved for job in found if not job.over})
        queued = [job for job in self._jobs.values() if not job.over]
        self._waiting = [job.id for job in sorted(queued, key=lambda job: (job.started is None, job.created))]
        self._task = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """End the worker; what it was doing goes on when the server starts again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._hand.close()

    @property
    def worker(self) -> int | None:
        """The number of the worker's process; None while there is none."""
        return self._hand.pid

    def all(self) -> list[StudioJob]:
        """The running job, those that wait, and those that have ended, the latest first."""
        first = [*([self._current] if self._current else []), *self._waiting]
        rest = [job.id for job in self._jobs.values() if job.id not in set(first)]
        rest.sort(key=lambda one: self._jobs[one].ended or 0.0, reverse=True)
        return [self.shown(self._jobs[one]) for one in (*first, *rest)]

    def of_project(self, project: str) -> list[StudioJob]:
        """The jobs of a project, the latest first."""
        own = [job for job in self._jobs.values() if job.project == project]
        return [self.shown(job) for job in sorted(own, key=lambda job: job.created, reverse=True)]

    def get(self, job: str) -> StoredJob:
        """A job; Refused where there is none."""
        if job not in self._jobs:
            raise Refused(404, f"there is no job {job}")
        return self._jobs[job]

    def shown(self, job: StoredJob) -> StudioJob:
        """A job as clients see it, with its place."""
        shown = job.shown()
        if job.id == self._current:
            shown.place = 0
        elif job.id in self._waiting:
            shown.place = self._waiting.index(job.id) + (self._current is not None)
        return shown

    def events(self) -> Iterable[Event]:
        """All jobs that have not ended, for a page that begins to follow."""
        return [("job", job.model_dump(mode="json")) for job in self.all() if not job.over]

    def add(self, place: ProjectFolder, task: str, settings: Mapping[str, Any], title: str) -> StudioJob:
        """Queue a job; Refused where there are too many."""
        if len(self._waiting) >= self._config.limits.queue:
            raise Refused(429, f"{len(self._waiting)} jobs are waiting already: cancel some, or wait")
        job = jobs.add(place, task, settings, title, time.time())
        self._jobs[job.id] = job
        self._waiting.append(job.id)
        self._tell(job)
        self._wake.set()
        return self.shown(job)

    async def cancel(self, job: str) -> StudioJob:
        """Cancel a job that waits or runs; others stay as they are. Returns once it has stopped."""
        found = self.get(job)
        if job in self._waiting:
            self._waiting.remove(job)
            self._end(found, "cancelled")
            self._tell_places()
        elif job == self._current and job not in self._unwanted:
            self._unwanted.add(job)
            found.stage = "stopping"
            self._tell(found)
            await self._hand.stop(job, GRACE)
            while job == self._current:
                await asyncio.sleep(0.01)
        return self.shown(found)

    async def forget(self, project: str) -> None:
        """Cancel all jobs of a project, and forget them, before it is deleted."""
        own = [job.id for job in self._jobs.values() if job.project == project]
        for job in own:
            await self.cancel(job)
        for job in own:
            self._jobs.pop(job, None)

    async def _serve(self) -> None:
        while True:
            await self._hand.prepare()
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            await self._one(self._jobs[self._waiting.pop(0)])

    async def _one(self, job: StoredJob) -> None:
        self._current = job.id
        try:
            await self._attempt(job)
        except (OSError, Refused) as error:
            self._end(job, "failed", f"the job cannot be carried out: {error}")
        finally:
            self._current = None
            self._unwanted.discard(job.id)
        self._tell_places()
        if job.over:
            self._events.send("project", {"id": job.project})

    async def _attempt(self, job: StoredJob) -> None:
        place = self._projects.place(job.project)
        job.reserved = job.reserved or place.takes.new_id()
        place.takes.growing(job.reserved).mkdir(parents=True, exist_ok=True)
        job.state, job.started, job.attempts = "running", time.time(), job.attempts + 1
        job.stage, job.fraction, job.eta = "starting", 0.0, None
        jobs.save(place, job)
        self._tell(job)
        self._tell_places()
        answer = await self._hand.run(self._order(place, job), lambda message: self._report(job, message))
        self._settle(place, job, answer)

    def _order(self, place: ProjectFolder, job: StoredJob) -> dict[str, Any]:
        notes = jobs.notes_of(place, job)
        return {
            "job": job.id,
            "task": job.task,
            "settings": job.settings,
            "notes": str(notes) if notes.is_file() else None,
            "project": place.id,
            "folder": str(place.folder),
            "take": job.reserved,
            "title": job.title,
        }

    def _report(self, job: StoredJob, message: Mapping[str, Any]) -> None:
        if "progress" in message:
            progress = message["progress"]
            job.stage = "stopping" if job.id in self._unwanted else str(progress["stage"])
            job.fraction, job.eta = float(progress["fraction"]), progress["eta"]
            self._tell(job)
        if "grown" in message:
            if job.take is None:
                job.take = job.reserved
                self._tell(job)
                self._events.send("project", {"id": job.project})
            stretch = {"project": job.project, "take": job.take, "frames": int(message["grown"])}
            self._events.send("stretch", stretch)

    def _settle(self, place: ProjectFolder, job: StoredJob, answer: Mapping[str, Any]) -> None:
        """What became of an attempt."""
        if "done" in answer:
            job.take, job.remarks = job.reserved, [str(line) for line in answer["done"]]
            self._end(job, "done")
        elif job.id in self._unwanted:
            self._end(job, "cancelled")
        elif "failed" in answer:
            self._end(job, "failed", str(answer["failed"]))
        elif "late" in answer:
            self._end(job, "failed", "it took too long and was stopped: choose the quality draft, or less")
        else:
            job.deaths += 1
            if job.deaths >= DEATHS:
                self._end(job, "failed", "its process ended twice: there may be too little memory for it")
                return
            job.state, job.stage, job.fraction, job.eta, job.take = "queued", None, 0.0, None, None
            jobs.save(place, job)
            self._waiting.insert(0, job.id)

    def _end(self, job: StoredJob, state: str, error: str | None = None) -> None:
        job.state, job.error = state, error  # type: ignore[assignment]
        job.ended, job.stage, job.eta = time.time(), None, None
        job.fraction = 1.0 if state == "done" else job.fraction
        if state != "done":
            job.take = None
        with suppress(OSError, Refused):
            place = self._projects.place(job.project)
            if job.reserved is not None:
                place.takes.drop_growing(job.reserved)
            jobs.notes_of(place, job).unlink(missing_ok=True)
            jobs.save(place, job)
        self._tell(job)

    def _tell(self, job: StoredJob) -> None:
        self._events.send("job", self.shown(job).model_dump(mode="json"))

    def _tell_places(self) -> None:
        for job in self._waiting:
            self._tell(self._jobs[job])


def _sweep(place: ProjectFolder, wanted: set[str | None]) -> None:
    """Remove unfinished takes that no job goes on with."""
    for take in place.takes.unfinished():
        if take not in wanted:
            place.takes.drop_growing(take)
