"""``msgld transcribe``."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated

from msgld.api.folder import check_out, check_sources, refuse_existing
from msgld.api.naming import PLAIN
from msgld.api.options import Options
from msgld.cli import options as o
from msgld.cli.console import shown, spoken, track
from msgld.cli.daw import Daw, write_projects
from msgld.cli.errors import DONE
from msgld.cli.inputs import music_in, name_of
from msgld.cli.models import Opened
from msgld.cli.outputs import Out, part_of

Bpm = Annotated[
    float | None,
    o.number("bpm", help="Tempo, {range} quarter notes a minute, where the music could be counted half or twice as "
             "fast."),
]  # fmt: skip


def transcribe(place: o.SongOrStems = None, *, given: o.Given = None, bpm: Bpm = None,
               quality: o.QualityOption = o.Quality.normal, out: Out = Path("transcribed"),
               daw: Daw = False, overwrite: o.AdvancedOverwrite = False, source: Opened,
               console: o.Printing) -> int:  # fmt: skip
    """Write down the notes of a song or of stems, as MIDI.

    A song is separated first. Results go to FOLDER/MODEL/NAME/: a MIDI file for each stem, mix.mid, a picture of the
    notes, and beats, downbeats, chords and key in run.json. The files lie on the sound: their tempo follows its beats.
    A result that exists is an error, unless --overwrite replaces it.

    \b
    Examples:
      msgld transcribe song.mp3
      msgld transcribe separated/small/song --bpm 92
      msgld transcribe --given bass=b.wav --given piano=p.flac
    """
    started = time.monotonic()
    check_out(out)
    music, model = music_in(place, given, partial(source.open, console))
    folder = out / part_of(model.name) / part_of(name_of(music))
    refuse_existing(folder, overwrite, advice="use --overwrite or another --out")
    check_sources(folder, PLAIN, (), [music] if isinstance(music, Path) else music.values())
    options = Options(quality=quality.value)
    with track(folder.name) as on_progress:
        found = model.transcribe(music, bpm=bpm, options=options, on_progress=on_progress)
        saved = found.save(folder, overwrite=overwrite)
    if daw:
        write_projects(model, saved.folder, folder.name, overwrite=True)
    console.remark(*saved.run["remarks"])
    notes = ", ".join(f"{stem} {len(one)}" for stem, one in found.score.notes.items())
    console.say(f"{shown(saved.folder)} (notes: {notes}) in {spoken(time.monotonic() - started)}")
    console.record(status="done", task="transcribe", folder=saved.folder, files=saved.files, run=saved.run)
    return DONE
