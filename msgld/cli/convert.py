"""``msgld convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o
from msgld.cli.numbers import number

Checkpoint = Annotated[
    Path | None,
    typer.Argument(metavar="CHECKPOINT", help="Checkpoint of MSG-LD as its authors' program wrote it."),
]
ModelFolder = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the model.")
]
VocoderFile = Annotated[
    Path | None, typer.Option("--vocoder", metavar="FILE", help="HiFi-GAN from a file of its own.")
]
AutoencoderFile = Annotated[
    Path | None, typer.Option("--autoencoder", metavar="FILE", help="The autoencoder from a file of its own.")
]
Raw = Annotated[
    bool, typer.Option("--raw", help="The weights of the last step instead of their moving average.")
]
Half = Annotated[bool, typer.Option("--half", help="Store 16 bits a number: half the size, nearly the same.")]
Width = Annotated[
    int | None,
    number("width", "--width", metavar="N", help="Refuse a U-Net of another width (128, 192)."),
]
StemNames = Annotated[
    str | None,
    typer.Option(
        "--stems", metavar="STEM,STEM", help="Stems in the checkpoint's order; the published by default."
    ),
]
NewName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The model's name; the folder's by default.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model that is in the folder.")]
List = Annotated[bool, typer.Option("--list", help="Only say what is in the files, tensor by tensor.")]


def convert(checkpoint: Checkpoint = None, out: ModelFolder = None, vocoder: VocoderFile = None,
            autoencoder: AutoencoderFile = None, raw: Raw = False, half: Half = False, width: Width = None,
            stems: StemNames = None, name: NewName = None, overwrite: Overwrite = False, only_list: List = False,
            as_json: o.AsJson = False) -> int:  # fmt: skip
    """Turn a published checkpoint of MSG-LD into a model for msgld.

    Nothing in the file is executed, whatever it contains, and only the weights that are needed are read.
    The autoencoder and the HiFi-GAN of MusicLDM alone become a first stage, on which a denoiser can be trained.

    \b
    Examples:
      msgld convert last.ckpt --out models/msg-ld
      msgld convert last.ckpt --list
      msgld convert last.ckpt --vocoder hifigan-ckpt.ckpt --out models/msg-ld
      msgld convert --autoencoder vae-ckpt.ckpt --vocoder hifigan-ckpt.ckpt --out models/first-stage
    """
    from msgld.cli.console import Talk
    from msgld.cli.convert_checkpoint import Conversion, convert_files

    settings = Conversion(
        checkpoint, autoencoder, vocoder, raw, width, stems, out, name, half, overwrite, only_list
    )
    return convert_files(settings, Talk(as_json))
