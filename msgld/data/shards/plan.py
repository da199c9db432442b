"""The plan of a preparation: all songs of a set, written down as they are found, so that memory holds one at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from msgld.data.shards.container import write_json
from msgld.data.stem_folders import LEFT_OUT, Finding, Found, StemStream, named
from msgld.data.stem_folders.manifest import ManifestSearch
from msgld.data.stem_folders.rules import StemMap, parse_map
from msgld.data.stem_folders.search import Search
from msgld.data.stem_folders.splits import OMITTED
from msgld.errors import DataError

_PLAN, _SCANNED, _READY = "plan.jsonl", "scanned.jsonl", "plan.json"

GROUP_BYTES, GROUP_SONGS = 1 << 28, 256
"""Source bytes and songs that are worked on together, at most: so much is done again after a break."""


@dataclass(frozen=True)
class PlannedSong:
    """A song that is to be prepared.

    Attributes:
        number: in the plan, from 0.
        name: of the song.
        files: stem, path and stream of every file.
        mixture: path and stream of its mixture; None where there is none.
        split: as in :class:`msgld.data.stem_folders.Found`; ``licence``, ``open`` and ``twin`` too.
        size: of its files in bytes.
    """

    number: int
    name: str
    files: tuple[tuple[str, str, int], ...]
    mixture: tuple[str, int] | None = None
    split: str = ""
    licence: str = ""
    open: bool = False
    twin: str = ""
    size: int = 0

    def places(self) -> Iterator[tuple[str, StemStream]]:
        """Stem and place of every file."""
        return ((stem, StemStream(Path(path), number)) for stem, path, number in self.files)


class Plan:
    """The songs of a set, in a folder of work.

    Args:
        work: the folder.

    Attributes:
        size: of all files in bytes.
        songs: their number.
    """

    def __init__(self, work: Path) -> None:
        self._work = work
        facts = json.loads((work / _READY).read_text("utf-8"))
        self.size, self.songs = int(facts["size"]), int(facts["songs"])
        self._first: dict[str, str] = facts["first"]

    @staticmethod
    def exists(work: Path) -> bool:
        """Whether a plan is there, and whole."""
        return (work / _READY).is_file()

    def groups(self) -> Iterator[list[PlannedSong]]:
        """The songs in groups, each the work of a few seconds to minutes. The same every time."""
        group: list[PlannedSong] = []
        for facts in _lines(self._work / _PLAN):
            song = _planned(facts)
            group.append(song)
            if len(group) == GROUP_SONGS or sum(one.size for one in group) >= GROUP_BYTES:
                yield group
                group = []
        if group:
            yield group

    def part(self, first: int, count: int) -> list[PlannedSong]:
        """So many songs from that number on."""
        return [_planned(facts) for facts in islice(_lines(self._work / _PLAN), first, first + count)]

    def twin_of(self, song: PlannedSong) -> str:
        """The name of the song that is the same music as this one and stays; empty where this one stays."""
        first = self._first.get(song.twin, song.name) if song.twin else song.name
        return "" if first == song.name else first

    def findings(self) -> Iterator[Finding]:
        """Remarks of the scan."""
        return (Finding(**facts) for facts in _lines(self._work / _SCANNED))


def scan(source: Path, stems: tuple[str, ...], maps: Sequence[str], work: Path) -> Plan:
    """Find all songs and write the plan.

    Args:
        source: folder of songs or manifest.
        stems: names of the stems.
        maps: stems of files with unclear names, as ``--map`` takes them.
        work: an existing folder.

    Raises:
        DataError: nothing can be used.
        UsageError: a map that cannot be read.
    """
    root = source.parent if source.is_file() else source
    rules = StemMap(root, stems, parse_map(maps, stems))
    search = ManifestSearch(source, stems, rules) if source.is_file() else Search(root, stems, rules)
    found = search.each() if isinstance(search, ManifestSearch) else search.each(lenient=True)
    first, shared = dict[str, str](), dict[str, str]()
    count = size = 0
    with (
        (work / _PLAN).open("w", encoding="utf-8") as plan,
        (work / _SCANNED).open("w", encoding="utf-8") as scanned,
    ):
        for one in found:
            reason = _unusable(one)
            if reason:
                search.findings.append(Finding(one.name, reason, LEFT_OUT))
            else:
                song = _to_plan(one, count)
                count, size = count + 1, size + song.size
                _remember(song, first, shared)
                _write(plan, asdict(song))
            _drain(search.findings, scanned)
        _drain(search.findings, scanned)
    if not count:
        raise DataError(_nothing(source, work, stems))
    unused = sorted(rule.pattern for rule in set(rules.typed) - rules.used)
    if unused:
        raise DataError(f"--map {named(unused)} matches no file: name it as it is in the song's folder")
    write_json(work / _READY, {"songs": count, "size": size, "first": shared})
    return Plan(work)


def _unusable(found: Found) -> str:
    if found.split == OMITTED:
        return "is omitted from the set"
    if found.unclear:
        return f"cannot tell the stem of {named(found.unclear)}: name it with --map FILE=STEM (or =ignore)"
    return "" if found.files else "has no file that can be used"


def _remember(song: PlannedSong, first: dict[str, str], shared: dict[str, str]) -> None:
    """Keep the first name of each music, and apart those that several songs share."""
    if song.twin:
        if song.twin in first:
            shared[song.twin] = min(first[song.twin], song.name)
        first[song.twin] = min(first.get(song.twin, song.name), song.name)


def _to_plan(found: Found, number: int) -> PlannedSong:
    # A relative path would mean something else when the command is run again elsewhere.
    files = tuple((stem, str(place.path.absolute()), place.number) for stem, place in found.files)
    mixture = (str(found.mixture.path.absolute()), found.mixture.number) if found.mixture else None
    paths = {path for _, path, _ in files} | ({mixture[0]} if mixture else set())
    size = sum(_size(path) for path in paths)
    return PlannedSong(
        number, found.name, files, mixture, found.split, found.licence, found.open, found.twin, size
    )


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _planned(facts: dict[str, Any]) -> PlannedSong:
    facts["files"] = tuple(tuple(file) for file in facts["files"])
    facts["mixture"] = tuple(facts["mixture"]) if facts["mixture"] else None
    return PlannedSong(**facts)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _write(file: Any, facts: dict[str, Any]) -> None:
    # ASCII alone: names on a disk need not be UTF-8.
    file.write(json.dumps(facts) + "\n")


def _drain(findings: list[Finding], file: Any) -> None:
    for finding in findings:
        _write(file, asdict(finding))
    findings.clear()


def _nothing(source: Path, work: Path, stems: Sequence[str]) -> str:
    """The message where no song is found: the first thing that was found, or what is expected."""
    first = next(_lines(work / _SCANNED), None)
    if first:
        return f"no song in {source} can be used: {first['file']}: {first['what']}"
    return f"no stems in {source}: expected <song>/<stem>.wav with stems such as {', '.join(stems)}"
