"""The options that several commands share, alone and in groups."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from msgld.aliases import current_sampling
from msgld.api.options import Options
from msgld.cli.console import Console
from msgld.cli.inputs import pairs
from msgld.errors import UsageError
from msgld.music.conditions import Conditions
from msgld.ranges import RANGES, check, shown

ADVANCED = "Advanced"
"""Section of the help for options that few people need."""


@dataclass(frozen=True)
class From:
    """Marks an argument of a command that is built from options: from those that ``build`` takes.

    Used as ``options: Annotated[Options, From(sampling)]``; ``build`` may have such arguments, too.
    """

    build: Callable[..., Any]


def number(name: str, *flags: str, help: str = "", panel: str | None = None, metavar: str | None = None,
           hidden: bool = False) -> Any:  # fmt: skip
    """An option that takes a number, in the range of the argument of that name, which its help states.

    Args:
        name: a key of ``RANGES``.
        flags: such as ``--steps``; by default the name of the parameter.
        help: ``{range}`` in it becomes the range; else the range comes last.
        panel: section of the help.
        metavar: what the help calls the value.
        hidden: leave it out of the help.
    """
    stated = help.format(range=RANGES[name]) if "{range}" in help else f"{help} [{RANGES[name]}]"
    return typer.Option(
        *flags, callback=_within(name), help=stated, rich_help_panel=panel, metavar=metavar, hidden=hidden
    )


def _within(name: str) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        try:
            return None if value is None else check(name, value)
        except UsageError as error:
            raise typer.BadParameter(str(error).removeprefix(f"{name} ")) from error

    return checked


def _threads(value: int | None) -> int | None:
    """At most as many threads as there are cores; a remark says so."""
    if value is None or value < 1:
        return _within("jobs")(value)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if value > cores:
        Console().remark(f"--jobs is {cores}, the number of cores, instead of {shown(value)}")
    return min(value, cores)


def _seed(text: str | int) -> int:
    """A whole number of 0 or more, or ``random``."""
    if text == "random":
        return secrets.randbelow(2**31)
    try:
        return check("seed", int(text))
    except (ValueError, UsageError) as error:
        line = f"{shown(text)} is neither a whole number of 0 or more, below 2**63, nor 'random'"
        raise typer.BadParameter(line) from error


class Quality(str, Enum):
    """Speed against quality."""

    draft = "draft"
    normal = "normal"
    best = "best"


class LatentOf(str, Enum):
    """What music is made in."""

    score = "score"
    sound = "sound"


# The model and the machine

Model = Annotated[
    str | None,
    typer.Option("-n", "--name", metavar="MODEL", help="Name or folder of a model; by default the shipped one."),
]  # fmt: skip
Device = Annotated[
    str, typer.Option("-d", "--device", rich_help_panel=ADVANCED, help="auto, cpu, cuda, cuda:1 or mps.")
]
Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", callback=_threads, rich_help_panel=ADVANCED,
                 help="Number of threads, 1 to the number of cores, which is the default."),
]  # fmt: skip
AsJson = Annotated[
    bool,
    typer.Option("--json", rich_help_panel=ADVANCED,
                 help="Print one JSON object per result on standard output; text goes to standard error."),
]  # fmt: skip


Ray = Annotated[
    str | None,
    typer.Option("--ray", metavar="ADDRESS", rich_help_panel=ADVANCED,
                 help="Spread the work over a Ray cluster: auto, HOST:PORT, or local, which starts one. All nodes need "
                 "the same folders and msgld[ray]; --jobs is the number of threads of each of its processes, 1 by "
                 "default. See docs/cluster.md."),
]  # fmt: skip
AdvancedOverwrite = Annotated[
    bool, typer.Option("--overwrite", rich_help_panel=ADVANCED, help="Replace results that exist.")
]


def _console(as_json: AsJson = False) -> Console:
    return Console(as_json)


Printing = Annotated[Console, From(_console)]

# Sampling

QualityOption = Annotated[Quality, typer.Option(help="Speed against quality.")]
Seed = Annotated[
    int,
    typer.Option(metavar="N|random", parser=_seed,
                 help=f"The same seed gives the same result. [{RANGES['seed']}, or random]"),
]  # fmt: skip
Steps = Annotated[
    int | None, number("steps", panel=ADVANCED, help="Network calls; --quality chooses by default.")
]
Guidance = Annotated[
    float | None,
    number("guidance", panel=ADVANCED, help="How closely the result follows the input: 1 is as trained, 0 ignores it. "
           "By default 1.6 where music is made in notes, 1.5 where it is arranged in sound, else 1. In separate, "
           "values below 1 make new music, and values above 1 exaggerate."),
]  # fmt: skip
StyleGuidance = Annotated[float | None, number("style_guidance", hidden=True)]
SamplerOption = Annotated[str | None, typer.Option(hidden=True)]
Eta = Annotated[float | None, number("eta", hidden=True)]
Iterations = Annotated[int | None, number("iterations", hidden=True)]


def _sampling(quality: QualityOption = Quality.normal, steps: Steps = None, seed: Seed = 0,
              sampler: SamplerOption = None, eta: Eta = None, iterations: Iterations = None) -> Options:  # fmt: skip
    research = current_sampling(sampler=sampler, eta=eta, iterations=iterations)
    return Options(quality=quality.value, steps=steps, seed=seed, sampling=research)


Sampling = Annotated[Options, From(_sampling)]


def _guided(options: Sampling, guidance: Guidance = None) -> Options:
    return replace(options, guidance=guidance)


GuidedSampling = Annotated[Options, From(_guided)]

SoundFont = Annotated[
    Path | None,
    typer.Option("--soundfont", metavar="FILE", rich_help_panel=ADVANCED,
                 help="An .sf2 or .sf3 file that plays what is made in notes."),
]  # fmt: skip
Latent = Annotated[
    LatentOf | None,
    typer.Option("--latent", hidden=True),  # for research: notes where the model can, else sound
]  # fmt: skip


def _played(options: Sampling, soundfont: SoundFont = None, guidance: Guidance = None) -> Options:
    return replace(options, soundfont=soundfont, guidance=guidance)


PlayedSampling = Annotated[Options, From(_played)]

Consistency = Annotated[str | None, typer.Option(hidden=True)]
Segment = Annotated[
    float | None,
    number("segment", panel=ADVANCED, help="Length of the segments that are separated at once, {range}; the model's "
             "by default. 60 seconds take 3 GB of memory."),
]  # fmt: skip
Overlap = Annotated[
    float | None,
    number("overlap", hidden=True),  # --quality chooses
]
Batch = Annotated[
    int | None,
    number("batch", panel=ADVANCED, help="Segments per batch: more are faster on a GPU and take more memory."),
]  # fmt: skip


def _in_segments(options: GuidedSampling, segment: Segment = None, overlap: Overlap = None, batch: Batch = None,
             consistency: Consistency = None) -> Options:  # fmt: skip
    return replace(options, segment=segment, overlap=overlap, batch=batch, consistency=consistency)


SamplingInSegments = Annotated[Options, From(_in_segments)]

# What to play

Style = Annotated[
    str | None, typer.Option(metavar="NAME", help="Style, e.g. bossa; see msgld styles.")
]  # fmt: skip
Bpm = Annotated[float | None, number("bpm", help="Tempo, {range} quarter notes a minute.")]
Instruments = Annotated[
    list[str] | None,
    typer.Option(metavar="STEM=NAME", help="Instrument of a stem, e.g. piano=rhodes; see msgld styles. May be "
                 "repeated."),
]  # fmt: skip


Chords = Annotated[
    str | None,
    typer.Option(metavar="'CHORD CHORD'", help="Chords, one a bar, e.g. 'Am F C/E G7'; 'Am,F' share a bar, N is none. "
                 "The row repeats."),
]  # fmt: skip


def _conditions(
    style: Style = None, bpm: Bpm = None, chords: Chords = None, instrument: Instruments = None
) -> Conditions:
    instruments = pairs(instrument or (), "--instrument", "STEM=NAME", "piano=rhodes")
    return Conditions(style, bpm, instruments=instruments, chords=chords)


Conditioned = Annotated[Conditions, From(_conditions)]
SongOrStems = Annotated[
    Path | None,
    typer.Argument(metavar="SONG|FOLDER", help="A song, or a folder with bass.wav, drums.wav and so on."),
]
Given = Annotated[
    list[str] | None, typer.Option(metavar="STEM=FILE", help="A stem that you have. May be repeated.")
]
Make = Annotated[
    str | None, typer.Option(metavar="STEM,STEM", help="Stems to make; by default all that are not given.")
]
Seconds = Annotated[float, number("seconds", help="Length, {range}.")]
Length = Annotated[float | None, number("seconds", help="Length, {range}; 20 by default.")]
Bars = Annotated[int | None, number("bars", help="Length in bars instead, {range}.")]
Stop = Annotated[float | None, number("stop", "--to", help="... to this one.")]
"""The end of a stretch; each command defines ``--from`` for itself."""

# Training and evaluation

Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FILE=STEM",
        help="Content of a file in --stems whose name does not say it, or says it wrongly: a stem, mixture or ignore. "
        "FILE is a name or a pattern in the song's folder. May be repeated; a stems.json does the same.",
    ),
]
