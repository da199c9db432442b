"""``msgld separate``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from msgld.api.checks import check_known
from msgld.api.folder import check_out
from msgld.api.wanted import select
from msgld.cli import options as o
from msgld.cli.console import Console, complain, spoken
from msgld.cli.daw import Daw
from msgld.cli.errors import DONE, FAILED, message
from msgld.cli.inputs import check_stretch, stem_files, stem_list
from msgld.cli.models import Opened, described
from msgld.cli.outputs import DEFAULT, EncodedAsDemucs, Overwrite, Template
from msgld.cli.separate_on_ray import OnRay, find_anywhere, placed
from msgld.cli.separator import Separator, cut
from msgld.cli.songs import Found, find_songs
from msgld.errors import UsageError

Songs = Annotated[list[str], typer.Argument(metavar="SONG...", help="Songs, folders of songs, or patterns.")]
Stems = Annotated[
    str | None,
    typer.Option(metavar="STEM,STEM", help="What to write, a file each: stems, sums (bass+drums), the song without a "
                 "stem (no_drums); or 'all but STEM,STEM'. By default all stems."),
]  # fmt: skip
TwoStems = Annotated[
    str | None, typer.Option(metavar="STEM", help="Write this stem or sum, and everything else as no_STEM.")
]
Known = Annotated[
    list[str] | None,
    typer.Option(metavar="STEM=FILE", help="A stem of the song that you have. May be repeated."),
]
Residual = Annotated[bool, typer.Option("--residual", help="Also write the rest of the song.")]
Start = Annotated[float | None, o.number("start", "--from", help="Separate only from this second on ...")]
OldNoise = Annotated[float, o.number("noise", "--mixture-level", hidden=True)]
Filename = Annotated[
    str,
    typer.Option(metavar="TEMPLATE", help="Path of each file below --out, with {model} {track} {trackext} {stem} {ext} "
                 "{seed} {index}."),
]  # fmt: skip
SkipExisting = Annotated[
    bool,
    typer.Option("--skip-existing", help="Skip songs whose results exist. If the song, the model, an option or the "
                 "format has changed since, make the result again."),
]  # fmt: skip
Out = Annotated[str, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the results.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what would be done.")]


def separate(songs: Songs, *, stems: Stems = None, two_stems: TwoStems = None, known: Known = None,
             residual: Residual = False, start: Start = None, stop: o.Stop = None,
             options: o.SamplingInSegments, noise: OldNoise = 0.0,
             out: Out = "separated", encoding: EncodedAsDemucs,
             filename: Filename = DEFAULT, daw: Daw = False, skip_existing: SkipExisting = False,
             overwrite: Overwrite = False,
             dry_run: DryRun = False, ray: o.Ray = None, source: Opened, console: o.Printing) -> int:  # fmt: skip
    """Separate songs into their stems.

    The shipped model has the stems bass, drums, guitar, piano, vocals and other. Results go to
    FOLDER/MODEL/SONG/STEM.wav (see --filename) and have the song's sample rate, channels and length. If a song fails,
    the others are still separated. A result that exists is an error, unless --skip-existing or --overwrite is given.
    Demucs' options --flac, --mp3 and --int24 work, too.
    Exit codes: 0 all done, 1 some failed, 2 wrong usage, 130 interrupted.

    \b
    Examples:
      msgld separate song.mp3
      msgld separate album/ more/*.flac --skip-existing --format flac
      msgld separate song.wav --two-stems drums --from 30 --to 60
      msgld separate song.wav --stems bass+drums,no_guitar  # a sum, and all but guitar in one file
      msgld separate song.wav --stems "all but guitar,piano"  # each of the others in its own file
      msgld separate album/ --format mp3 --mp3-bitrate 192 --filename "{track} - {stem}.{ext}"
      msgld separate song.wav --known bass=my_bass.wav --stems guitar,piano
      msgld separate song.wav --daw  # with a project for REAPER, Bitwig, Studio One or Cubase
      msgld separate song.wav --guidance 0.5 --seed 2 --out half-new
      msgld separate library/ --ray 10.0.0.1:6379 --out /nfs/stems
    """
    if skip_existing and overwrite:
        raise UsageError("choose one of --skip-existing and --overwrite")
    check_stretch(start, stop)
    if daw and filename != DEFAULT:
        raise UsageError("--daw writes a project beside the stems of one song: leave --filename out")
    template, wanted, pair = Template(filename), stem_list(stems), two_stems and two_stems.strip().lower()
    files = stem_files(known or (), "--known")
    paths, found = find_anywhere(songs, out) if ray else _find_here(songs, out)
    if files and len(paths) > 1:
        raise UsageError("--known goes with one song: its file belongs to that song alone")
    _report(found, console)
    if "://" not in out:
        check_out(Path(out))
    opened = None if ray else source.open(console)
    model = described(source.name)
    selection = select(wanted, model.stems, pair, residual)
    check_known(files, model.stems)
    stretch = (start, stop)
    settings = {"stems": wanted, "two_stems": pair, "noise": noise, "options": options,
                "known": {stem: cut(file, stretch) for stem, file in files.items()} or None}  # fmt: skip
    rest = residual or (options.consistency == "residual" and bool(selection.left))
    tracks = [*selection.names, *(["residual"] if rest else [])]
    batch = Separator(model, settings, tracks, stretch, encoding, skip_existing, overwrite, dry_run, daw, console,
                      opened)  # fmt: skip
    outcomes, started = Counter(failed=len(found.missing)), time.monotonic()
    if ray:
        outcomes.update(OnRay(batch, source, ray, out, console).run(placed(batch, paths, template, out)))
    else:
        works = batch.places(found.songs, template, Path(out))
        outcomes.update(batch.attempt(*work) for work in works)
    if sum(outcomes.values()) > 1:
        _sum_up(outcomes, time.monotonic() - started, dry_run, console)
    return FAILED if outcomes["failed"] or outcomes["set aside"] else DONE


def _find_here(songs: Sequence[str], out: str) -> tuple[list[str], Found]:
    """The songs that are named by paths. Raises UsageError for URLs."""
    urls = [one for one in (*songs, out) if "://" in one]
    if urls:
        raise UsageError(f"{urls[0]} is a URL: these go with --ray, for which local is enough")
    found = find_songs(songs, Path(out))
    return [str(song) for song in found.songs], found


def _report(found: Found, console: Console) -> None:
    """Print the missing songs, and the results that were passed over."""
    for argument, error in found.missing:
        complain(message(error))
        console.record(status="failed", input=argument, error=message(error))
    if found.passed_over:
        console.remark(
            f"passed over: {len(found.passed_over)} results of earlier runs, such as {found.passed_over[0]}"
        )


def _sum_up(outcomes: Mapping[str, int], seconds: float, dry_run: bool, console: Console) -> None:
    parts = [f"{outcomes['done']} {'would be separated' if dry_run else 'separated'}"]
    ends = ("skipped", "failed", "set aside", "repeated")
    parts += [f"{outcomes[end]} {end}" for end in ends if outcomes[end]]
    console.say(f"{', '.join(parts)}; {spoken(seconds)}")
