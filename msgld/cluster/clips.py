"""``msgld evaluate separate --ray``: the figures of each clip are found on the nodes, and summed up here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.cluster.each import Pool, each
from msgld.cluster.ledger import NAME, Ledger, hash_of
from msgld.cluster.outcome import DONE
from msgld.errors import ClusterError
from msgld.progress import OnProgress

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.evaluation.evaluate import Measurement
    from msgld.evaluation.report import Example

_EXAMPLES = ".examples"
"""Folder in that of the report, in which nodes leave the sounds for its page."""


@dataclass(frozen=True)
class Opened:
    """How each actor opens the model: its name or folder, as :func:`msgld.load` takes it, and the device."""

    name: str | None = None
    device: str = "auto"

    def load(self, threads: int) -> Msgld:
        """Open the model, with so many threads for this process."""
        import torch

        from msgld.api.msgld import load

        torch.set_num_threads(threads)
        return load(self.name, device=self.device)


def evaluate_on(
    pool: Pool,
    model: Msgld,
    opened: Opened,
    *,
    out: Path | None = None,
    on_progress: OnProgress | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """As :func:`msgld.evaluate` of ``separate``, on a cluster whose nodes all have the clips and the report's folder.

    The report is the same. A run that was stopped goes on where it was, by the ledger in ``out``.

    Args:
        pool: the actors that do it.
        model: as the actors open it.
        opened: how they do so.
        out: folder for the report.
        on_progress: called with the progress.
        settings: further ones of that function.

    Raises:
        As that function.
        ClusterError: there is no cluster, or a clip was not measured.
    """
    from msgld.evaluation.evaluate import open_measurement

    measurement = open_measurement(model, "separate", out=out, **settings)
    meter = measurement.meter(on_progress)
    with _examples(out) as folder:
        work = ClipWork(opened, pool.threads, settings, os.getcwd(), folder)
        found = _figures(pool, work, measurement, out, meter.advance)
        return measurement.report(measurement.question.summed(found), meter)  # type: ignore[attr-defined]


def _figures(
    pool: Pool, work: ClipWork, measurement: Measurement, out: Path | None, advance: Callable[[float], None]
) -> list[dict[str, Any]]:
    """The figures of all clips, in their order."""
    ledger = Ledger(out / NAME if out else None)
    past = ledger.begin(hash_of(measurement.about, work.opened, work.described()), measurement.count)
    found: dict[int, dict[str, Any]] = {}
    for number in range(measurement.count):
        former = past.ends.get(str(number), {})
        if not past.finished and former.get("end") == DONE and work.has_example(number):
            found[number] = former["figures"]
            advance(1)
    lost, repeated = list[str](), 0
    due = {str(number): number for number in range(measurement.count) if number not in found}
    for outcome in each(due, work, pool, ledger=ledger.path):
        repeated += max(outcome.attempts - 1, 0)
        if outcome.end == DONE:
            found[int(outcome.item)] = dict(outcome.facts["figures"])
            advance(1)
        else:
            lost.append(f"clip {outcome.item}: {outcome.facts.get('error')}")
    if lost:
        raise ClusterError(f"{len(lost)} of {measurement.count} clips were not measured: {lost[0]}")
    ledger.finish({"done": len(found), "repeated": repeated})
    return [found[number] | work.example(number) for number in sorted(found)]


@contextmanager
def _examples(out: Path | None) -> Iterator[Path | None]:
    """A folder for the sounds of the page, which stays only where the run did not end."""
    if out is None:
        yield None
        return
    folder = out.resolve() / _EXAMPLES
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class ClipWork:
    """What the actors need to measure clips; called once in each, it opens the model and finds the clips.

    Attributes:
        opened: the model.
        threads: of each actor.
        settings: of :func:`msgld.evaluation.evaluate.open_measurement`.
        folder: in which the command was given; relative paths are relative to it.
        examples: folder for the sounds of the page; None for no page.
    """

    opened: Opened
    threads: int
    settings: Mapping[str, Any]
    folder: str
    examples: Path | None

    def __call__(self) -> Callable[[int, int], Mapping[str, Any]]:
        """Open the model and find the clips; what measures one of them, by its number."""
        from msgld.evaluation.evaluate import open_measurement

        if os.path.isdir(self.folder):
            os.chdir(self.folder)
        measurement = open_measurement(self.opened.load(self.threads), "separate", **self.settings)
        return partial(self._measure, measurement)

    def _measure(self, measurement: Measurement, number: int, attempt: int) -> Mapping[str, Any]:
        """The figures of a clip; its sounds go to a file."""
        wanted = self._wants_example(number)
        question: Any = measurement.question
        figures = question.figures(measurement.clip(number), lambda steps: None, wanted)
        example = figures.pop("example", None)
        if self.examples and example is not None:
            _write_example(self.examples / f"{number}.npz", example)
        return {"figures": figures}

    def described(self) -> list[tuple[str, str]]:
        """The settings as text; a set of songs by its place."""
        return [(name, str(getattr(value, "place", value))) for name, value in sorted(self.settings.items())]

    def _wants_example(self, number: int) -> bool:
        from msgld.evaluation.report import EXAMPLES

        return self.examples is not None and number < EXAMPLES

    def has_example(self, number: int) -> bool:
        """Whether the sounds of a clip are there, or not wanted."""
        return not self._wants_example(number) or bool(self.example(number))

    def example(self, number: int) -> dict[str, Example]:
        """The example that was left for a clip, as ``example``; nothing where there is none."""
        import numpy as np

        from msgld.evaluation.report import Example

        file = self.examples and self.examples / f"{number}.npz"
        if not file or not file.is_file():
            return {}
        with np.load(file) as content:
            names = [str(name) for name in content["names"]]
            tracks = {name: content[f"track{k}"] for k, name in enumerate(names)}
            return {"example": Example(str(content["name"]), tracks, int(content["rate"]))}


def _write_example(file: Path, example: Example) -> None:
    import numpy as np

    tracks: dict[str, Any] = {f"track{k}": one for k, one in enumerate(example.tracks.values())}
    part = file.with_name(f".{file.stem}-{os.getpid()}.part")
    with part.open("wb") as opened:
        np.savez(opened, name=example.name, rate=example.rate, names=list(example.tracks), **tracks)
    os.replace(part, file)
