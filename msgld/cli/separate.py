"""``msgld separate``."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msgld.api.checks import check_known
from msgld.api.encoding import Encoding
from msgld.api.folder import check_out, holds_result, refuse_existing
from msgld.api.naming import Names
from msgld.api.wanted import select
from msgld.cli import options as o
from msgld.cli.console import Console, Unwritten, complain, shown, spoken, track
from msgld.cli.daw import Daw, write_projects
from msgld.cli.errors import DONE, FAILED, message, show_traceback
from msgld.cli.existing import changed
from msgld.cli.inputs import check_stretch, stem_files, stem_list
from msgld.cli.models import Opened
from msgld.cli.outputs import DEFAULT, EncodedAsDemucs, Out, Overwrite, Template, check_apart
from msgld.cli.songs import Found, find_songs, track_names
from msgld.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.api.save import Saved
    from msgld.audio.sound import Sound

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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what would be done.")]


def separate(songs: Songs, *, stems: Stems = None, two_stems: TwoStems = None, known: Known = None,
             residual: Residual = False, start: Start = None, stop: o.Stop = None,
             options: o.SamplingInSegments, noise: OldNoise = 0.0,
             out: Out = Path("separated"), encoding: EncodedAsDemucs,
             filename: Filename = DEFAULT, daw: Daw = False, skip_existing: SkipExisting = False,
             overwrite: Overwrite = False,
             dry_run: DryRun = False, source: Opened, console: o.Printing) -> int:  # fmt: skip
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
    """
    if skip_existing and overwrite:
        raise UsageError("choose one of --skip-existing and --overwrite")
    check_stretch(start, stop)
    if daw and filename != DEFAULT:
        raise UsageError("--daw writes a project beside the stems of one song: leave --filename out")
    template, wanted, pair = Template(filename), stem_list(stems), two_stems and two_stems.strip().lower()
    files = stem_files(known or (), "--known")
    found = find_songs(songs, out)
    if files and len(found.songs) > 1:
        raise UsageError("--known goes with one song: its file belongs to that song alone")
    _report(found, console)
    check_out(out)
    model = source.open(console)
    selection = select(wanted, model.stems, pair, residual)
    check_known(files, model.stems)
    cut = partial(_cut, start=start, stop=stop)
    settings = {"stems": wanted, "two_stems": pair, "noise": noise, "options": options,
                "known": {stem: cut(file) for stem, file in files.items()} or None}  # fmt: skip
    rest = residual or (options.consistency == "residual" and bool(selection.left))
    tracks = [*selection.names, *(["residual"] if rest else [])]
    batch = Separator(model, settings, tracks, cut, encoding, skip_existing, overwrite, dry_run, daw, console)
    works = batch.places(found.songs, template, out)
    outcomes, started = Counter(failed=len(found.missing)), time.monotonic()
    outcomes.update(batch.attempt(*work) for work in works)
    if sum(outcomes.values()) > 1:
        _sum_up(outcomes, time.monotonic() - started, dry_run, console)
    return FAILED if outcomes["failed"] else DONE


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
    parts += [f"{outcomes[end]} {end}" for end in ("skipped", "failed") if outcomes[end]]
    console.say(f"{', '.join(parts)}; {spoken(seconds)}")


def _cut(sound: Path, start: float | None, stop: float | None) -> Sound:
    from msgld.audio.sound import Excerpt

    return sound if start is None and stop is None else Excerpt(sound, start or 0.0, stop)


