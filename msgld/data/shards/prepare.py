"""Prepares a set: scans it, checks and encodes every song, writes manifest and report; goes on after any break."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from msgld.data.shards import BLOCK, REPORT, SET, SONGS, VERSION
from msgld.data.shards.about import Prepared, read_set, summary
from msgld.data.shards.container import INDEX, Shard, digest_of, index_of, write_json
from msgld.data.shards.plan import Plan, scan
from msgld.data.shards.report import write_page
from msgld.data.shards.seal import stamp
from msgld.data.shards.work import WORK, Workshop
from msgld.data.stem_folders import LEFT_OUT, SET_ASIDE
from msgld.errors import AudioWriteError, DataError, MsgldError, UsageError
from msgld.progress import CancelToken, Meter, OnProgress, Progress
from msgld.stems import RATE

_SETTINGS = "settings.json"
_SPOKEN = {"version": "versions", "source": "songs", "stems": "stems", "maps": "maps", "rate": "rates"}


Run = Callable[[Workshop, Meter], None]
"""Does the groups of a workshop that are due; the meter advances by the megabytes of their songs."""


def prepare_set(
    source: Path,
    out: Path,
    stems: tuple[str, ...],
    maps: Sequence[str] = (),
    rate: int = RATE,
    jobs: int | None = None,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
    run: Run | None = None,
) -> Prepared:
    """Make a folder of shards from a set; called again after a break, it goes on.

    Args:
        source: folder of songs in any layout of ``--stems``, or a manifest.
        out: folder of the shards.
        stems: names of the stems.
        maps: stems of files with unclear names, as ``--map`` takes them.
        rate: samples per second of the shards.
        jobs: groups of songs that are worked on at once; None: one for each core, four at most.
        on_progress: called with the megabytes of the songs that are done.
        cancel: stops the work between two groups of songs.
        run: does the groups instead of threads of this process.

    Raises:
        DataError: nothing in the set can be used.
        AudioWriteError: the folder cannot be written; what is done stays.
        UsageError: the folder holds the shards of other settings, or of the set as it was before.
        Cancelled: on request; what is done stays.
    """
    settings = {
        "version": VERSION, "source": str(source.resolve()), "stems": list(stems), "maps": sorted(maps), "rate": rate,
    }  # fmt: skip
    work = out / WORK
    try:
        if _finished(source, out, settings):
            return summary(out)
        work.mkdir(parents=True, exist_ok=True)
        plan = _plan(source, stems, maps, work, settings, on_progress)
        settings = json.loads((work / _SETTINGS).read_text("utf-8"))
        workshop = Workshop(out, rate, plan)
        meter = Meter(plan.size / 1e6, "MB", "preparing", on_progress, cancel)
        if run is None:
            workshop.run(jobs or min(4, os.cpu_count() or 1), meter)
        else:
            run(workshop, meter)
        _Ending(workshop, settings).write()
        shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise AudioWriteError(
            f"cannot write to {out}: {error.strerror or error}; what is done stays there: make room, and run it again"
        ) from error
    return summary(out)


def _finished(source: Path, out: Path, settings: dict[str, Any]) -> bool:
    """Whether the folder holds these shards, and whole.

    Raises:
        UsageError: it holds something else.
    """
    if (out / SET).is_file():
        former = read_set(out)["settings"]
        _check_same(former, settings, out)
        if "state" in former and former["state"] != _state(source, out):
            raise UsageError(
                f"{out} holds {settings['source']} as it was before: its files have changed since; remove {out}, "
                "or choose another --out"
            )
        return True
    if out.is_dir() and not (out / WORK).is_dir() and any(path.name != "run.lock" for path in out.iterdir()):
        raise UsageError(f"{out} holds other files: choose another --out")
    return False


def _check_same(former: dict[str, Any], settings: dict[str, Any], out: Path) -> None:
    other = [name for name in settings if former.get(name) != settings[name]]
    if other:
        raise UsageError(
            f"{out} holds shards of other {_SPOKEN[other[0]]}: choose another --out, or remove that folder"
        )


def _state(source: Path, out: Path) -> str:
    """Names, sizes and times of a set's files as a hash, by which a change is seen; of a manifest, its own."""
    state = hashlib.sha256()
    for path in _files(source, out.resolve()) if source.is_dir() else [source]:
        with suppress(OSError):
            line = f"{path.relative_to(source)}\0{stamp(path.stat())}\n"
            state.update(line.encode(errors="surrogateescape"))
    return state.hexdigest()


def _files(folder: Path, out: Path) -> Iterator[Path]:
    for inside, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if (Path(inside) / name).resolve() != out)
        yield from (Path(inside) / name for name in sorted(files))


