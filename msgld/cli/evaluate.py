"""``msgld evaluate``: a command for each question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer.core import TyperGroup

from msgld.api.folder import check_out
from msgld.api.options import Options
from msgld.cli import options as o
from msgld.cli.checking import checked_folders
from msgld.cli.console import shown, table, track, warn
from msgld.cli.deprecated import REMOVED_IN
from msgld.cli.evaluate_options import (
    Alteration,
    Clips,
    Curves,
    Given,
    MeasureName,
    MidiFolder,
    Networks,
    ProtocolName,
    ReportFolder,
    SingingFolder,
    Soundfont,
    StemFolders,
    Subsets,
)
from msgld.cli.models import Opened
from msgld.errors import UsageError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


class Tasks(TyperGroup):
    """The tasks as commands. ``separate`` is the default; the old option ``--task`` also names one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line, brought into today's spelling."""
        return super().parse_args(ctx, args if args[:1] == ["--help"] else task_first(args))


def task_first(arguments: list[str]) -> list[str]:
    """The arguments with the task in front, wherever it is named; ``separate`` if it is not.

    Raises:
        UsageError: ``--task`` names none of the tasks, or is given twice.
    """
    if arguments and not arguments[0].startswith("-"):
        return arguments
    named, rest, words = [], [], iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--task":
            named.append(value if equals else next(words, ""))
        else:
            rest.append(word)
    if not named:
        return ["separate", *rest]
    if len(named) > 1:
        raise UsageError(f"--task is given {len(named)} times: give it once")
    (task,) = named
    if task not in TASKS:
        raise UsageError(f"no evaluation named {task!r}; there are: {', '.join(TASKS)}")
    warn(f"--task {task} is now msgld evaluate {task}; the old spelling works until {REMOVED_IN}")
    return [task, *rest]


