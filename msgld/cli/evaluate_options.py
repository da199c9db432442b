"""The options of ``msgld evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o

MidiFolder = Annotated[
    Path | None,
    typer.Option("--midi", metavar="FOLDER", help="MIDI files of the held-out set; without, the band's."),
]
Soundfont = Annotated[
    Path | None,
    typer.Option(
        "--soundfont", metavar="FILE",
        help="Play the held-out set with another soundfont (.sf2, .sf3), one that is new to the model.",
    ),
]  # fmt: skip
StemFolders = Annotated[
    Path | None,
    typer.Option(
        "--stems", metavar="FOLDER",
        help="Songs of your own instead: a folder each, a file a stem, cut into clips of 10.24 s.",
    ),
]  # fmt: skip
Clips = Annotated[int | None, o.number("clips", "--clips", help="Clips to measure; all of them by default.")]
ReportFolder = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the report; none by default.")
]
ProtocolName = Annotated[
    str | None,
    typer.Option(
        "--protocol", metavar="NAME",
        help="Measure as a paper did on Slakh2100, msg-ld, mge-ldm or msdm, or whole recordings, musdb18, moisesdb or "
        "six. Sets stems, clips and measures.",
    ),
]  # fmt: skip
MeasureName = Annotated[
    str | None,
    typer.Option(
        "--measure", metavar="NAME",
        help="si-sdri (the default), sdr (BSS Eval 4), song-sdr, bleedless, fullness, msdm-si-sdri (counts silent "
        "stems), log-mel-mse or log-mel-l1.",
    ),
]  # fmt: skip
Alteration = Annotated[
    str | None,
    typer.Option(
        "--altered", metavar="record|out-of-tune",
        help="Alter the clips before: a chain of effects as on records, or 0.3 semitones out of tune.",
    ),
]  # fmt: skip
SingingFolder = Annotated[
    Path | None,
    typer.Option("--singing", metavar="FOLDER", help="Sung phrases, of which those for tests sing along."),
]
Networks = Annotated[
    str | None,
    typer.Option(
        "--embedding", metavar="NAME=PATH,...",
        help="Also compare by networks whose weights you have, vggish=FILE or clap=FOLDER.",
    ),
]  # fmt: skip
Subsets = Annotated[
    str | None,
    typer.Option(
        "--subsets", metavar="all|STEM+STEM,...",
        help="Make each of these subsets to the other stems. By default bass, drums, piano and guitar+piano.",
    ),
]  # fmt: skip
Curves = Annotated[
    int | None,
    o.number("curves", "--curves", help="Clips that are made with several seeds; 30 by default, 0 for none."),
]
Given = Annotated[
    str | None,
    typer.Option(
        "--given", metavar="notes|sound|mixture",
        help="What is given of the other stems: notes by default, each stem's sound, or the mixture's.",
    ),
]  # fmt: skip
