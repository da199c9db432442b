"""Separating, as the public interface offers it: as a stream, in memory, or straight to files."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.encoding import Encoding
from msgld.api.folder import check_sources, inside, new_folder
from msgld.api.known import Shares, check_lengths
from msgld.api.naming import Names
from msgld.api.options import Options
from msgld.api.picture import Sketch
from msgld.api.quality import consistency, separation_passes
from msgld.api.record import describe
from msgld.api.result import Result
from msgld.api.save import Saved, Tracks, check_encoding, save_tracks
from msgld.audio.songs import Excerpt, Noted, Sound, digest, files_of, name_of, opened
from msgld.audio.spool import Spool
from msgld.errors import AudioReadError, ModelError
from msgld.model import Model
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.tasks.stream import separated

WRITING = 0.05
"""Share of the progress that is kept for writing files."""

UNHEARD = 1e-3
"""A stem whose peak is this share of the loudest track's is said to be missing."""


@dataclass(frozen=True)
class Separation:
    """One song and what is wanted of it; everything has been checked but the song itself."""

    model: Model
    weights: Mapping[str, str]
    song: Sound
    stems: tuple[str, ...]
    known: Mapping[str, Sound]
    level: float
    options: Options


@dataclass(frozen=True)
class Place:
    """Where and how a result is written; ``overwrite`` lets it replace a former one."""

    folder: Path
    encoding: Encoding
    names: Names
    overwrite: bool


@dataclass(frozen=True)
class Facts:
    """What is known of a song before it is read: rate, channels, and its length, 0 where that is unknown.

    ``notes`` say what is done to known stems of another length.
    """

    rate: int
    channels: int
    frames: int
    notes: tuple[str, ...] = ()


def look(task: Separation) -> Facts:
    """Open the song and the known stems, so that what is unreadable or does not fit fails first."""
    with opened(task.song) as reader:
        notes = check_lengths(task.known, reader)
        return Facts(reader.rate, reader.channels, reader.frames, tuple(notes))


def stretches(
    task: Separation, on_progress: OnProgress | None, cancel: CancelToken | None
) -> Iterator[dict[str, np.ndarray]]:
    """Stretches of stems, residual and mixture as they are finished. Errors of the input come at once."""
    facts = look(task)
    meter = Meter(facts.frames / facts.rate, "seconds", "reading", on_progress, cancel)

    def run() -> Iterator[dict[str, np.ndarray]]:
        yield from _stretches(task, facts, meter, 1.0, Shares())
        meter.advance(math.inf)

    return run()


def _stretches(
    task: Separation, facts: Facts, meter: Meter, share: float, shares: Shares
) -> Iterator[dict[str, np.ndarray]]:
    """As :func:`stretches`; ``share`` is that of the whole progress, ``shares`` listens to the known stems."""
    meter.advance(0)
    settings, layouts = separation_passes(task.options, task.model)
    meter.advance(0, "separating")
    for tracks in separated(task.model, task.song, task.known, settings, layouts, task.level):
        if not np.isfinite(tracks).all():
            raise ModelError("the model answered with values that are not numbers; please report this")
        named = {stem: tracks[task.model.stems.index(stem)] for stem in task.stems}
        shares.add(tracks[-1], {stem: tracks[task.model.stems.index(stem)] for stem in task.known})
        yield {**named, "residual": _residual(tracks[-1], named), "mixture": tracks[-1]}
        meter.advance(share * tracks.shape[-1] / facts.rate)


