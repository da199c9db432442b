"""``msgld separate --ray``: the songs of one command, each separated by an actor of a Ray cluster."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.naming import Names
from msgld.api.record import write_record
from msgld.cli.console import Captured, Console
from msgld.cli.models import Source
from msgld.cli.outputs import Template
from msgld.cli.separator import Separator
from msgld.cli.songs import Found, find_songs
from msgld.errors import AudioReadError
from msgld.progress import Meter

if TYPE_CHECKING:
    from msgld.cluster.outcome import Outcome

Place = tuple[str, str, Names, str]
"""Path or URL of a song, and of the folder of its result; the names in that, and the song's label."""


def find_anywhere(arguments: Sequence[str], out: str) -> tuple[list[str], Found]:
    """The songs that are named by paths and by URLs, in this order; and what was found of paths and is missing."""
    from msgld.cluster.stores import is_url, songs_at

    paths = [one for one in arguments if not is_url(one)]
    found = find_songs(paths, Path(out))
    songs, missing = [str(song) for song in found.songs], list(found.missing)
    for url in (one for one in arguments if is_url(one)):
        try:
            songs += songs_at(url, out)
        except AudioReadError as error:
            missing.append((url, error))
    return list(dict.fromkeys(songs)), replace(found, missing=tuple(missing))


def stand_in(text: str) -> Path:
    """The path of a song or folder; for a URL one that is called alike, from which names are made."""
    return Path("/", text.partition("://")[2]) if "://" in text else Path(text)


def placed(batch: Separator, songs: Sequence[str], template: Template, out: str) -> list[Place]:
    """Where the results of songs go. Raises UsageError where two files would have one name."""
    base = stand_in(out)
    works = batch.places([stand_in(song) for song in songs], template, base)
    folders = [str(folder) for _, folder, _, _ in works]
    if "://" in out:
        folders = [f"{out.rstrip('/')}/{Path(folder).relative_to(base).as_posix()}" for folder in folders]
    rest = [(names, label) for _, _, names, label in works]
    return [(song, folder, *more) for song, folder, more in zip(songs, folders, rest, strict=True)]


@dataclass(frozen=True)
class OnRay:
    """Separates songs on a cluster.

    Attributes:
        batch: as without a cluster; the model is not open.
        source: how each actor opens the model.
        address: of the cluster.
        out: path or URL of the folder of all results, where the ledger is.
        console: for results, remarks and errors.
    """

    batch: Separator
    source: Source
    address: str
    out: str
    console: Console

    def run(self, places: Sequence[Place]) -> Counter[str]:
        """Separate the songs; how many ended how, and how many attempts were ``repeated``."""
        from msgld.cluster.connect import check_address, import_ray
        from msgld.cluster.each import Pool, each

        if self.batch.dry_run:
            return Counter(done=sum(map(self._plan, places)))
        check_address(self.address)
        import_ray()
        threads = self.source.jobs or 1
        pool = Pool(self.address, threads=threads, gpu=self.source.device != "cpu")
        work = SongWork(
            replace(self.batch, console=Captured()), replace(self.source, jobs=threads), os.getcwd()
        )
        by_key = {_key(place[0]): place for place in places}
        counts: Counter[str] = Counter()
        with self._ledger() as ledger, self.console.track(_counted(len(places))) as on_progress:
            meter = Meter(len(places), "songs", "starting", on_progress)
            meter.advance(0)
            past = ledger.begin(self._work(), len(places))
            due = {}
            for key, place in by_key.items():
                if self._is_done(past, key, place):
                    counts["skipped"] += 1
                    self._say_skipped(place)
                    meter.advance(1, "separating")
                else:
                    due[key] = (place, key in past.begun, _mark(place[0]))
            for outcome in each(due, work, pool, ledger=ledger.path):
                counts[self._print(outcome, by_key[outcome.item])] += 1
                counts["repeated"] += outcome.attempts - 1 if outcome.attempts else 0
                meter.advance(1, "separating")
            ledger.finish(counts)
        return counts

    def _plan(self, place: Place) -> bool:
        """Say what would be done."""
        song, folder, names, _ = place
        self.console.say(f"{song} -> {folder}/{names.file('*', self.batch.encoding.ext)}")
        self.console.record(input=song, status="planned", folder=folder)
        return True

    def _work(self) -> str:
        """What is done to each song, as a hash."""
        from msgld.cluster.ledger import hash_of

        batch = self.batch
        return hash_of(
            batch.described, batch.settings, batch.tracks, batch.stretch, batch.encoding, batch.daw
        )

    def _is_done(self, past: Any, key: str, place: Place) -> bool:
        """Whether the same command did a song, the song is as it was, and its result is there."""
        from msgld.cluster.stores import holds

        song, folder, names, _ = place
        if self.batch.overwrite and past.finished:
            return False
        former = past.ends.get(key, {})
        same = former.get("end") in ("done", "skipped") and former.get("state") == _mark(song)
        tracks = (names.file(track, self.batch.encoding.ext) for track in self.batch.tracks)
        return same and all(holds(folder, name) for name in (names.record, *tracks))

    def _say_skipped(self, place: Place) -> None:
        song, folder, names, _ = place
        self.console.say(f"{song}: skipped, {folder}/{names.record} exists")
        self.console.record(status="skipped", input=song, folder=folder)

    def _print(self, outcome: Outcome, place: Place) -> str:
        """Print what an actor would have printed; how it ended."""
        from msgld.cluster.stores import holds

        song, folder, names, _ = place
        end, error = outcome.end, outcome.facts.get("error")
        if end == "done" and not holds(folder, names.record):
            end, error = (
                "failed",
                f"its result is not in {folder} here: --out must be a folder that all nodes have",
            )
        elif outcome.extra is not None:
            for name, lines, values in outcome.extra:
                getattr(self.console, name)(*lines, **values)
            return end
        text = str(error or "no reason is known")
        line = text if song in text else f"{song}: {text}"
        self.console.complain(f"{line}; set aside" if end == "set aside" else line)
        self.console.record(status=end, input=song, error=text)
        return end

    @contextmanager
    def _ledger(self) -> Iterator[Any]:
        """The ledger among the results. That of a store is kept here meanwhile."""
        from msgld.cluster.ledger import NAME, Ledger
        from msgld.cluster.stores import copy_in, copy_out, is_url

        if not is_url(self.out):
            yield Ledger(Path(self.out) / NAME)
            return
        url = f"{self.out.rstrip('/')}/{NAME}"
        with tempfile.TemporaryDirectory(prefix="msgld-") as folder:
            file = Path(folder) / NAME
            copy_in(url, file)
            try:
                yield Ledger(file)
            finally:
                if file.exists():
                    copy_out(file, url)


