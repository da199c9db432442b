"""``msgld evaluate``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o
from msgld.cli.console import Talk
from msgld.errors import UsageError


class Task(str, Enum):
    """What can be measured."""

    separate = "separate"
    generate = "generate"
    arrange = "arrange"
    listening = "listening"
    codec = "codec"


TaskOption = Annotated[
    Task,
    typer.Option(
        "--task",
        help="What to measure: how well it separates, how near what it invents is to real music, whether arranging "
        "listens, or what the codec loses.",
    ),
]
Subsets = Annotated[
    str | None,
    typer.Option(
        "--subsets", metavar="all|STEM+STEM,...",
        help="With --task arrange: make each of these subsets to the other stems. By default bass, drums, piano and "
        "guitar+piano.",
    ),
]  # fmt: skip
MidiFolder = Annotated[
    Path | None,
    typer.Option("--midi", metavar="FOLDER", help="MIDI files of the held-out set; without, the band's."),
]
Soundfont = Annotated[
    Path | None,
    typer.Option(
        "--soundfont", metavar="FILE",
        help="Play the held-out set with another soundfont (.sf2, .sf3), one that the model has not heard.",
    ),
]  # fmt: skip
StemFolders = Annotated[
    Path | None,
    typer.Option(
        "--stems", metavar="FOLDER",
        help="Songs of your own instead: a folder each, a file a stem, cut into stretches of 10.24 s.",
    ),
]  # fmt: skip
Clips = Annotated[int | None, o.number("clips", "--clips", help="Clips to measure; all of them by default.")]
MeasureName = Annotated[
    str | None,
    typer.Option(
        "--measure", metavar="NAME",
        help="With --task separate: si-sdri, sdr (BSS Eval 4), msdm-si-sdri (counts silent stems), log-mel-mse or "
        "log-mel-l1; si-sdri by default.",
    ),
]  # fmt: skip
Embeddings = Annotated[
    str | None,
    typer.Option(
        "--embedding", metavar="NAME=PATH,...",
        help="With --task generate and arrange: also compare by networks whose weights you have, "
        "vggish=FILE or clap=FOLDER.",
    ),
]  # fmt: skip
ProtocolName = Annotated[
    str | None,
    typer.Option(
        "--protocol", metavar="NAME",
        help="Measure as a paper did on Slakh2100: msg-ld, mge-ldm or msdm. Decides on stems, clips and measure.",
    ),
]  # fmt: skip
ReportFolder = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        metavar="FOLDER",
        help="Folder for the report; none by default.",
    ),
]


def evaluate(name: o.Model = None, task: TaskOption = Task.separate, subsets: Subsets = None,
             midi: MidiFolder = None, soundfont: Soundfont = None, stems: StemFolders = None,
             maps: o.Maps = None, clips: Clips = None,
             measure: MeasureName = None, embedding: Embeddings = None,
             protocol: ProtocolName = None, quality: o.QualityOption = o.Quality.normal,
             steps: o.Steps = None, guidance: o.Guidance = None, seed: o.Seed = 0,
             sampler: o.SamplerOption = None, eta: o.Eta = None,
             iterations: o.Iterations = 1, out: ReportFolder = None, device: o.Device = "auto",
             jobs: o.Jobs = None, as_json: o.AsJson = False) -> int:  # fmt: skip
    """Measure a model on songs that no training hears, or on your own.

    \b
    Examples:
      msgld evaluate
      msgld evaluate -n runs/mine/model --clips 20
      msgld evaluate --stems slakh/test --clips 200 --out report
      msgld evaluate --task generate --clips 50 --steps 8 --out report
      msgld evaluate --task arrange --midi songs/ --out report
      msgld evaluate --task arrange --subsets all --clips 20 --out report
      msgld evaluate --task arrange --subsets bass,guitar+piano --guidance 1.5
      msgld evaluate --stems slakh/test --protocol mge-ldm --out report
      msgld evaluate --stems slakh/test --protocol msg-ld --task generate --embedding vggish=vggish.pth
    """
    from msgld.cli.evaluate_clips import Measuring, evaluate_model

    if subsets is not None and task != Task.arrange:
        raise UsageError("--subsets goes with --task arrange")
    if guidance is not None and task not in (Task.separate, Task.arrange):
        raise UsageError("--guidance goes with --task separate and arrange")
    if measure is not None and task != Task.separate:
        raise UsageError("--measure goes with --task separate")
    if embedding is not None and task not in (Task.generate, Task.arrange):
        raise UsageError("--embedding goes with --task generate and arrange")
    if (midi or soundfont) and stems:
        raise UsageError(
            "choose one of --midi and --soundfont, for the held-out set, and --stems, for songs of your own"
        )
    if maps and not stems:
        raise UsageError("--map goes with --stems")
    talk, options = Talk(as_json), o.sampling(quality, steps, guidance, seed, sampler, eta, iterations)
    asked_for = Measuring(
        task.value,
        subsets,
        midi,
        soundfont,
        stems,
        clips,
        measure,
        embedding,
        protocol,
        tuple(maps or ()),
    )
    evaluate_model(name, asked_for, options, out, device, jobs, talk)
    return 0