@dataclass(frozen=True)
class Separator:
    """Separates song after song.

    Attributes:
        model: which separates.
        settings: arguments of ``Msgld.plan`` and ``Msgld.separate_to``.
        tracks: written of each song.
        cut: makes the stretch to separate from a file.
        encoding: of the files.
        skip: leave a result alone if it is the one that these settings give.
        overwrite: replace any result.
        dry_run: only list what would be done.
        daw: also write projects for workstations.
        console: for results and remarks.
    """

    model: Msgld
    settings: Mapping[str, Any]
    tracks: Sequence[str]
    cut: Callable[[Path], Sound]
    encoding: Encoding
    skip: bool
    overwrite: bool
    dry_run: bool
    daw: bool
    console: Console

    def places(
        self, songs: Sequence[Path], template: Template, out: Path
    ) -> list[tuple[Path, Path, Names, str]]:
        """Each song with the folder and names of its results, and its label on the screen.

        Raises:
            UsageError: the template gives two files one name.
        """
        works = []
        for number, (song, name) in enumerate(zip(songs, track_names(songs), strict=True), start=1):
            values = {"model": self.model.name, "track": name, "trackext": song.suffix[1:],
                      "seed": self.settings["options"].seed, "index": number}  # fmt: skip
            label = song.name if len(songs) == 1 else f"[{number}/{len(songs)}] {song.name}"
            works.append((song, *template.place(out, values), label))
        files = [
            *((name, self.encoding.ext) for name in self.tracks),
            ("run", "json"),
            ("spectrograms", "png"),
        ]
        check_apart(
            {str(song): [folder / names.file(*file) for file in files] for song, folder, names, _ in works}
        )
        return works

    def attempt(self, song: Path, folder: Path, names: Names, label: str) -> str:
        """Separate a song: ``done``, ``skipped`` or ``failed``; errors of usage and interruptions are passed on."""
        try:
            again = self._due(song, folder, names)
            if again is None:
                self.console.say(f"{song}: skipped, {shown(folder / names.record)} exists")
                self.console.record(status="skipped", input=song, folder=folder)
                return "skipped"
            if again:
                self.console.remark(f"{song.name}: {'would be ' * self.dry_run}made again: {again}")
            if self.dry_run:
                self.console.say(f"{song} -> {shown(folder / names.file('*', self.encoding.ext))}")
                result: dict[str, Any] = {"status": "planned", "folder": folder}
            else:
                saved = self._separate(song, folder, names, label, bool(again))
                result = {"status": "done", "folder": saved.folder, "files": saved.files, "run": saved.run}
            self.console.record(input=song, **result, **({"again": again} if again else {}))
            return "done"
        except (UsageError, Cancelled, BrokenPipeError, Unwritten):
            raise
        except Exception as error:
            show_traceback()
            text = message(error)
            complain(text if str(song) in text else f"{song}: {text}")
            self.console.record(status="failed", input=song, error=text)
            return "failed"

    def _due(self, song: Path, folder: Path, names: Names) -> str | None:
        """Why to separate a song, empty where there is no result yet; None where it is to be skipped.

        Raises:
            AudioWriteError: there is a result, or something else, that may not be replaced.
        """
        if self.overwrite or not holds_result(folder, names):
            return ""
        if not self.skip:
            refuse_existing(folder, False, names, "use --skip-existing, --overwrite or another --out")
        plan = json.loads(json.dumps(self.model.plan(self.cut(song), **self.settings)))
        files = [f"{name}.{self.encoding.ext}" for name in self.tracks]
        return changed(folder, names, plan, self.encoding, files)

    def _separate(self, song: Path, folder: Path, names: Names, label: str, again: bool) -> Saved:
        started = time.monotonic()
        with track(label) as on_progress:
            saved = self.model.separate_to(
                self.cut(song), folder, encoding=self.encoding, names=names, residual="residual" in self.tracks,
                overwrite=self.overwrite or again, on_progress=on_progress, **self.settings,
            )  # fmt: skip
        self.console.remark(*(f"{song.name}: {line}" for line in saved.run["remarks"]))
        where = shown(saved.folder if names.alone else saved.folder / names.file("*", self.encoding.ext))
        if self.daw:
            write_projects(self.model, saved.folder, label, overwrite=True)
        took = spoken(time.monotonic() - started)
        self.console.say(f"{song} -> {where} ({', '.join(saved.files)}) in {took}")
        return saved
