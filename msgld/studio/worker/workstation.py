"""Projects for workstations beside the files of a take; a short-lived process makes them, as the model is needed.

Its parts in the server and in that process are both here: ``python -m msgld.studio.worker.workstation``.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import NoReturn

from msgld.studio.config import Config
from msgld.studio.errors import Refused, line_of
from msgld.studio.library.takes import Takes
from msgld.studio.processes.child import Child, module
from msgld.studio.processes.talking import Line

SECONDS = 1800.0
"""Time that listening to a long take may need."""

_one = asyncio.Lock()


async def add_projects(config: Config, takes: Takes, take: str) -> None:
    """Write a REAPER project and a DAWproject file into the folder of a take; Refused where that fails."""
    async with _one:
        found, folder = takes.whole(take)
        if {"rpp", "dawproject"} <= set(found.files):
            return
        child = await Child.start(module("msgld.studio.worker.workstation"))
        try:
            child.send({"model": config.model, "device": config.device, "folder": str(folder)})
            answer = await asyncio.wait_for(child.read(), SECONDS) or {}
        except TimeoutError as error:
            raise Refused(503, "the projects took too long to write") from error
        finally:
            await child.kill()
        if "done" not in answer:
            raise Refused(422, str(answer.get("failed", "the process that writes the projects ended")))
        takes.change(take, files={**found.files, **answer["done"]})


def main() -> NoReturn:
    """Write the projects of the folder that the first line names."""
    line = Line()
    order = next(line.lines())
    try:
        from msgld import load

        model = load(order["model"], device=order["device"])
        files = model.to_daw(Path(order["folder"]), overwrite=True)
        line.send(done={ending: path.name for ending, path in files.items()})
    except (Exception, MemoryError) as error:
        line.send(failed=line_of(error))
    os._exit(0)


if __name__ == "__main__":
    main()
