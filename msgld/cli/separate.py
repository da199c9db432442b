"""``msgld separate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from msgld.cli import options as o
from msgld.cli.common import sampling
from msgld.cli.console import Talk, complain
from msgld.cli.errors import message
from msgld.cli.formats import choose_encoding
from msgld.cli.inputs import stem_files, stem_list
from msgld.cli.models import open_model
from msgld.cli.naming import DEFAULT, Template
from msgld.cli.numbers import number
from msgld.cli.separate_songs import Job, separate_all
from msgld.cli.songs import find_songs, track_names
from msgld.cli.targets import check_out
from msgld.errors import UsageError

Songs = Annotated[list[str], typer.Argument(metavar="SONG...", help="Songs, folders of songs, or patterns.")]
Stems = Annotated[
    str | None, typer.Option("--stems", metavar="STEM,STEM", help="Stems to write; all of them by default.")
]
Known = Annotated[
    list[str] | None,
    typer.Option("--known", metavar="STEM=FILE", help="A stem of the song that you have. May be repeated."),
]
TwoStems = Annotated[
    str | None, typer.Option("--two-stems", metavar="STEM", help="Write this stem, and the rest as one.")
]
MixtureLevel = Annotated[
    float,
    number(
        "mixture_level", "--mixture-level",
        help="Noise on the song, {range}: above 0 lies the way from separating to inventing.",
    ),
]  # fmt: skip
Guidance = Annotated[
    float | None,
    number(
        "guidance", "--guidance",
        help="How strongly the song is followed. 1 (the default) separates; below 1 stems are invented, and at 0 "
        "they ignore the song: several steps are made and the stems vocoded, unless --steps and --consistency say "
        "otherwise (in one step it would be a blend of two averages); above 1 the song is exaggerated.",
    ),
]  # fmt: skip
Consistency = Annotated[
    o.Consistency | None,
    typer.Option(
        "--consistency",
        help="mask (the default): stems are cut out of the song and sum to it. residual: they are played with the "
        "vocoder, and what they leave of the song is written too. none: they are played, the rest is lost; "
        "the default for --guidance below 1.",
    ),
]  # fmt: skip
Start = Annotated[float | None, number("start", "--from", help="Only from this second on ...")]
Filename = Annotated[
    str,
    typer.Option(
        "--filename", metavar="TEMPLATE",
        help="Path of each file below --out, with {model} {track} {trackext} {stem} {ext} {seed} {index}.",
    ),
]  # fmt: skip
Segment = Annotated[
    float | None,
    number(
        "segment", "--segment", panel=o.RESEARCH,
        help="How much of a song is separated at once, {range}; the model's by default. 60 take 3 GB of memory, 120 "
        "more than 6.",
    ),
]  # fmt: skip
Overlap = Annotated[
    float | None,
    number(
        "overlap", "--overlap", panel=o.RESEARCH,
        help="Overlap of neighbouring segments as a share of their length; the quality's by default.",
    ),
]  # fmt: skip
Batch = Annotated[
    int | None,
    number(
        "batch", "--batch", panel=o.RESEARCH,
        help="Segments that are separated together: faster on a GPU, for more memory.",
    ),
]  # fmt: skip
Residual = Annotated[bool, typer.Option("--residual", help="Also write what the stems leave of the song.")]


def excerpt(start: float | None, stop: float | None) -> tuple[float, float | None] | None:
    """The stretch that is asked for, None for all of the song.

    Raises:
        UsageError: it ends before it begins.
    """
    if start is None and stop is None:
        return None
    if stop is not None:
        o.check_stretch(start or 0.0, stop)
    return start or 0.0, stop


def separate(songs: Songs, name: o.Model = None, out: o.Out = Path("separated"), stems: Stems = None,
             known: Known = None, two_stems: TwoStems = None, residual: Residual = False,
             start: Start = None, stop: o.Stop = None,
             quality: o.QualityOption = o.Quality.normal, steps: o.Steps = None, guidance: Guidance = None,
             consistency: Consistency = None, mixture_level: MixtureLevel = 0.0, seed: o.Seed = 0,
             sampler: o.SamplerOption = None, eta: o.Eta = None, iterations: o.Iterations = 1,
             segment: Segment = None, overlap: Overlap = None, batch: Batch = None,
             flac: o.Flac = False, mp3: o.Mp3 = False, ogg: o.Ogg = False, float32: o.Float32 = False,
             int24: o.Int24 = False, int16: o.Int16 = False, mp3_bitrate: o.Mp3Bitrate = None,
             clip_mode: o.ClipModeOption = o.ClipMode.auto, filename: Filename = DEFAULT,
             skip_existing: o.SkipExisting = False, overwrite: o.Overwrite = False, device: o.Device = "auto",
             jobs: o.Jobs = None, as_json: o.AsJson = False, dry_run: o.DryRun = False) -> int:  # fmt: skip
    """Cut songs into their stems.

    The shipped model has bass, drums, guitar, piano and other. Results go to FOLDER/MODEL/SONG/STEM.wav (see
    --filename), at the song's own rate, channels and length. A song that fails does not stop the others. A result
    that exists is refused, left alone with --skip-existing if it is the one asked for, or replaced with --overwrite.
    Exit codes: 0 all done, 1 some failed, 2 wrong usage, 130 interrupted.

    \b
    Examples:
      msgld separate song.mp3
      msgld separate album/ more/*.flac --skip-existing --flac
      msgld separate song.wav --two-stems drums --from 30 --to 60
      msgld separate album/ --mp3 --mp3-bitrate 192 --filename "{track} - {stem}.{ext}"
      msgld separate song.wav --known bass=my_bass.wav --stems guitar,piano
      msgld separate song.wav --guidance 0.5 --seed 2 --out half-invented
    """
    if skip_existing and overwrite:
        raise UsageError("choose one of --skip-existing and --overwrite")
    settings: dict[str, Any] = {
        "stems": stem_list(stems), "two_stems": two_stems.strip().lower() if two_stems else None,
        "residual": residual, "known": stem_files(known or (), "--known") or None,
        "noise": mixture_level, "excerpt": excerpt(start, stop),
        "options": sampling(quality, steps, guidance, seed, sampler, eta, iterations, consistency, segment,
                            overlap, batch),
    }  # fmt: skip
    existing = "skip" if skip_existing else "overwrite" if overwrite else "refuse"
    encoding = choose_encoding(mp3_bitrate, clip_mode.value, flac=flac, mp3=mp3, ogg=ogg, float32=float32,
                               int24=int24, int16=int16)  # fmt: skip
    template = Template(filename)
    talk = Talk(as_json)
    paths = _songs(songs, settings, out, talk)
    check_out(out)
    model = open_model(name, device, jobs, talk)
    job = Job(out, settings, encoding, template, existing, dry_run)
    return separate_all(model, [*zip(paths[0], track_names(paths[0]), strict=True)], job, talk, paths[1])


def _songs(songs: list[str], settings: dict[str, Any], out: Path, talk: Talk) -> tuple[list[Path], int]:
    """The songs, and how many inputs are missing; those have been complained about."""
    found = find_songs(songs, out)
    if settings["known"] and len(found.songs) > 1:
        raise UsageError("--known goes with one song: its file belongs to that song alone")
    for argument, error in found.missing:
        complain(message(error))
        talk.record(status="failed", input=argument, error=message(error))
    if found.passed_over:
        talk.note(
            f"passed over: {len(found.passed_over)} results of earlier runs, such as {found.passed_over[0]}"
        )
    return list(found.songs), len(found.missing)
