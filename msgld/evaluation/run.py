"""Runs one evaluation over the frozen held-out set and writes its report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.api.quality import of_making, of_separation
from msgld.data.source import Clip
from msgld.dsp.mel import log_mel
from msgld.errors import DataError, UsageError
from msgld.evaluation.codec import codec_figures, codec_rows, whole_frames
from msgld.evaluation.embeddings import Embedding
from msgld.evaluation.generation import FEWEST, measure_generation
from msgld.evaluation.listening import levels_of, listening_errors, listening_rows
from msgld.evaluation.measures import Measure, find_measure
from msgld.evaluation.page import EXAMPLES, Example, example_of
from msgld.evaluation.pooling import pool_estimates, pooling_notes
from msgld.evaluation.protocols import Narrowed, Published
from msgld.evaluation.report import refuse_another, write_report
from msgld.evaluation.separation import separate_clip, separation_rows
from msgld.evaluation.subset_names import Subset, usual_subsets
from msgld.evaluation.subsets import measure_subsets
from msgld.metrics import is_silent
from msgld.progress import Meter, OnProgress
from msgld.ranges import check

Advance = Callable[[float], None]
"""Told of every clip, or part of one, that is done."""


@dataclass(frozen=True)
class Method:
    """How it is measured.

    Attributes:
        options: of the calls. measure: of separation.
        networks: with which to compare sets of sounds, besides mel statistics.
        subsets: of the stems, to be played to the others. silent: stems that no clip has.
    """

    options: Options
    measure: Measure
    networks: Sequence[Embedding] = ()
    subsets: Sequence[Subset] = ()
    silent: Sequence[str] = ()


class Clips(Protocol):
    """Clips by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Clip: ...


def evaluate(
    model: Msgld,
    task: str = "separate",
    clips: Clips | None = None,
    midi: Path | None = None,
    limit: int | None = None,
    out: Path | None = None,
    options: Options = NORMAL,
    on_progress: OnProgress | None = None,
    subsets: Sequence[Subset] | None = None,
    measure: str | None = None,
    networks: Sequence[Embedding] = (),
    protocol: Published | None = None,
) -> dict[str, Any]:
    """Measure a model on the held-out set, or on clips of one's own, through the calls that users make.

    Args:
        model: what :func:`msgld.load` returns.
        task: ``separate`` (by ``measure``), ``generate`` (distance of new pieces to the clips), ``arrange`` (how well
            made stems go with the given ones), ``listening`` (ratios of the denoiser's errors) or ``codec``.
        clips: instead of the held-out set.
        midi: folder of the held-out set's MIDI files; without it only the band's part of the set is used.
        limit: only the first so many clips.
        out: folder for ``<task>.json``, ``<task>.md`` and the page ``<task>.html``.
        options: of the calls.
        subsets: with ``arrange``, stems to be played to the others, each subset over all clips; by default those of
            :func:`msgld.evaluation.subset_names.usual_subsets`.
        measure: with ``separate``, a name of ``measures.MEASURES``; SI-SDRi by default.
        networks: with ``generate`` and ``subsets``, what to compare sets of sounds with besides mel statistics.
        protocol: a published one. It decides on stems, number of clips and measure, where these are not given.

    Returns:
        ``{"task", "clips", "rows", "values"}``; a row has name, mean, low, high, median and count.

    Raises:
        UsageError: unknown task or measure, or subsets for another task. DataError: soundfont or MIDI files missing.
    """
    run = _task(task, subsets)
    if task == "arrange":
        subsets = subsets or usual_subsets(model.stems)
    chosen: Clips = _heldout(midi, model.stems) if clips is None else clips
    silent: tuple[str, ...] = ()
    if protocol is not None:
        chosen = Narrowed(chosen, model.stems, protocol.stems)
        silent = tuple(stem for stem in model.stems if stem not in protocol.stems)
        limit = limit or protocol.clips.get(task)
    wanted = find_measure(measure or (protocol.measure if protocol else "si-sdri"))
    method = Method(options, wanted, networks, subsets or (), silent)
    count = min(len(chosen), limit or len(chosen))
    _check_count(task, count, options)
    about = {"task": task, "model": model.name, "clips": count, **_how(model, task, method, protocol)}
    if out is not None:
        refuse_another(out, about)
    meter = _meter(task, count, subsets, on_progress)
    result = run(model, (chosen[i] for i in range(count)), meter.advance, method)
    meter.advance(math.inf)  # shares of an arrangement may sum to a little less
    examples = result.pop("examples", [])
    if not result["rows"]:
        result["notes"] = [*result.get("notes", ()), "no figures: these clips have nothing to compare"]
    report = {**about, **result}
    if out is not None:
        write_report(report, examples, out)
    return report


