"""Manifests: a CSV or JSONL file with a row for each song, which says where its stems are.

A row has an ``id``, a path for each stem under the stem's name, and if wanted ``mixture``, ``split`` and ``licence``.
Paths are relative to the manifest. A stem without a path is absent. In JSONL a stem may have several paths, which are
added up, and stems may also stand together under ``stems``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgld.audio.files import AUDIO
from msgld.data.stem_folders import LEFT_OUT, Finding, Found, StemStream, named
from msgld.data.stem_folders.rules import StemMap
from msgld.data.stem_folders.splits import split_named
from msgld.data.stem_folders.words import IGNORE, SUMS, Vocabulary, vocabulary, words_of
from msgld.errors import DataError, one_line
from msgld.stems import MIXTURE

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")

_ID = ("id", "song", "name", "title")
_MIXTURES = (MIXTURE, "mix")
_SPLIT = ("split", "subset")
_LICENCE = ("licence", "license")
_FACTS = {*_ID, *_MIXTURES, *_SPLIT, *_LICENCE, "stems"}


class Row(NamedTuple):
    """A song of a manifest.

    Attributes:
        line: its number, from 1.
        facts: keys and values; empty where the line cannot be read.
    """

    line: int
    facts: Mapping[str, Any]


def is_manifest(path: Path) -> bool:
    """Whether a file is a manifest, by its ending."""
    return path.suffix.lower() in ENDINGS and path.is_file()


def rows(path: Path) -> Iterator[Row]:
    """The rows of a manifest, one after another.

    Raises:
        DataError: it is not readable as text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() in (".csv", ".tsv"):
                yield from _of_table(path, file)
            else:
                yield from (Row(n, _object(text)) for n, text in enumerate(file, 1) if text.strip())
    except (OSError, UnicodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a manifest ({error}): save it as UTF-8 text") from error


def _of_table(path: Path, file: Any) -> Iterator[Row]:
    head = file.readline()
    mark = max(",;\t", key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=mark), [])]
    if not head.count(mark) or not all(names):
        raise DataError(f"{path} begins with no line of column names: write id, then the stems' names")
    table = csv.DictReader(file, names, delimiter=mark, restkey="")
    yield from (Row(table.line_num + 1, row if "" not in row else {}) for row in table)


def _object(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _first(facts: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """The first value of some keys that is not empty, as text."""
    found = (str(facts[key]).strip() for key in keys if facts.get(key) not in (None, ""))
    return one_line(next(found, ""))


def _sounds(row: Row) -> dict[str, list[str]]:
    """The paths of sounds in a row, by the names they stand under."""
    inner = row.facts.get("stems")
    values = {key: value for key, value in row.facts.items() if key and key.lower() not in _FACTS}
    values |= inner if isinstance(inner, dict) else {}
    found = {}
    for key, value in values.items():
        texts = [str(one).strip() for one in (value if isinstance(value, list) else [value]) if one]
        if sounds := [text for text in texts if Path(text).suffix.lower() in AUDIO]:
            found[str(key).strip()] = sounds
    return found


def stem_names_in(path: Path) -> tuple[str, ...]:
    """The names of stems in a manifest, in lower case, in the order in which they come up."""
    names = (name.lower() for row in rows(path) for name in _sounds(row))
    return tuple(dict.fromkeys(names))


class ManifestSearch:
    """Finds the songs of a manifest.

    Args:
        path: of the manifest.
        stems: of the model.
        rules: the user's stems for single files.

    Attributes:
        findings: remarks so far.
    """

    def __init__(self, path: Path, stems: tuple[str, ...], rules: StemMap) -> None:
        self.path, self.stems, self.rules = path, stems, rules
        self.findings: list[Finding] = []
        self._words: Vocabulary = vocabulary(stems)
        self._seen: set[str] = set()

    def each(self) -> Iterator[Found]:
        """The songs, one after another; those that cannot be used are left out and said."""
        for row in rows(self.path):
            place = f"{self.path.name}, line {row.line}"
            sounds = _sounds(row)
            name = _first(row.facts, _ID) or f"line {row.line}"
            if not row.facts:
                self._note(place, "cannot be read as a row", LEFT_OUT)
            elif not sounds:
                self._note(place, "names no sound file of a stem", LEFT_OUT)
            elif name in self._seen:
                self._note(place, f"a second song with the id {name}", LEFT_OUT)
            else:
                self._seen.add(name)
                yield self._found(name, row, sounds)

    def songs(self) -> list[Found]:
        """All songs.

        Raises:
            DataError: there is none, or the stem of a name is not clear.
        """
        found = list(self.each())
        unclear = sorted({name for song in found for name in song.unclear})
        if unclear:
            raise DataError(
                f"{self.path}: no stem called {named(unclear)} among {', '.join(self.stems)}: name your stems with "
                "--stem-names, or give the files one with --map FILE=STEM"
            )
        if not any(song.files for song in found):
            raise DataError(f"no stems in {self.path}: expected id and paths under names such as bass, drums")
        return [song for song in found if song.files]

    def _note(self, file: str, what: str, then: str) -> None:
        self.findings.append(Finding(file, what, then))

    def _found(self, name: str, row: Row, sounds: Mapping[str, list[str]]) -> Found:
        root = self.path.parent
        files, unclear, is_open = list[tuple[str, StemStream]](), list[str](), False
        for key, texts in sounds.items():
            meant = self._words.read(words_of(key))
            for path in (root / text for text in texts):
                stem = self.rules.stem(path, root) or meant.stem
                if not path.is_file():
                    self._note(f"{name}: {path.name}", "is missing, although the manifest lists it", "absent")
                elif stem is None:
                    unclear.append(key)
                elif stem in self.stems:
                    files.append((stem, StemStream(path)))
                    is_open |= stem == "other" and meant.open
                elif stem not in (IGNORE, *SUMS):
                    self._note(f"{name}: {path.name}", f"no place among {', '.join(self.stems)}", LEFT_OUT)
        mixture = _first(row.facts, _MIXTURES)
        return Found(
            root,
            tuple(files),
            is_open,
            name,
            StemStream(root / mixture) if mixture else None,
            split_named(_first(row.facts, _SPLIT)),
            _first(row.facts, _LICENCE),
            unclear=tuple(dict.fromkeys(unclear)),
        )
