"""``msgld train``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.api.folder import check_out
from msgld.cli import options as o
from msgld.cli.checking import report
from msgld.cli.console import Console, shown, track
from msgld.progress import OnProgress, Progress

NEWS_SECONDS = 20.0
"""How often the losses shown are renewed."""

_NO_LOSSES = {"progress", "seconds", "waiting", "norm", "dropped_steps", "dropped_clips"}


class Part(str, Enum):
    """What to train."""

    denoiser = "denoiser"
    vocoder = "vocoder"
    codec = "codec"
    refiner = "refiner"
    notes = "notes"
    score = "score"
    guide = "guide"
    score_codec = "score-codec"
    listener = "listener"
    beats = "beats"


PartOption = Annotated[
    Part,
    typer.Option(
        "--part",
        help="The denoiser makes latents; the vocoder makes them sound; the refiner corrects how a song is cut "
        "into stems; the note reader (notes) keeps the bass in tune; the score composes in notes, bars of which the "
        "score codec turns into latents, and the guide is its smaller twin for guidance; the listener finds the notes "
        "of stems, and beats their beats; the codec is the autoencoder of the published design.",
    ),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="small, small-gpu or tiny; paper or paper-small, the published design; for the vocoder light or tiny; "
        "for the codec paper or paper-small; for the other parts small or tiny.",
    ),
]
Midi = Annotated[
    list[Path] | None,
    typer.Option("--midi", metavar="FOLDER", help="MIDI files, or a tar of them. May be repeated."),
]
StemFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--stems",
        metavar="FOLDER",
        help="Songs: a folder each, a file a stem; a manifest (CSV, JSONL), or shards. May be repeated.",
    ),
]
StemNames = Annotated[
    str | None,
    typer.Option(
        "--stem-names", metavar="STEM,...",
        help="The model's stems, such as bass,drums,vocals,other; by default those of --start, or bass, drums, guitar, "
        "piano, vocals, other. Others than these come from --stems alone.",
    ),
]  # fmt: skip
Band = Annotated[
    bool | None,
    typer.Option(
        "--band/--no-band",
        help="Also train on pieces of the built-in band; by default where no stems are given.",
    ),
]
SoundFont = Annotated[
    Path | None, typer.Option("--soundfont", metavar="PATH", help="A soundfont or a folder of them.")
]
SingingFolder = Annotated[
    Path | None,
    typer.Option(
        "--singing", metavar="FOLDER", help="Sung phrases, which sing along with --midi and the band."
    ),
]
Minutes = Annotated[
    float | None, o.number("minutes", "--minutes", help="Length of the whole run; the recipe's by default.")
]
Steps = Annotated[
    int | None,
    o.number(
        "training_steps",
        "--steps",
        metavar="N",
        help="Length of the whole run in steps, in place of --minutes.",
    ),
]
Tracker = Annotated[
    str | None,
    typer.Option(
        "--tracker", metavar="NAME", rich_help_panel=o.ADVANCED, help="trackio: write the log there as well."
    ),
]
RunFolder = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder of the run.")]
StartModel = Annotated[Path | None, typer.Option("--start", metavar="MODEL", help="Model to begin with.")]
FirstStage = Annotated[
    Path | None,
    typer.Option(
        "--first-stage",
        metavar="FOLDER",
        help="Model whose codec and vocoder are used as they are; the published design needs one.",
    ),
]


def train(part: PartOption = Part.denoiser, recipe: RecipeOption = None,
          midi: Midi = None, stems: StemFolders = None, stem_names: StemNames = None, maps: o.Maps = None,
          band: Band = None, soundfont: SoundFont = None, singing: SingingFolder = None, minutes: Minutes = None,
          steps: Steps = None, out: RunFolder = Path("runs/train"), start: StartModel = None,
          first_stage: FirstStage = None, seed: o.Seed = 0, device: o.Device = "auto",
          jobs: o.Jobs = None, tracker: Tracker = None) -> int:  # fmt: skip
    """Train a model on MIDI or on your own stems.

    Without either it learns from the built-in band alone, which composes without end.
    The model is in FOLDER/model, ready for --name. The same command resumes a run that was stopped.
    A new model only separates; --part vocoder gives it a sound of its own, so that it also generates and arranges.

    \b
    Examples:
      msgld train --recipe tiny --minutes 5 --out runs/try
      msgld train --midi songs/ --stems my_stems/ --out runs/mine
      msgld train --stems my_stems/ --stem-names bass,drums,vocals,other --out runs/vocals
      msgld train --no-band --stems my_stems/ --start runs/mine/model --out runs/tuned
      msgld train --part vocoder --start runs/mine/model --out runs/mine-sounding
      msgld train --part refiner --start runs/mine/model --out runs/mine-refined
      msgld train --part notes --start runs/mine/model --out runs/mine-in-tune
      torchrun --nproc-per-node 8 -m msgld train --stems shards/ --out runs/mine

    \b
    The published design, on its own autoencoder:
      msgld train --part codec --recipe paper-small --out runs/codec
      msgld train --part vocoder --start runs/codec/model --out runs/first
      msgld train --recipe paper-small --first-stage runs/first/model --out runs/paper
    """
    from msgld import train as train_model
    from msgld.training import ranks

    console, speaks = Console(), ranks.first_launched()
    check_out(out)
    if jobs or ranks.on_this_machine() > 1:
        import torch

        torch.set_num_threads(jobs or ranks.fair())
    with track(out.name) if speaks else nullcontext(_unseen) as show:
        folder = train_model(
            part.value,
            recipe,
            out=out,
            stems=stems or (),
            midi=midi or (),
            band=band,
            soundfont=soundfont,
            singing=singing,
            stem_names=stem_names,
            maps=maps or (),
            minutes=minutes,
            steps=steps,
            tracker=tracker,
            start=start,
            first_stage=first_stage,
            device=device,
            seed=seed,
            on_progress=News(show).show,
            on_folder=(lambda folder: console.remark(*report(folder))) if speaks else None,
        )
    if speaks:
        _announce(folder, console)
    return 0


def _unseen(progress: Progress) -> None:
    """Another process of the run shows it."""


def _announce(folder: Path, console: Console) -> None:
    """Say where the result is and how it is used."""
    from msgld.description import read_description

    name = shown(folder)
    if "denoiser" in read_description(folder)["parts"]:
        console.say(f"model in {name}: use it with --name {name}")
    else:
        console.say(f"first stage in {name}: --part vocoder --start {name} trains a vocoder for it, "
                 f"--recipe paper --first-stage {name} a denoiser")  # fmt: skip


class News:
    """Passes progress on, with a loss in its text that changes only now and then: each change is a line in a log."""

    def __init__(self, show: OnProgress, clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._clock = show, clock
        self._text, self._due = "training", 0.0

    def show(self, progress: Progress) -> None:
        """Show a report of a run."""
        now = self._clock()
        if progress.figures and now >= self._due:
            self._text, self._due = _described(progress.figures), now + NEWS_SECONDS
        self._show(replace(progress, stage=self._text) if progress.stage == "training" else progress)


def _described(figures: Mapping[str, float]) -> str:
    """The first loss, and how many steps and clips were left out, if any."""
    losses = {name: value for name, value in figures.items() if name not in _NO_LOSSES}
    parts = [f"{name} {value:.4g}" for name, value in list(losses.items())[:1]]
    left_out = {"dropped_steps": "steps", "dropped_clips": "clips"}
    parts += [f"{figures[key]:.0f} {what} left out" for key, what in left_out.items() if key in figures]
    return ", ".join(["training", *parts])
