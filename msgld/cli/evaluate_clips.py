"""Measuring a model from the command line: progress while it runs, a table at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.cli.checking import checked_folders
from msgld.cli.console import Talk, shown, track
from msgld.cli.models import Source
from msgld.cli.outputs import check_out
from msgld.cli.tables import table

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
    maps: tuple[str, ...] = ()


def evaluate_model(name: str | None, asked: Measuring, options: Options, out: Path | None, device: str,
                   jobs: int | None, talk: Talk) -> None:  # fmt: skip
    """Measure a model on a task and print the figures. Errors: as ``open_model`` and ``evaluate``."""
    from msgld.data.heldout import HeldOut
    from msgld.data.stem_folders.folder import CLIP_SECONDS, FolderClips
    from msgld.evaluation import evaluate
    from msgld.evaluation.embeddings import named_embeddings
    from msgld.evaluation.measures import find_measure
    from msgld.evaluation.protocols import find_protocol
    from msgld.evaluation.subset_names import named_subsets

    protocol = None if asked.protocol is None else find_protocol(asked.protocol)
    networks = [] if asked.embedding is None else named_embeddings(asked.embedding)
    if asked.measure is not None:
        find_measure(asked.measure)
    if out is not None:
        check_out(out)
    model = Source(name, device, jobs).open(talk)
    subsets = None if asked.subsets is None else named_subsets(asked.subsets, model.stems)
    seconds = protocol.seconds if protocol else CLIP_SECONDS
    folders = checked_folders([asked.stems] if asked.stems else [], model.stems, asked.maps, talk)
    own: Clips | None = FolderClips(folders[0], seconds) if folders else None
    if asked.soundfont is not None:
        own = HeldOut(asked.midi, model.stems, soundfont=asked.soundfont)
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
    for note in report.get("notes", ()):
        talk.note(note)
    if out is not None:
        talk.say(f"report in {shown(out)}")
