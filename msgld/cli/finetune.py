"""``msgld finetune``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from msgld.api.folder import check_out
from msgld.cli import options as o
from msgld.cli.checking import report
from msgld.cli.console import Console, shown, table, track, warn
from msgld.cli.errors import DONE
from msgld.cli.train import News

if TYPE_CHECKING:
    from msgld.finetuning.tuning import Tuned

Songs = Annotated[
    Path,
    typer.Argument(
        metavar="SONGS", help="Songs: a folder each, a file a stem; a manifest (CSV, JSONL), or shards."
    ),
]
Minutes = Annotated[
    float, o.number("minutes", "--minutes", help="Length of the training; measuring takes a few more.")
]
EveningFolder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="Folder of the result; tuned/SONGS by default."),
]
StemNames = Annotated[
    str | None,
    typer.Option(
        "--stem-names",
        metavar="STEM,...",
        help="The songs' stems, where new ones are to be learned, such as bass,drums,strings. The model keeps its own.",
    ),
]
Midi = Annotated[
    list[Path] | None,
    typer.Option("--midi", metavar="FOLDER", help="The band's music in MIDI files, for the score model. By default "
                 "it is found by listening. May be repeated."),
]  # fmt: skip
StartModel = Annotated[Path | None, typer.Option("--start", metavar="MODEL", help="Model to begin with.")]


def finetune(songs: Songs, *, minutes: Minutes = 60.0, out: EveningFolder = None, stem_names: StemNames = None,
             maps: o.Maps = None, midi: Midi = None, start: StartModel = None, seed: o.Seed = 0,
             device: o.Device = "auto", jobs: o.Jobs = None, console: o.Printing) -> int:  # fmt: skip
    """Teach the model a band's sounds, from some eight of its songs, in an evening.

    One song is set aside and never learned: it decides how far the new model goes from the old one, and tells whether
    the others were learned by heart. FOLDER/finetune.html shows and plays it before and after; FOLDER/model is ready
    for --name. The same command goes on where it was stopped.

    \b
    Examples:
      msgld finetune my-songs/
      msgld finetune my-songs/ --stem-names bass,drums,strings --minutes 120 --out tuned/quartet
      msgld finetune songs.csv --midi my-midi/
      msgld separate new-song.wav --name tuned/my-songs/model
    """
    from msgld import finetune as tune

    folder = out or Path("tuned") / (songs.resolve().stem if songs.is_file() else songs.resolve().name)
    check_out(folder)
    if jobs:
        import torch

        torch.set_num_threads(jobs)
    with track(folder.name) as show:
        tuned = tune(
            songs,
            out=folder,
            minutes=minutes,
            start=start,
            stem_names=stem_names,
            maps=maps or (),
            midi=midi or (),
            device=device,
            seed=seed,
            on_progress=News(show).show,
            on_folder=lambda found: console.remark(*report(found)),
        )
    _announce(tuned, console)
    return DONE


def _announce(tuned: Tuned, console: Console) -> None:
    """Print figures, remarks, and where the results are."""
    for remark in tuned.remarks:
        warn(remark)
    console.say(
        *table(tuned.rows),
        f"SI-SDR improvement in dB on the song that was set aside; see {shown(tuned.page)}",
    )
    name = shown(tuned.folder)
    console.say(f"model in {name}: use it with --name {name}")
    console.record(status="done", task="finetune", **vars(tuned))