@dataclass(frozen=True)
class SongWork:
    """What the actors need to separate songs; called once in each, it opens the model.

    Attributes:
        batch: without the model.
        source: of it.
        folder: in which the command was given; relative paths are relative to it.
    """

    batch: Separator
    source: Source
    folder: str

    def __call__(self) -> Callable[[Any, int], Outcome]:
        """Open the model; what separates one song."""
        if os.path.isdir(self.folder):  # records then name songs as the plain command does
            os.chdir(self.folder)
        return partial(self._separate, replace(self.batch, opened=self.source.open(Captured())))

    def _separate(self, batch: Separator, item: tuple[Place, bool, str], attempt: int) -> Outcome:
        """Separate one song. If it was begun before, a result that is right is left alone."""
        from msgld.cluster.outcome import Outcome
        from msgld.cluster.stores import fetched, is_url, mirrored, publish

        (song, folder, names, label), before, state = item
        console = Captured()
        skip = batch.skip or (not batch.overwrite and (before or attempt > 1))
        with fetched(song) as file, mirrored(folder, names) as here:
            end = replace(batch, console=console, skip=skip).attempt(file, here, names, label)
            if end == "done" and is_url(song):
                _rename_input(here / names.record, song)
            if end == "done" and is_url(folder):
                publish(here, folder, names)
        calls = _renamed(console.calls, {str(file): song, str(here): folder})
        errors = [lines[0] for name, lines, _ in calls if name == "complain"]
        return Outcome(
            end, {"state": state, "folder": folder, **({"error": errors[0]} if errors else {})}, calls
        )


def _key(song: str) -> str:
    return song if "://" in song else str(Path(song).absolute())


def _mark(song: str) -> str:
    from msgld.cluster.stores import state_of

    return state_of(song)


def _counted(songs: int) -> str:
    return f"{songs} song{'' if songs == 1 else 's'} on Ray"


def _rename_input(record: Path, song: str) -> None:
    """Let a record name the song's URL, not its copy."""
    run = json.loads(record.read_text("utf-8"))
    write_record(record, {**run, "input": song})


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Texts with the user's names instead of temporary ones, in nested lists and dictionaries."""
    if isinstance(value, str):
        for temporary, name in names.items():
            value = value.replace(temporary, name)
        return value
    if isinstance(value, dict):
        return {key: _renamed(one, names) for key, one in value.items()}
    return type(value)(_renamed(one, names) for one in value) if isinstance(value, list | tuple) else value