def _check_count(task: str, count: int, options: Options) -> None:
    """Raise UsageError where clips are too few for a task, or their seeds would be out of range."""
    if not count:
        raise UsageError("there are no clips to measure")
    if task == "generate" and count < FEWEST:
        raise UsageError(f"generate compares sets of pieces: it takes {FEWEST} clips or more, not {count}")
    check("seed", options.seed + count - 1)


def _meter(task: str, count: int, subsets: Sequence[Subset] | None, on_progress: OnProgress | None) -> Meter:
    """Of clips, or of as many arrangements of each as there are subsets; its beginning is told."""
    units, total = ("clips", count) if subsets is None else ("arrangements", count * len(subsets))
    meter = Meter(total, units, f"evaluating {task}", on_progress)
    meter.advance(0)
    return meter


def _how(model: Msgld, name: str, method: Method, protocol: Published | None) -> dict[str, Any]:
    """What a report says of how it was measured."""
    said: dict[str, Any] = {}
    if protocol is not None:
        said["protocol"] = f"{protocol.name} ({protocol.source})"
    if name == "separate":
        better = "higher" if method.measure.higher else "lower"
        said |= {"measure": method.measure.name, "unit": method.measure.unit, "better": better}
    if method.subsets:
        said["subsets"] = ["+".join(subset) for subset in method.subsets]
    if name in SAMPLED:
        separates = name == "separate"
        chosen = of_making(method.options, model.model)
        if separates:
            chosen = of_separation(method.options, model.model).sampling
        said["settings"] = {"quality": method.options.quality, **asdict(chosen)}
    return said


def _task(task: str, subsets: Sequence[Subset] | None) -> Callable[..., dict[str, Any]]:
    """The function that measures a task; UsageError where there is none, or it takes no subsets."""
    if task not in TASKS:
        raise UsageError(f"no evaluation named {task!r}; there are: {', '.join(TASKS)}")
    if subsets is not None and task != "arrange":
        raise UsageError(f"subsets go with the evaluation of arrange, not of {task}")
    return TASKS[task]


def _heldout(midi: Path | None, stems: tuple[str, ...]) -> Clips:
    from msgld.data.heldout import HeldOut

    return HeldOut(midi, stems)


def _separate(model: Msgld, clips: Iterable[Clip], advance: Advance, method: Method) -> dict[str, Any]:
    values, names, pooled = [], [], []
    examples: list[Example] = []
    for clip in clips:
        mixture = clip.stems.sum(0)
        stems = separate_clip(model, mixture, clip.rate, method.options, method.silent)
        stems = pool_estimates(stems, clip, model.stems)
        values.append(method.measure.compute(stems, clip))
        names.append(clip.name)
        pooled.append(clip.pooled)
        if len(examples) < EXAMPLES:
            examples.append(example_of(clip, mixture, stems, model.stems))
        advance(1)
    table = np.stack(values)
    rows = separation_rows(table, model.stems)
    if not rows:
        raise DataError("nothing can be measured: there is no clip in which two stems sound")
    found = {"rows": rows, "values": _plain(table), "names": names, "examples": examples}
    return {**found, **pooling_notes(pooled)}


def _codec(model: Msgld, clips: Iterable[Clip], advance: Advance, method: Method) -> dict[str, Any]:
    figures = []
    for clip in clips:
        figures.append(codec_figures(model.model, clip))
        advance(1)
    return {"rows": codec_rows(figures)}


def _listening(model: Msgld, clips: Iterable[Clip], advance: Advance, method: Method) -> dict[str, Any]:
    network, latents, active = model.model, [], []
    for clip in clips:
        mels = log_mel(whole_frames(clip, network).to(network.device), network.codec.mel)
        latents.append(network.codec.encode(mels))
        active.append(np.array([not is_silent(stem) for stem in clip.stems]))
    errors = []
    for i, own in enumerate(latents):
        foreign = latents[(i + len(latents) // 2) % len(latents)]
        errors.append(listening_errors(network, own, foreign, active[i], method.options.seed + i))
        advance(1)
    table = np.stack(errors)
    rows = listening_rows(table, levels_of(network.schedule))
    return {"rows": rows, "values": _plain(table)}


def _arrange(model: Msgld, clips: Iterable[Clip], advance: Advance, method: Method) -> dict[str, Any]:
    return measure_subsets(model, clips, advance, method.options, method.subsets, method.networks)


def _generate(model: Msgld, clips: Iterable[Clip], advance: Advance, method: Method) -> dict[str, Any]:
    return measure_generation(model, clips, advance, method.options, method.networks)


def _plain(table: np.ndarray) -> Any:
    """Nested lists of numbers for JSON, None for NaN."""
    if table.ndim == 0:
        return round(float(table), 4) if np.isfinite(table) else None
    return [_plain(part) for part in table]


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "separate": _separate,
    "generate": _generate,
    "arrange": _arrange,
    "listening": _listening,
    "codec": _codec,
}
"""What can be measured."""

SAMPLED = ("separate", "generate", "arrange")
"""Reports of what depends on how it was sampled."""
