"""The options that several commands share, said once."""

from __future__ import annotations

import secrets
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.cli.numbers import number, threads
from msgld.errors import UsageError
from msgld.ranges import RANGES, check, shown


class Quality(str, Enum):
    """Speed against quality."""

    draft = "draft"
    normal = "normal"
    best = "best"


class Sampler(str, Enum):
    """Ways to sample."""

    ddim = "ddim"
    ddpm = "ddpm"
    multistep = "multistep"


class Consistency(str, Enum):
    """How separated stems keep to the song."""

    mask = "mask"
    residual = "residual"
    none = "none"


class ClipMode(str, Enum):
    """What becomes of stems beyond full scale."""

    auto = "auto"
    rescale = "rescale"
    clamp = "clamp"


def check_stretch(start: float, stop: float) -> None:
    """Raise UsageError where a stretch ends before it begins."""
    if stop <= start:
        raise UsageError(f"--to {stop:g} has to lie after --from {start:g}")


def seed(text: str | int) -> int:
    """A whole number of 0 or more, or ``random``."""
    if text == "random":
        return secrets.randbelow(2**31)
    try:
        return check("seed", int(text))
    except (ValueError, UsageError) as error:
        line = f"{shown(text)} is neither a whole number of 0 or more, below 2**63, nor 'random'"
        raise typer.BadParameter(line) from error


Model = Annotated[
    str | None,
    typer.Option(
        "-n", "--name", metavar="MODEL", help="Model: a name or a folder. The shipped one by default."
    ),
]
Device = Annotated[str, typer.Option("-d", "--device", help="auto, cpu, cuda, cuda:1 or mps.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--jobs",
        callback=threads,
        help="Threads to compute with, 1 to the number of cores, the default.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object a result on standard output; text on standard error.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]

Out = Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the results.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace results that exist; without it they are refused.")
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Leave songs alone whose results exist and are those asked for. If the song, the model, an option or "
        "the format has changed since, the result is made again, which is said.",
    ),
]
Flac = Annotated[bool, typer.Option("--flac", help="Write FLAC.")]
Mp3 = Annotated[bool, typer.Option("--mp3", help="Write MP3, 320 kbit/s.")]
Mp3Bitrate = Annotated[
    int | None, number("mp3_bitrate", "--mp3-bitrate", metavar="KBIT", help="Bit rate of --mp3.")
]
ClipModeOption = Annotated[
    ClipMode,
    typer.Option(
        "--clip-mode",
        help="Where a stem is beyond full scale: auto writes WAV as 32-bit float and rescales other formats, "
        "rescale turns all stems down alike, clamp cuts its peaks off.",
    ),
]
Ogg = Annotated[bool, typer.Option("--ogg", help="Write Ogg Vorbis.")]
Float32 = Annotated[bool, typer.Option("--float32", help="Samples of 32-bit floating point.")]
Int24 = Annotated[bool, typer.Option("--int24", help="Samples of 24 bits (the default).")]
Int16 = Annotated[bool, typer.Option("--int16", help="Samples of 16 bits, dithered.")]

QualityOption = Annotated[Quality, typer.Option("--quality", help="Speed against quality.")]
Steps = Annotated[int | None, number("steps", "--steps", help="Network calls; the quality's by default.")]
Guidance = Annotated[
    float | None,
    number(
        "guidance",
        "--guidance",
        help="How strongly what is given is followed; 1 is as trained, 0 ignores it. 1.5 by default for arranging, "
        "else 1.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N|random",
        parser=seed,
        help=f"The same seed gives the same result. [{RANGES['seed']}, or random]",
    ),
]
RESEARCH = "For researchers"
"""Section of the help for what nobody else needs."""

SamplerOption = Annotated[
    Sampler | None,
    typer.Option("--sampler", help="How a step is made; the quality's by default.", rich_help_panel=RESEARCH),
]
Eta = Annotated[
    float | None,
    number(
        "eta", "--eta", panel=RESEARCH,
        help="Share of its noise that ddim renews at each step, {range}; asks for ddim.",
    ),
]  # fmt: skip
Iterations = Annotated[
    int,
    number(
        "iterations", "--iterations", panel=RESEARCH,
        help="How often each step is made (RePaint): models of one noise level hear given stems better.",
    ),
]  # fmt: skip

Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FILE=STEM",
        help="What a file of --stems holds whose name does not tell, or tells wrongly: a stem, mixture or ignore. FILE "
        "is a name or a pattern in the song's folder. May be repeated; a stems.json says the same.",
    ),
]
Given = Annotated[
    list[str] | None,
    typer.Option("--given", metavar="STEM=FILE", help="A stem that exists. May be repeated."),
]
Make = Annotated[
    str | None,
    typer.Option("--make", metavar="STEM,STEM", help="Stems to make; all that are not given by default."),
]
Stop = Annotated[float | None, number("stop", "--to", help="... to this one.")]
"""The end of a stretch; each command says itself what ``--from`` begins."""

Seconds = Annotated[float, number("seconds", "--seconds", help="Length, {range}.")]

PLAYED = "What to play"
"""Section of the help for what a piece is asked to be."""

Style = Annotated[
    str | None,
    typer.Option(
        "--style", metavar="NAME", rich_help_panel=PLAYED, help="Such as bossa; a wrong one lists them."
    ),
]
Bpm = Annotated[
    float | None,
    number("bpm", "--bpm", panel=PLAYED, help="Quarter notes a minute, {range}."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", rich_help_panel=PLAYED, help="Such as Gm, Bb or 'F# dorian'."),
]
KeyToArrangeIn = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        rich_help_panel=PLAYED,
        help="Such as Gm, Bb or 'F# dorian'; any leaves it open. By default that of the given stems, if it is clear.",
    ),
]
StyleGuidance = Annotated[
    float | None,
    number(
        "style_guidance",
        "--style-guidance",
        panel=PLAYED,
        help="How strongly all this is followed, 2 by default; 1 is as trained and takes half the time.",
    ),
]
Bass = Annotated[
    str | None,
    typer.Option("--bass", metavar="NAME", rich_help_panel=PLAYED, help="Such as acoustic, slap, synth."),
]
Drums = Annotated[
    str | None,
    typer.Option("--drums", metavar="NAME", rich_help_panel=PLAYED, help="Such as jazz, brush, power."),
]
Guitar = Annotated[
    str | None,
    typer.Option("--guitar", metavar="NAME", rich_help_panel=PLAYED, help="Such as nylon, jazz, distortion."),
]
Piano = Annotated[
    str | None,
    typer.Option(
        "--piano", metavar="NAME", rich_help_panel=PLAYED, help="Such as grand, rhodes, harpsichord."
    ),
]
Other = Annotated[
    str | None,
    typer.Option("--other", metavar="NAME", rich_help_panel=PLAYED, help="Such as strings, trumpet, organ."),
]
