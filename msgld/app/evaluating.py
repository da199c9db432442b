"""Measuring a model from the command line: progress while it runs, a table at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.app.models import open_model
from msgld.app.progress import track
from msgld.app.talk import Talk, shown

if TYPE_CHECKING:
    from msgld import Options
    from msgld.evaluation.run import Clips


@dataclass(frozen=True)
class Measuring:
    """What is to be measured, as it was typed; see ``msgld evaluate --help``."""

    task: str
    subsets: str | None = None
    midi: Path | None = None
    soundfont: Path | None = None
    stems: Path | None = None
    clips: int | None = None
    measure: str | None = None
    embedding: str | None = None
    protocol: str | None = None


def evaluate_model(name: str | None, asked: Measuring, options: Options, out: Path | None, device: str,
                   jobs: int | None, talk: Talk) -> None:  # fmt: skip
    """Measure a model on a task and print the figures. Errors: as ``open_model`` and ``evaluate``."""
    from msgld.data.folder import CLIP_SECONDS, FolderClips, StemFolder
    from msgld.data.heldout import HeldOut
    from msgld.evaluation import evaluate
    from msgld.evaluation.embeddings import named_embeddings
    from msgld.evaluation.protocols import find_protocol
    from msgld.evaluation.subsets import named_subsets

    protocol = None if asked.protocol is None else find_protocol(asked.protocol)
    networks = [] if asked.embedding is None else named_embeddings(asked.embedding)
    model = open_model(name, device, jobs, talk)
    seconds = protocol.seconds if protocol else CLIP_SECONDS
    own: Clips | None = FolderClips(StemFolder(asked.stems, model.stems), seconds) if asked.stems else None
    if asked.soundfont is not None:
        own = HeldOut(asked.midi, model.stems, soundfont=asked.soundfont)
    subsets = None if asked.subsets is None else named_subsets(asked.subsets, model.stems)
    with track(f"evaluating {model.name}") as on_progress:
        report = evaluate(
            model, asked.task, own, asked.midi, asked.clips, out, options, on_progress, subsets,
            asked.measure, networks, protocol,
        )  # fmt: skip
    _tell(report, out, talk)
    had = {network.name for network in networks}
    lacking = [name for name in protocol.networks if name not in had] if protocol else []
    if lacking and asked.task in ("generate", "arrange"):
        talk.say(f"not measured: the protocol's distances with {' and '.join(lacking)}; give --embedding")


def _tell(report: Mapping[str, Any], out: Path | None, talk: Talk) -> None:
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