def _residual(mixture: np.ndarray, stems: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the stems leave; in 64 bits, so that they sum back as closely as 32 bits allow."""
    total = np.sum([stem.astype(np.float64) for stem in stems.values()], axis=0)
    return (mixture - total).astype(np.float32)


def to_result(
    task: Separation, began: float, on_progress: OnProgress | None, cancel: CancelToken | None
) -> Result:
    """Separate in memory."""
    facts, noted, shares = look(task), _noted(task), Shares()
    meter = Meter(facts.frames / facts.rate, "seconds", "reading", on_progress, cancel)
    pieces = list(_stretches(noted, facts, meter, 1.0, shares))
    meter.advance(math.inf)
    whole = {name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in pieces[0]}
    mixture, residual = whole.pop("mixture"), whole.pop("residual")
    facts = replace(facts, frames=mixture.shape[1])
    kept = None if consistency(task.options, task.model) == "none" else residual
    notes = (*facts.notes, *_notes(noted), *shares.notes())
    return Result(whole, mixture, kept, facts.rate, _info(task, facts, began), notes)


def _noted(task: Separation) -> Separation:
    """The same task, of sounds that keep the notes of their readers."""
    known = {stem: Noted(sound) for stem, sound in task.known.items()}
    return replace(task, song=Noted(task.song), known=known)


def _notes(noted: Separation) -> list[str]:
    """What the readers had to say of the song, and of the known stems where that differs."""
    lines = list(noted.song.notes) if isinstance(noted.song, Noted) else []
    for stem, sound in noted.known.items():
        if isinstance(sound, Noted):
            lines += [f"{stem}: {note}" for note in sound.notes if note not in lines]
    return lines


def plan(task: Separation) -> dict[str, Any]:
    """What the record says of a separation before it is made.

    Raises:
        AudioReadError: a file cannot be read. ModelError: as :func:`msgld.api.quality.separation_passes`.
    """
    settings, layouts = separation_passes(task.options, task.model)
    extra = {
        "mixture_level": task.level,
        "excerpt": [task.song.start, task.song.stop] if isinstance(task.song, Excerpt) else None,
        "stems": list(task.stems),
        "known": {stem: name_of(sound) for stem, sound in task.known.items()},
        "known_sha256": {stem: _digest(sound) for stem, sound in task.known.items()},
        "consistency": consistency(task.options, task.model),
        "windows": [
            {name: getattr(layout, name) for name in ("context", "fade", "length", "batch", "varispeed")}
            for layout in layouts
        ],
    }
    told = describe(task.model, task.weights, "separate", task.options, settings, extra)
    return {**told, "input": name_of(task.song), "input_sha256": _digest(task.song)}


def _digest(sound: Sound) -> str | None:
    try:
        return digest(sound)
    except OSError as error:
        raise AudioReadError(f"cannot read {name_of(sound)}: {error.strerror or error}") from error


def _info(task: Separation, facts: Facts, began: float) -> dict[str, Any]:
    return {
        **plan(task),
        "rate": facts.rate,
        "channels": facts.channels,
        "length": facts.frames,
        "took_seconds": round(time.monotonic() - began, 3),
    }


def to_folder(
    task: Separation,
    place: Place,
    rest: str | None,
    on_progress: OnProgress | None,
    cancel: CancelToken | None,
) -> Saved:
    """Separate into files. Stems are spooled as floats first, since the loudest peak decides on the encoding.

    Args:
        rest: name of the file for what the stems leave; None for no file.
    """
    began, facts = time.monotonic(), look(task)
    files = [place.names.file(name, place.encoding.ext) for name in (*task.stems, *filter(None, [rest]))]
    check_sources(place.folder, place.names, files, files_of([task.song, *task.known.values()]))
    with new_folder(place.folder, place.overwrite, place.names) as temporary:
        check_encoding(temporary, place.encoding, facts.rate, facts.channels)
        meter = Meter(facts.frames / facts.rate, "seconds", "reading", on_progress, cancel)
        noted, shares = _noted(task), Shares()
        spools, sketch = _spool(noted, facts, meter, temporary, shares)
        facts = replace(facts, frames=spools["residual"].frames)
        tracks = _tracks(task, spools, facts, rest)
        peak = max(spools[name if name in spools else "residual"].peak for name in tracks.parts)
        notes = [*facts.notes, *_notes(noted), *shares.notes(), *_silent(task, spools)]
        info = {**_info(task, facts, began), "notes": notes}
        meter.advance(0, "writing")
        step = partial(meter.advance, WRITING * facts.frames / facts.rate / len(tracks.parts))
        run = save_tracks(temporary, tracks, place.encoding, sketch, peak, info, step, place.names)
        for spool in spools.values():
            spool.path.unlink()
    meter.advance(math.inf)
    return Saved(place.folder, {name: place.folder / file for name, file in run["files"].items()}, run)


def _silent(task: Separation, spools: Mapping[str, Spool]) -> list[str]:
    """A note about stems that are not in the song, so that nobody looks for a fault in a silent file."""
    loudest = max(spool.peak for spool in spools.values())
    missing = [stem for stem in task.stems if spools[stem].peak < UNHEARD * loudest or spools[stem].peak == 0]
    return [f"next to nothing in this song is {' or '.join(missing)}"] if missing else []


def _spool(
    task: Separation, facts: Facts, meter: Meter, folder: Path, shares: Shares
) -> tuple[dict[str, Spool], Sketch]:
    names = (*task.stems, "residual")
    spools = {name: Spool(inside(folder, f"{name}.spool"), facts.rate, facts.channels) for name in names}
    sketch = Sketch(facts.rate)
    for stretch in _stretches(task, facts, meter, 1 - WRITING, shares):
        for name, spool in spools.items():
            spool.append(stretch[name])
        sketch.add({"mix": stretch["mixture"], **{stem: stretch[stem] for stem in task.stems}})
    return spools, sketch


def _tracks(task: Separation, spools: Mapping[str, Spool], facts: Facts, rest: str | None) -> Tracks:
    parts = {stem: spools[stem].open for stem in task.stems}
    residual = spools["residual"].open
    if rest:
        parts[rest] = residual
    lost = rest is not None or consistency(task.options, task.model) == "none"
    return Tracks(parts, lambda: opened(task.song), facts.rate, facts.frames, {}, None if lost else residual)