def evaluate() -> None:
    """Measure a model on songs that are in no training set, or on your own.

    \b
    Examples:
      msgld evaluate separate
      msgld evaluate generate --clips 50 --out report
      msgld evaluate arrange --subsets all --clips 20 --out report
    """


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Model, clips and report of an evaluation, which :meth:`run` carries out."""

    source: Opened
    midi: MidiFolder = None
    soundfont: Soundfont = None
    stems: StemFolders = None
    maps: o.Maps = None
    clips: Clips = None
    out: ReportFolder = None
    console: o.Printing

    def run(
        self, task: str, *, subsets: str | None = None, embedding: str | None = None, ray: str | None = None,
        **settings: Any
    ) -> int:  # fmt: skip
        """Evaluate a task with further settings of :func:`msgld.evaluate`, and print the figures.

        Wrong settings are refused before the model is opened.
        """
        from msgld import evaluate
        from msgld.evaluation.embeddings import named_embeddings
        from msgld.evaluation.evaluate import check_settings
        from msgld.evaluation.song_protocols import SONG_PROTOCOLS
        from msgld.evaluation.subsets import named_subsets

        settings |= {"midi": self.midi, "soundfont": self.soundfont, "limit": self.clips}
        check_settings(stems=self.stems, **settings)
        networks = named_embeddings(embedding) if embedding else []
        if self.out is not None:
            check_out(self.out)
        model = self.source.open(self.console)
        stems = model.makes if task == "compose" else model.stems
        chosen = named_subsets(subsets, stems) if subsets else None
        of_songs = SONG_PROTOCOLS.get(settings.get("protocol") or "")
        names, usual = (of_songs.stems, of_songs.maps) if of_songs else (model.stems, ())
        places = [of_songs.folder(self.stems) if of_songs else self.stems] if self.stems else []
        folders = checked_folders(places, names, self.maps or [], self.console, usual)
        with track(f"evaluating {model.name}") as on_progress:
            settings |= {
                "stems": folders[0] if folders else None,
                "out": self.out,
                "on_progress": on_progress,
            }
            if ray is None:
                report = evaluate(model, task, subsets=chosen, networks=networks, **settings)
            else:
                report = self._on_ray(ray, model, settings)
        for row in report["rows"]:
            self.console.record(**row)
        self.console.say(*table(report["rows"]))
        for title, rows in report.get("tables", {}).items():
            for row in rows:
                self.console.record(table=title, **row)
            self.console.say("", f"{title}:", *table(rows))
        self.console.remark(*report.get("remarks", ()))
        if self.out is not None:
            self.console.say(f"report in {shown(self.out)}")
        return 0

    def _on_ray(self, address: str, model: Msgld, settings: dict[str, Any]) -> dict[str, Any]:
        from msgld.cluster.clips import Opened as OpenedThere
        from msgld.cluster.clips import evaluate_on
        from msgld.cluster.each import Pool

        source = self.source
        pool = Pool(address, threads=source.jobs or 1, gpu=source.device != "cpu")
        return evaluate_on(pool, model, OpenedThere(source.name, source.device), **settings)


Measured = Annotated[Evaluation, o.From(Evaluation)]


def separate(evaluation: Measured, options: o.GuidedSampling, protocol: ProtocolName = None,
             measure: MeasureName = None, altered: Alteration = None,
             singing: SingingFolder = None, ray: o.Ray = None) -> int:  # fmt: skip
    """Measure how well a model separates.

    \b
    Examples:
      msgld evaluate separate
      msgld evaluate separate -n runs/mine/model --clips 20
      msgld evaluate separate --stems slakh/test --clips 200 --out report
      msgld evaluate separate --stems slakh/test --protocol mge-ldm --out report
      msgld evaluate separate --midi songs/ --altered record
      msgld evaluate separate --midi songs/ --singing phrases/
      msgld evaluate separate --stems musdb18hq --protocol musdb18 --out report
      msgld evaluate separate --stems my-songs --protocol six
      msgld evaluate separate --stems /nfs/songs --ray 10.0.0.1:6379
    """
    return evaluation.run(
        "separate",
        options=options,
        protocol=protocol,
        measure=measure,
        altered=altered,
        singing=singing,
        ray=ray,
    )


def generate(evaluation: Measured, options: o.Sampling, protocol: ProtocolName = None,
             embedding: Networks = None) -> int:  # fmt: skip
    """Measure how near new pieces are to real music, as sets.

    \b
    Examples:
      msgld evaluate generate --clips 50 --steps 8 --out report
      msgld evaluate generate --stems slakh/test --protocol msg-ld --embedding vggish=vggish.pth
    """
    return evaluation.run("generate", options=options, protocol=protocol, embedding=embedding)


def arrange(evaluation: Measured, options: o.GuidedSampling, protocol: ProtocolName = None, subsets: Subsets = None,
            embedding: Networks = None) -> int:  # fmt: skip
    """Measure how well made stems go with the given ones.

    \b
    Examples:
      msgld evaluate arrange --midi songs/ --out report
      msgld evaluate arrange --subsets all --clips 20 --out report
      msgld evaluate arrange --subsets bass,guitar+piano --guidance 1.5
    """
    return evaluation.run("arrange", options=options, protocol=protocol, subsets=subsets, embedding=embedding)


def compose(
    evaluation: Measured,
    options: o.GuidedSampling,
    subsets: Subsets = None,
    curves: Curves = None,
    given: Given = None,
) -> int:
    """Measure how well stems made in notes go with the given ones, and how new pieces keep to what they are asked.

    Beside the model stand training bars that are looked up, and the built-in band told the same chords.

    \b
    Examples:
      msgld evaluate compose --midi songs/ --out report
      msgld evaluate compose --midi songs/ --clips 6 --quality draft
      msgld evaluate compose --subsets piano,bass+drums --curves 0
      msgld evaluate compose --midi songs/ --given mixture --clips 12
    """
    return evaluation.run("compose", options=options, subsets=subsets, curves=curves, given=given)


def codec(evaluation: Measured) -> int:
    """Measure what the codec loses.

    \b
    Examples:
      msgld evaluate codec --clips 20
    """
    return evaluation.run("codec")


def listening(evaluation: Measured, seed: o.Seed = 0) -> int:
    """For research: measure how much the denoiser's errors depend on the given stems.

    \b
    Examples:
      msgld evaluate listening --clips 20
    """
    return evaluation.run("listening", options=Options(seed=seed))


TASKS: dict[str, Callable[..., int]] = {
    "separate": separate,
    "generate": generate,
    "arrange": arrange,
    "compose": compose,
    "codec": codec,
    "listening": listening,
}
