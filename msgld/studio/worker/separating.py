"""Jobs that take a song apart: into stems, into notes."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.folder import new_folder
from msgld.api.naming import PLAIN
from msgld.api.notes import save_notes
from msgld.api.record import write_record
from msgld.api.save import Saved
from msgld.music.score import SCORE_STEMS
from msgld.progress import Stages
from msgld.studio.jobs.order import Order
from msgld.studio.settings import Separate, Transcribe
from msgld.studio.worker.finishing import Done
from msgld.studio.worker.growing import Growing
from msgld.studio.worker.sources import Source

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.api.transcription import Transcription

SEPARATING = 0.7
"""Fraction of the progress that is kept for separating a song before it is transcribed."""


def separate(model: Msgld, order: Order) -> Done:
    """Separate the song."""
    stems = order.of_kind(Separate).stems
    return Done(separated(model, order, stems), None)


def separated(model: Msgld, order: Order, stems: list[str] | None) -> Saved:
    """The song's stems in the folder of an order; they can be listened to meanwhile."""
    with Growing(order, time.time()) as growing:
        return model.separate_to(
            order.place.song,
            order.folder,
            stems=stems,
            overwrite=True,
            on_stretch=growing.add,
            **order.running,
        )


def transcribe(model: Msgld, order: Order) -> Done:
    """Find the notes of a take; or separate the song, and find the notes of its stems."""
    settings = order.of_kind(Transcribe)
    if settings.take is None:
        return _song(model, order, settings.bpm)
    source = Source.of(order, settings.take)
    sounds = source.sounds({*SCORE_STEMS, *model.stems})
    found = model.transcribe(sounds, bpm=settings.bpm, **order.running)
    with new_folder(order.folder, overwrite=True) as temporary:
        files = {name: file for name, file in source.take.files.items() if Path(file).suffix == ".wav"}
        for name, file in files.items():
            _link(source.file(name), temporary / file)
        run = _record(found, {"files": files}, temporary)
    return Done(Saved(order.folder, {}, run), found.score, frozenset(source.made))


def _song(model: Msgld, order: Order, bpm: float | None) -> Done:
    stages = Stages(order.on_progress)
    first, rest = stages.part(0.0, SEPARATING), stages.part(SEPARATING, 1.0)
    assert first is not None and rest is not None
    saved = separated(model, replace(order, on_progress=first), None)
    second = replace(order, on_progress=rest)
    found = model.transcribe(dict(saved.files), bpm=bpm, **second.running)
    run = _record(found, saved.run, saved.folder)
    return Done(Saved(saved.folder, saved.files, run), found.score)


def _record(found: Transcription, run: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The record of what was found, and of the sound that it was found in; notes and record are written."""
    remarks = [*run.get("remarks", ()), *found.remarks]
    whole = {
        **run,
        **found.info,
        **save_notes(found.score, folder),
        "files": run["files"],
        "remarks": remarks,
    }
    write_record(folder / PLAIN.record, whole)
    return whole


def _link(source: Path, target: Path) -> None:
    """The same file at a second place, by a copy where the disk knows no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)
