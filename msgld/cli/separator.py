"""Separates the songs of a command, one after another: what is due, what is skipped, what is printed of each."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgld.api.encoding import Encoding
from msgld.api.folder import holds_result, refuse_existing
from msgld.api.naming import Names
from msgld.cli.console import Console, Unwritten, shown, spoken
from msgld.cli.daw import write_projects
from msgld.cli.errors import message, show_traceback
from msgld.cli.existing import changed
from msgld.cli.models import Described
from msgld.cli.outputs import Template, check_apart
from msgld.cli.songs import track_names
from msgld.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.api.save import Saved
    from msgld.audio.sound import Sound


def cut(sound: Path, stretch: tuple[float | None, float | None]) -> Sound:
    """The stretch of a file that is to be separated."""
    from msgld.audio.sound import Excerpt

    start, stop = stretch
    return sound if start is None and stop is None else Excerpt(sound, start or 0.0, stop)


@dataclass(frozen=True)
class Separator:
    """Separates song after song.

    Attributes:
        described: the model.
        settings: arguments of ``Msgld.plan`` and ``Msgld.separate_to``.
        tracks: written of each song.
        stretch: start and end in seconds of what to separate; None for the song's.
        encoding: of the files.
        skip: leave a result alone if it is the one that these settings give.
        overwrite: replace any result.
        dry_run: only list what would be done.
        daw: also write projects for workstations.
        console: for results and remarks.
        opened: the model itself; None where actors open it.
    """

    described: Described
    settings: Mapping[str, Any]
    tracks: Sequence[str]
    stretch: tuple[float | None, float | None]
    encoding: Encoding
    skip: bool
    overwrite: bool
    dry_run: bool
    daw: bool
    console: Console
    opened: Msgld | None = None

    @property
    def model(self) -> Msgld:
        """The model, which is open wherever songs are separated."""
        return cast("Msgld", self.opened)

    def places(
        self, songs: Sequence[Path], template: Template, out: Path
    ) -> list[tuple[Path, Path, Names, str]]:
        """Each song with the folder and names of its results, and its label on the screen.

        Raises:
            UsageError: the template gives two files one name.
        """
        works = []
        for number, (song, name) in enumerate(zip(songs, track_names(songs), strict=True), start=1):
            values = {"model": self.described.name, "track": name, "trackext": song.suffix[1:],
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
            self.console.complain(text if str(song) in text else f"{song}: {text}")
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
        plan = json.loads(json.dumps(self.model.plan(cut(song, self.stretch), **self.settings)))
        files = [f"{name}.{self.encoding.ext}" for name in self.tracks]
        return changed(folder, names, plan, self.encoding, files)

    def _separate(self, song: Path, folder: Path, names: Names, label: str, again: bool) -> Saved:
        started = time.monotonic()
        with self.console.track(label) as on_progress:
            saved = self.model.separate_to(
                cut(song, self.stretch), folder, encoding=self.encoding, names=names,
                residual="residual" in self.tracks, overwrite=self.overwrite or again, on_progress=on_progress,
                **self.settings,
            )  # fmt: skip
        self.console.remark(*(f"{song.name}: {line}" for line in saved.run["remarks"]))
        where = shown(saved.folder if names.alone else saved.folder / names.file("*", self.encoding.ext))
        if self.daw:
            write_projects(self.model, saved.folder, label, overwrite=True)
        took = spoken(time.monotonic() - started)
        self.console.say(f"{song} -> {where} ({', '.join(saved.files)}) in {took}")
        return saved