def _plan(
    source: Path,
    stems: tuple[str, ...],
    maps: Sequence[str],
    work: Path,
    settings: dict[str, Any],
    on_progress: OnProgress | None,
) -> Plan:
    """The plan of a former run, or a new one."""
    if Plan.exists(work):
        _check_same(json.loads((work / _SETTINGS).read_text("utf-8")), settings, work.parent)
        return Plan(work)
    if on_progress:
        on_progress(Progress(0.0, 1.0, "MB", "scanning"))
    write_json(work / _SETTINGS, {**settings, "state": _state(source, work.parent)})
    try:
        return scan(source, stems, maps, work)
    except MsgldError:
        shutil.rmtree(work, ignore_errors=True)
        raise


@dataclass
class _Totals:
    """Counts over all songs."""

    songs: int = 0
    seconds: float = 0.0
    set_aside: int = 0
    left_out: int = 0
    findings: int = 0
    stems: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)

    def count(self, song: dict[str, Any], rate: int) -> None:
        """Count a song."""
        stems, findings = song.get("stems", ()), song.get("findings", ())
        self.songs += bool(stems)
        self.left_out += not stems
        self.seconds += song.get("frames", 0) / rate if stems else 0.0
        self.stems.update(stems)
        self.splits.update([song.get("split", "")] if stems else [])
        self.set_aside += sum(then == SET_ASIDE for _, _, then in findings)
        self.findings += bool(findings)


class _Ending:
    """Manifest, index, report and checksums; the last file that is written is ``set.json``."""

    def __init__(self, workshop: Workshop, settings: dict[str, Any]) -> None:
        self.shop, self.settings, self.out = workshop, settings, workshop.out
        self.shards: list[Shard] = []
        self.totals = _Totals()

    def write(self) -> None:
        """Write everything."""
        self._write_songs()
        if not self.totals.songs:
            raise DataError(self._nothing())
        write_json(self.out / INDEX, index_of(self.shards))
        self.totals.left_out += sum(one.then == LEFT_OUT for one in self.shop.plan.findings())
        self.totals.findings += sum(1 for _ in self.shop.plan.findings())
        self._write_report()
        totals = self.totals
        content = {
            "version": VERSION,
            "rate": self.shop.rate,
            "block": BLOCK,
            "songs_sha256": digest_of(self.out / SONGS),
            "summary": {
                "songs": totals.songs, "seconds": round(totals.seconds, 3), "stems": dict(totals.stems),
                "size": sum(shard.size for shard in self.shards), "set_aside": totals.set_aside,
                "left_out": totals.left_out, "findings": totals.findings,
            },
            "shards": [asdict(shard) for shard in self.shards],
            "settings": self.settings,
        }  # fmt: skip
        write_json(self.out / SET, content)

    def _write_songs(self) -> None:
        """The manifest: the records of all groups, one after another, with the numbers of their blocks."""
        part = self.out / WORK / SONGS
        first = 0
        with part.open("w", encoding="utf-8") as file:
            for record in self._records():
                shards = [Shard(**facts) for facts in record["shards"]]
                for song in record["songs"]:
                    self.totals.count(song, self.shop.rate)
                    song |= {"first": song.get("first", 0) + first}
                    file.write(json.dumps(song) + "\n")
                self.shards += shards
                first += sum(shard.items for shard in shards)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.out / SONGS)

    def _records(self) -> Iterator[dict[str, Any]]:
        for number, _ in enumerate(self.shop.plan.groups()):
            yield json.loads(self.shop.record(number).read_text("utf-8"))

    def _nothing(self) -> str:
        """The message where no song is usable: what is wrong with the first."""
        with (self.out / SONGS).open(encoding="utf-8") as file:
            file_name, what, _ = json.loads(file.readline())["findings"][0]
        (self.out / SONGS).unlink()
        return f"no song of {self.settings['source']} can be used: {file_name}: {what}"

    def _write_report(self) -> None:
        totals, part = self.totals, self.out / WORK / REPORT
        minutes = totals.seconds / 60
        summary = {
            "songs": f"{totals.songs}, {minutes:.1f} minutes",
            "stems": ", ".join(f"{name} in {count}" for name, count in totals.stems.most_common()),
            "splits": ", ".join(f"{name or 'none'}: {count}" for name, count in totals.splits.most_common()),
            "set aside": f"{totals.set_aside} files",
            "left out": f"{totals.left_out} songs or files",
            "shards": f"{len(self.shards)}, {sum(shard.size for shard in self.shards) / 1e6:.0f} MB",
        }
        with (
            (self.out / SONGS).open(encoding="utf-8") as songs,
            part.open("w", encoding="utf-8", errors="replace") as file,
        ):
            title = f"{Path(self.settings['source']).name}: {totals.songs} songs prepared"
            write_page(file, title, summary, self.shop.plan.findings(), map(json.loads, songs), self.out)
        os.replace(part, self.out / REPORT)
