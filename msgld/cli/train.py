"""``msgld train``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o


class Part(str, Enum):
    """What to train."""

    denoiser = "denoiser"
    vocoder = "vocoder"
    codec = "codec"
    refiner = "refiner"
    notes = "notes"


PartOption = Annotated[
    Part,
    typer.Option(
        "--part",
        help="The denoiser makes latents; the vocoder makes them sound; the refiner corrects how a song is cut "
        "into stems; the note reader (notes) keeps the bass in tune; the codec is the autoencoder of the published "
        "design.",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Recipe: small or tiny; paper or paper-small, the published design; for the vocoder light or tiny; "
        "for the refiner and the note reader small or tiny; for the codec paper or paper-small.",
    ),
]
Midi = Annotated[
    list[Path] | None,
    typer.Option("--midi", metavar="FOLDER", help="MIDI files, or a tar of them. May be repeated."),
]
StemFolders = Annotated[
    list[Path] | None,
    typer.Option("--stems", metavar="FOLDER", help="Songs: a folder each, a file a stem. May be repeated."),
]
StemNames = Annotated[
    str | None,
    typer.Option(
        "--stem-names", metavar="STEM,...",
        help="The model's stems, such as bass,drums,vocals,other; by default those of --start, or bass, drums, guitar, "
        "piano, other. Others than these come from --stems alone.",
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
Minutes = Annotated[
    float | None,
    o.number("minutes", "--minutes", help="Length of the whole run; the preset's by default."),
]
RunFolder = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder of the run.")]
StartModel = Annotated[
    Path | None, typer.Option("--start", metavar="MODEL", help="Folder of a model to begin with.")
]
FirstStage = Annotated[
    Path | None,
    typer.Option(
        "--first-stage",
        metavar="FOLDER",
        help="Codec and vocoder to stand on, which are not trained further; the published design needs them.",
    ),
]


def train(part: PartOption = Part.denoiser, preset: Preset = None, midi: Midi = None, stems: StemFolders = None,
          stem_names: StemNames = None, maps: o.Maps = None, band: Band = None,
          soundfont: SoundFont = None, minutes: Minutes = None,
          out: RunFolder = Path("runs/train"), start: StartModel = None,
          first_stage: FirstStage = None, seed: o.Seed = 0, device: o.Device = "auto",
          jobs: o.Jobs = None) -> int:  # fmt: skip
    """Train a model on MIDI or on your own stems.

    Without either it hears only the built-in band, which composes without end.
    The model is in FOLDER/model, ready for --name. The same command resumes a run that was stopped.
    A new model only separates; --part vocoder teaches one to sound, so that it also generates and arranges.

    \b
    Examples:
      msgld train --preset tiny --minutes 5 --out runs/try
      msgld train --midi songs/ --stems my_stems/ --out runs/mine
      msgld train --stems my_stems/ --stem-names bass,drums,vocals,other --out runs/vocals
      msgld train --no-band --stems my_stems/ --start runs/mine/model --out runs/tuned
      msgld train --part vocoder --start runs/mine/model --out runs/mine-sounding
      msgld train --part refiner --start runs/mine/model --out runs/mine-refined
      msgld train --part notes --start runs/mine/model --out runs/mine-in-tune

    \b
    The published design, on its own autoencoder:
      msgld train --part codec --preset paper-small --out runs/codec
      msgld train --part vocoder --start runs/codec/model --out runs/first
      msgld train --preset paper-small --first-stage runs/first/model --out runs/paper
    """
    from msgld.cli import train_parts as training
    from msgld.cli.preparing import Training

    settings = Training(
        preset,
        tuple(midi or ()),
        tuple(stems or ()),
        band,
        soundfont,
        minutes,
        out,
        start,
        first_stage,
        seed,
        device,
        jobs,
        stem_names=None if stem_names is None else tuple(stem_names.split(",")),
        maps=tuple(maps or ()),
    )
    work = {
        Part.denoiser: training.train_denoiser_on,
        Part.vocoder: training.train_vocoder_on,
        Part.refiner: training.train_refiner_on,
        Part.notes: training.train_notes_on,
        Part.codec: training.train_codec_on,
    }
    work[part](settings)
    return 0
