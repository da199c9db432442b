"""``msgld evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o
from msgld.cli.common import sampling
from msgld.cli.console import Talk
from msgld.cli.inputs import number_list
from msgld.cli.numbers import number
from msgld.errors import UsageError
from msgld.ranges import RANGES


class Task(str, Enum):
    """What can be measured."""

    separate = "separate"
    generate = "generate"
    arrange = "arrange"
    listening = "listening"
    codec = "codec"
    guidance = "guidance"


TaskOption = Annotated[
    Task,
    typer.Option(
        "--task",
        help="What to measure: how well it separates, how near what it invents is to real music, whether arranging "
        "listens, what the codec loses, or what guidance does between inventing and separating.",
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
Clips = Annotated[int | None, number("clips", "--clips", help="Clips to measure; all of them by default.")]
SongFile = Annotated[
    Path | None,
    typer.Option("--song", metavar="FILE", help="With --task guidance: the song; the demo's by default."),
]
StemsOf = Annotated[
    Path | None,
    typer.Option(
        "--stems-of",
        metavar="FOLDER",
        help="With --task guidance: its true stems; without --song, their sum is it.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="W,W",
        help="With --task guidance: the weights; 0,0.25,0.5,0.75,1,1.5,2,3 by default. "
        f"[{RANGES['guidance']}]",
    ),
]
Draws = Annotated[
    int | None, number("draws", "--draws", help="With --task guidance: draws a weight; 4 by default.")
]
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
        help="Folder for the report; none by default, 'guidance' for that task.",
    ),
]


def evaluate(name: o.Model = None, task: TaskOption = Task.separate, subsets: Subsets = None,
             midi: MidiFolder = None, soundfont: Soundfont = None, stems: StemFolders = None,
             maps: o.Maps = None, clips: Clips = None,
             song: SongFile = None, stems_of: StemsOf = None, measure: MeasureName = None, embedding: Embeddings = None,
             protocol: ProtocolName = None,
             weights: Weights = None, draws: Draws = None, quality: o.QualityOption = o.Quality.normal,
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
      msgld evaluate --task guidance --song song.wav --stems-of stems/
      msgld evaluate --stems slakh/test --protocol mge-ldm --out report
      msgld evaluate --stems slakh/test --protocol msg-ld --task generate --embedding vggish=vggish.pth
    """
    from msgld.cli.balancing import Balancing, balance_model
    from msgld.cli.evaluate_clips import Measuring, evaluate_model

    balance = {"--song": song, "--stems-of": stems_of, "--weights": weights, "--draws": draws}
    sets = {
        "--midi": midi,
        "--soundfont": soundfont,
        "--stems": stems,
        "--clips": clips,
        "--protocol": protocol,
    }
    _check(task, balance, sets, subsets)
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
    talk, options = Talk(as_json), sampling(quality, steps, guidance, seed, sampler, eta, iterations)
    if task == Task.guidance:
        asked = Balancing(
            song, stems_of, number_list(weights, "--weights", "guidance"), draws or 4, out or Path("guidance")
        )
        balance_model(name, asked, options, device, jobs, talk)
    else:
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


def _check(
    task: Task, balance: Mapping[str, object], clips: Mapping[str, object], subsets: str | None
) -> None:
    """Raise UsageError where an option goes with another task."""
    if subsets is not None and task != Task.arrange:
        raise UsageError("--subsets goes with --task arrange")
    foreign = clips if task == Task.guidance else balance
    for option, value in foreign.items():
        if value is not None:
            goes = "does not go" if task == Task.guidance else "goes"
            raise UsageError(f"{option} {goes} with --task guidance")
