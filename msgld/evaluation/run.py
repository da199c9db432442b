"""Runs one evaluation over the frozen held-out set and writes its report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from msgld.checkpoint import write_whole
from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.codec import codec_figures, codec_rows, whole_frames
from msgld.evaluation.listening import listening_errors, listening_rows
from msgld.evaluation.separation import improvements, separate_clip, separation_rows
from msgld.evaluation.table import markdown
from msgld.metrics import is_silent
from msgld.model import Model
from msgld.progress import Meter, OnProgress
from msgld.sound.mel import log_mel
from msgld.tasks.maps import Settings
from msgld.tasks.separate import Layout

Advance = Callable[[], None]


class Clips(Protocol):
    """Clips by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Clip: ...


def evaluate(
    model: Model,
    task: str = "separate",
    clips: Clips | None = None,
    midi: Path | None = None,
    limit: int | None = None,
    out: Path | None = None,
    settings: Settings = Settings(),
    layouts: Sequence[Layout] = (Layout(),),
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Measure a model on the held-out set, or on clips of one's own.

    Args:
        model: a loaded checkpoint.
        task: ``separate`` (SI-SDRi, dB), ``arrange`` (does it listen: ratios of errors) or ``codec``.
        clips: instead of the held-out set.
        midi: folder of the held-out set's MIDI files; without it only the band's part of the set is used.
        limit: only the first so many clips.
        out: folder for ``<task>.json`` and ``<task>.md``.
        settings, layouts: how to separate; one layout for each pass over a song.

    Returns:
        ``{"task", "clips", "rows", "values"}``; a row has name, mean, low, high, median and count.

    Raises:
        UsageError: unknown task. DataError: soundfont or MIDI files missing.
    """
    if task not in TASKS:
        raise UsageError(f"no evaluation named {task!r}; there are: {', '.join(TASKS)}")
    chosen: Clips = _heldout(midi) if clips is None else clips
    count = min(len(chosen), limit or len(chosen))
    meter = Meter(count, "clips", f"evaluating {task}", on_progress)
    some = (chosen[i] for i in range(count))
    result = TASKS[task](model, some, lambda: meter.advance(1), settings, layouts)
    report = {"task": task, "model": model.name, "clips": count, **result}
    if out is not None:
        _write(report, out)
    return report


def _heldout(midi: Path | None) -> Clips:
    from msgld.data.heldout import HeldOut

    return HeldOut(midi)


def _separate(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    values, names = [], []
    for clip in clips:
        stems = separate_clip(model, clip.stems.sum(0), clip.rate, settings, layouts)
        values.append(improvements(stems, clip))
        names.append(clip.name)
        advance()
    table = np.stack(values)
    return {"rows": separation_rows(table, model.stems), "values": _plain(table), "names": names}


def _codec(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    figures = []
    for clip in clips:
        figures.append(codec_figures(model, clip))
        advance()
    return {"rows": codec_rows(figures)}


def _arrange(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    latents, active = [], []
    for clip in clips:
        latents.append(model.codec.encode(log_mel(whole_frames(clip, model), model.codec.mel)))
        active.append(np.array([not is_silent(stem) for stem in clip.stems]))
    errors = []
    for i, own in enumerate(latents):
        foreign = latents[(i + len(latents) // 2) % len(latents)]
        errors.append(listening_errors(model, own, foreign, active[i], settings.seed + i))
        advance()
    table = np.stack(errors)
    return {"rows": listening_rows(table), "values": _plain(table)}


def _plain(table: np.ndarray) -> Any:
    """Nested lists of numbers for JSON, None for NaN."""
    if table.ndim == 0:
        return round(float(table), 4) if np.isfinite(table) else None
    return [_plain(part) for part in table]


def _write(report: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / f"{report['task']}.json", json.dumps(report, indent=1).encode())
    head = f"# {report['task']}: {report['model']}, {report['clips']} clips of the held-out set\n\n"
    write_whole(out / f"{report['task']}.md", (head + markdown(report["rows"])).encode())


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "separate": _separate,
    "arrange": _arrange,
    "codec": _codec,
}
"""What can be measured."""
