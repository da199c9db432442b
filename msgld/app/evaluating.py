"""Measuring a model from the command line: progress while it runs, a table at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.app.models import open_model
from msgld.app.progress import track
from msgld.app.talk import Talk, shown

if TYPE_CHECKING:
    from msgld import Options


def evaluate_model(name: str | None, task: str, subsets: str | None, midi: Path | None, stems: Path | None,
                   clips: int | None, options: Options, out: Path | None, device: str, jobs: int | None,
                   talk: Talk) -> None:  # fmt: skip
    """Measure a model on a task and print the figures. Errors: as ``open_model`` and ``evaluate``."""
    from msgld.api.quality import making, separation_passes
    from msgld.data.folder import FolderClips, StemFolder
    from msgld.evaluation import evaluate
    from msgld.evaluation.subsets import named_subsets

    model = open_model(name, device, jobs, talk)
    own = FolderClips(StemFolder(stems, model.stems)) if stems else None
    settings, layouts = separation_passes(options, model.model)
    chosen = None if subsets is None else named_subsets(subsets, model.stems)
    if chosen is not None or task == "generate":
        settings = making(options, model.model)
    with track(f"evaluating {model.name}") as on_progress:
        report = evaluate(
            model.model, task, own, midi, clips, out, settings, layouts, on_progress, subsets=chosen
        )
    for row in report["rows"]:
        talk.record(**row)
    for line in table(report["rows"]):
        talk.say(line)
    if out is not None:
        talk.say(f"report in {shown(out)}")


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows as lines of aligned columns, under the names of their keys."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return ["  ".join(_aligned(text, width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in cells]  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _aligned(text: str, width: int) -> str:
    number = text.lstrip("+-").replace(".", "", 1).isdigit()
    return text.rjust(width) if number else text.ljust(width)
