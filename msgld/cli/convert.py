"""``msgld convert``: lists the parts in published files, stores them as a model, and names the next command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from msgld.cli import options as o
from msgld.cli.console import Console, shown, table, track
from msgld.errors import UsageError

if TYPE_CHECKING:
    from msgld.paper.convert.published import Published

Checkpoint = Annotated[
    Path | None,
    typer.Argument(metavar="CHECKPOINT", help="Checkpoint of MSG-LD as its authors' program wrote it."),
]
ModelFolder = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the model.")
]
VocoderFile = Annotated[
    Path | None, typer.Option("--vocoder", metavar="FILE", help="Take HiFi-GAN from this file.")
]
AutoencoderFile = Annotated[
    Path | None, typer.Option("--autoencoder", metavar="FILE", help="Take the autoencoder from this file.")
]
Raw = Annotated[
    bool, typer.Option("--raw", help="Take the weights of the last step instead of their moving average.")
]
Half = Annotated[
    bool, typer.Option("--half", help="Store 16 bits a number: half the size, nearly the same sound.")
]
Width = Annotated[
    int | None, o.number("width", "--width", metavar="N", help="Refuse a U-Net of another width (128, 192).")
]
StemNames = Annotated[
    str | None,
    typer.Option(
        "--stems", metavar="STEM,STEM", help="Stems in the checkpoint's order; the published ones by default."
    ),
]
NewName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The model's name; the folder's by default.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model in the folder.")]
List = Annotated[bool, typer.Option("--list", help="Only list the content of the files, tensor by tensor.")]


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
    from msgld.paper.convert.published import open_published
    from msgld.paper.convert.writing import store

    if out is None and not only_list:
        raise UsageError("say where the model goes with --out FOLDER, or only look with --list")
    console, names = Console(as_json), _stems(stems)
    with open_published(
        checkpoint, autoencoder=autoencoder, vocoder=vocoder, raw=raw, width=width, stems=names
    ) as published:
        _show(published, console, only_list)
        if out is None or only_list:
            return int(any(part.faults.fatal for part in published.parts))
        with track(out.name) as on_progress:
            store(published, out, name=name, half=half, overwrite=overwrite, on_progress=on_progress)
        _announce(published, out, console)
    return 0


def _stems(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"--stems {text}: name each stem once, with commas between them")
    return names


def _show(published: Published, console: Console, every: bool) -> None:
    """Print a table of the parts and of the tensors that are left out; every tensor at fault too if ``every``."""
    rows = []
    for part in published.parts:
        faults = {kind: len(names) for kind, names in part.faults.named.items()}
        counts = {"tensors": len(part.shapes), "parameters": part.parameters, **faults}
        console.record(part=part.name, weights=part.weights, **counts)
        rows.append(
            {"part": part.name, "weights": part.weights, **{kind: f"{n:,}" for kind, n in counts.items()}}
        )
    lines = table(rows)
    lines += [f"left out: {group} ({number} tensors)" for group, number in published.left_out.items()]
    if published.unknown:
        lines.append(f"left out: {len(published.unknown)} tensors that belong to no known part")
    if every:
        lines += [line for part in published.parts for line in part.faults.lines()]
        lines += published.unknown
    console.say(*lines)


def _announce(published: Published, out: Path, console: Console) -> None:
    size = sum(path.stat().st_size for path in out.iterdir())
    console.record(model=out, stems=published.stems, bytes=size)
    made = f"{shown(out)} ({size / 1e6:,.0f} MB)"
    if published.stems:
        console.say(f"model in {made}: msgld separate song.mp3 --name {shown(out)}")
    else:
        console.say(f"first stage in {made}: msgld train --first-stage {shown(out)}")
