"""Runs one evaluation over the frozen held-out set and writes its report."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from msgld.checkpoint import write_whole
from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.codec import codec_figures, codec_rows, whole_frames
from msgld.evaluation.generation import measure_generation
from msgld.evaluation.listening import levels_of, listening_errors, listening_rows
from msgld.evaluation.page import EXAMPLES, Example, write_page
from msgld.evaluation.separation import improvements, separate_clip, separation_rows
from msgld.evaluation.subsets import Subset, measure_subsets
from msgld.evaluation.table import markdown
from msgld.metrics import is_silent
from msgld.model import Model
from msgld.progress import Meter, OnProgress
from msgld.sound.mel import log_mel
from msgld.tasks.maps import Settings
from msgld.tasks.separate import Layout

Advance = Callable[[float], None]
"""Told of every clip, or part of one, that is done."""


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
    subsets: Sequence[Subset] | None = None,
) -> dict[str, Any]:
    """Measure a model on the held-out set, or on clips of one's own.

    Args:
        model: a loaded checkpoint.
        task: ``separate`` (SI-SDRi, dB), ``generate`` (distance of new pieces to the clips), ``arrange`` (does it
            listen: ratios of errors) or ``codec``.
        clips: instead of the held-out set.
        midi: folder of the held-out set's MIDI files; without it only the band's part of the set is used.
        limit: only the first so many clips.
        out: folder for ``<task>.json``, ``<task>.md`` and the page ``<task>.html``.
        settings, layouts: how to sample and separate; one layout for each pass over a song.
        subsets: with ``arrange``, stems to be played to the others, each subset over all clips; instead of the
            ratios it then reports how far from the true stems they are. The report is ``arrange-subsets``.

    Returns:
        ``{"task", "clips", "rows", "values"}``; a row has name, mean, low, high, median and count.

    Raises:
        UsageError: unknown task, or subsets for another one. DataError: soundfont or MIDI files missing.
    """
    name, measure = _measure(task, subsets)
    chosen: Clips = _heldout(midi, model.stems) if clips is None else clips
    count = min(len(chosen), limit or len(chosen))
    units, total = ("clips", count) if subsets is None else ("arrangements", count * len(subsets))
    meter = Meter(total, units, f"evaluating {task}", on_progress)
    meter.advance(0)
    result = measure(model, (chosen[i] for i in range(count)), meter.advance, settings, layouts)
    meter.advance(math.inf)  # shares of an arrangement may sum to a little less
    sampled = {"settings": asdict(settings)} if name in SAMPLED else {}
    examples = result.pop("examples", [])
    report = {"task": name, "model": model.name, "clips": count, **sampled, **result}
    if out is not None:
        _write(report, examples, out)
    return report


def _measure(task: str, subsets: Sequence[Subset] | None) -> tuple[str, Callable[..., dict[str, Any]]]:
    """The report's name, and what makes it."""
    if task not in TASKS:
        raise UsageError(f"no evaluation named {task!r}; there are: {', '.join(TASKS)}")
    if subsets is None:
        return task, TASKS[task]
    if task != "arrange":
        raise UsageError(f"subsets go with the evaluation of arrange, not of {task}")
    return "arrange-subsets", partial(_subsets, subsets=subsets)


def _heldout(midi: Path | None, stems: tuple[str, ...]) -> Clips:
    from msgld.data.heldout import HeldOut

    return HeldOut(midi, stems)


def _separate(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    values, names = [], []
    examples: list[Example] = []
    for clip in clips:
        mixture = clip.stems.sum(0)
        stems = separate_clip(model, mixture, clip.rate, settings, layouts)
        values.append(improvements(stems, clip))
        names.append(clip.name)
        if len(examples) < EXAMPLES:
            examples.append(_example(clip, mixture, stems, model.stems))
        advance(1)
    table = np.stack(values)
    rows = separation_rows(table, model.stems)
    return {"rows": rows, "values": _plain(table), "names": names, "examples": examples}


def _example(clip: Clip, mixture: np.ndarray, stems: np.ndarray, names: tuple[str, ...]) -> Example:
    """The song, and each stem that it has: as it is and as it was separated."""
    tracks = {"song": mixture}
    for k, name in enumerate(names):
        if clip.present[k] and not is_silent(clip.stems[k]):
            tracks |= {f"{name}, true": clip.stems[k], f"{name}, separated": stems[k]}
    return Example(clip.name, tracks, clip.rate)


def _codec(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    figures = []
    for clip in clips:
        figures.append(codec_figures(model, clip))
        advance(1)
    return {"rows": codec_rows(figures)}


def _arrange(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    latents, active = [], []
    for clip in clips:
        latents.append(
            model.codec.encode(log_mel(whole_frames(clip, model).to(model.device), model.codec.mel))
        )
        active.append(np.array([not is_silent(stem) for stem in clip.stems]))
    errors = []
    for i, own in enumerate(latents):
        foreign = latents[(i + len(latents) // 2) % len(latents)]
        errors.append(listening_errors(model, own, foreign, active[i], settings.seed + i))
        advance(1)
    table = np.stack(errors)
    rows = listening_rows(table, levels_of(model.schedule))
    return {"rows": rows, "values": _plain(table)}


def _subsets(
    model: Model,
    clips: Iterable[Clip],
    advance: Advance,
    settings: Settings,
    layouts: Sequence[Layout],
    subsets: Sequence[Subset],
) -> dict[str, Any]:
    return measure_subsets(model, clips, advance, settings, subsets)


def _generate(
    model: Model, clips: Iterable[Clip], advance: Advance, settings: Settings, layouts: Sequence[Layout]
) -> dict[str, Any]:
    return measure_generation(model, clips, advance, settings)


def _plain(table: np.ndarray) -> Any:
    """Nested lists of numbers for JSON, None for NaN."""
    if table.ndim == 0:
        return round(float(table), 4) if np.isfinite(table) else None
    return [_plain(part) for part in table]


def _write(report: dict[str, Any], examples: Sequence[Example], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / f"{report['task']}.json", json.dumps(report, indent=1).encode())
    head = f"# {report['task']}: {report['model']}, {report['clips']} clips\n\n"
    write_whole(out / f"{report['task']}.md", (head + markdown(report["rows"])).encode())
    write_page(report, examples, out)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "separate": _separate,
    "generate": _generate,
    "arrange": _arrange,
    "codec": _codec,
}
"""What can be measured."""

SAMPLED = ("separate", "generate", "arrange-subsets")
"""Reports of what depends on how it was sampled."""
