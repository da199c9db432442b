"""``msgld daw``, and ``--daw`` of the commands that write stems or notes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from msgld.cli import options as o
from msgld.cli.console import Console, shown, track
from msgld.cli.errors import DONE
from msgld.cli.models import Opened
from msgld.daw.script import script_text
from msgld.errors import AudioWriteError, UsageError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld

Daw = Annotated[
    bool,
    typer.Option("--daw", help="Also write a REAPER project (.rpp) and a DAWproject file (Bitwig Studio, Studio One, "
                 "Cubase): stems and their notes on tracks, tempo, sections."),
]  # fmt: skip
StemMp4 = Annotated[
    bool,
    typer.Option("--stem-mp4", help="Also write FOLDER/NAME.stem.mp4 for DJ software (Traktor, Mixxx, djay): the mix "
                 "and drums, bass, vocals, and all others together, lossless in 16 bits."),
]  # fmt: skip
Script = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a script for REAPER to FILE, such as msgld.lua: stems and notes of the "
                 "selected items, on new tracks."),
]  # fmt: skip
Results = Annotated[list[Path] | None, typer.Argument(metavar="FOLDER...", help="Folders of results.")]


def daw(results: Results = None, *, stem_mp4: StemMp4 = False, reaper_script: Script = None,
        overwrite: o.AdvancedOverwrite = False, source: Opened, console: o.Printing) -> int:  # fmt: skip
    """Write projects for workstations beside the stems of results.

    FOLDER/NAME.rpp is for REAPER and names the sound files beside it. FOLDER/NAME.dawproject is for Bitwig Studio,
    Studio One, Cubase and others, and holds copies of them. Each stem has a track with its sound and one with its
    notes; results without MIDI files are listened to. Projects that exist are an error, unless --overwrite replaces
    them.

    \b
    Examples:
      msgld daw separated/small/song
      msgld daw generated/small/seed*
      msgld daw separated/small/song --stem-mp4
      msgld daw --reaper-script msgld.lua
    """
    if not results and reaper_script is None:
        raise UsageError("name the folder of a result, or a file for --reaper-script")
    if reaper_script is not None:
        write_script(reaper_script, overwrite, console)
    if not results:
        return DONE
    model = source.open(console)
    for folder in results:
        files = write_projects(model, folder, folder.name, overwrite=overwrite)
        if stem_mp4:
            files["stem.mp4"], remarks = model.to_stem_mp4(folder, overwrite=overwrite)
            console.remark(*remarks)
        console.say(f"{shown(folder)}: {', '.join(path.name for path in files.values())}")
        console.record(status="done", task="daw", folder=folder, files=files)
    return DONE


def write_projects(model: Msgld, folder: Path, label: str, overwrite: bool) -> dict[str, Path]:
    """Write the projects of a result, with progress where it is listened to."""
    with track(f"{label}, projects") as on_progress:
        return model.to_daw(folder, overwrite=overwrite, on_progress=on_progress)


def write_script(path: Path, overwrite: bool, console: Console) -> None:
    """Write the script for REAPER, which runs this installation, and say how to load it."""
    if path.exists() and not (overwrite and path.is_file()):
        raise AudioWriteError(f"{path} exists: use --overwrite or another name")
    try:
        path.write_bytes(script_text(sys.executable).encode())
    except OSError as error:
        raise AudioWriteError(f"cannot write to {path}: {error.strerror or error}") from error
    console.say(f"{shown(path)}: in REAPER, Actions > Show action list > New action > Load ReaScript")
    console.record(status="done", task="daw", files={"reaper_script": path})
