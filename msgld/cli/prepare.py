"""``msgld prepare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msgld.cli import options as o
from msgld.cli.checking import counted
from msgld.cli.console import shown, spoken, track
from msgld.cli.errors import DONE

if TYPE_CHECKING:
    from msgld.data.shards.about import Prepared

Songs = Annotated[
    Path,
    typer.Argument(
        metavar="SONGS", help="A folder of songs, or a manifest: a CSV or JSONL file with a row a song."
    ),
]
ShardFolder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="Folder of the shards; SONGS-shards by default."),
]
StemNames = Annotated[
    str | None,
    typer.Option(
        "--stem-names",
        metavar="STEM,...",
        help="The set's stems, such as bass,drums,strings,other; by default those of the manifest, or bass, drums, "
        "guitar, piano, vocals, other.",
    ),
]


def prepare(songs: Songs, *, out: ShardFolder = None, stem_names: StemNames = None, maps: o.Maps = None,
            ray: o.Ray = None, console: o.Printing) -> int:  # fmt: skip
    """Check songs before training, and store them in few large files.

    Every file is decoded once. FOLDER/report.html says what is wrong with which: damage, noise, silence, clipping,
    stems that do not add up to the mixture. Songs that are right go into shards, which take a third of the space of
    WAV files, have checksums, and are read quickly from any disk. The same command goes on where it was stopped.

    \b
    Examples:
      msgld prepare my-stems/
      msgld prepare my-stems/ --out /data/shards --stem-names bass,drums,strings,other
      msgld prepare songs.csv --out shards
      msgld prepare /nfs/songs --ray 10.0.0.1:6379
      msgld train --stems my-stems-shards/ --minutes 120 --out runs/mine
    """
    from msgld import prepare as prepare_songs

    settings: dict[str, Any] = {"stem_names": stem_names, "maps": maps or ()}
    with track(songs.name or str(songs)) as on_progress:
        if ray is None:
            made = prepare_songs(songs, out, on_progress=on_progress, **settings)
        else:
            from msgld.cluster.each import Pool
            from msgld.cluster.groups import prepare_on

            made = prepare_on(Pool(ray), songs, out, on_progress=on_progress, **settings)
    console.say(*_lines(made))
    console.record(status="done", task="prepare", **{**vars(made), "report": made.folder / "report.html"})
    return DONE


def _lines(made: Prepared) -> list[str]:
    """What the shards hold, what was left out, and where to read about it."""
    stems = ", ".join(f"{name} ({count})" for name, count in made.stems.items())
    lost = f"; {counted(made.set_aside, 'file')} set aside, {made.left_out} songs or files left out"
    found = f"{counted(made.findings, 'finding')}{lost if made.set_aside or made.left_out else ''}"
    return [
        f"{counted(made.songs, 'song')}, {spoken(made.seconds)}, {made.size / 1e6:.0f} MB: {stems}",
        f"{found}: see {shown(made.folder / 'report.html')}",
        f"shards in {shown(made.folder)}: train on them with msgld train --stems {shown(made.folder)}",
    ]
