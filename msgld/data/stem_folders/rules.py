"""Stems that the user assigns to files: ``--map FILE=STEM`` and ``stems.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from msgld.data.stem_folders.words import IGNORE, vocabulary, words_of
from msgld.errors import DataError, MsgldError, UsageError
from msgld.stems import MIXTURE

STEMS_FILE = "stems.json"
"""In the folder of a song or of the set: ``{"file or pattern": "stem"}``."""


class Rule(NamedTuple):
    """One line of a map.

    Attributes:
        pattern: a file's name or path, with or without its ending, or a pattern with ``*``, ``?`` or ``[...]``.
        stem: one of the stems, ``mixture``, ``ignore``, or ``nowhere``.
    """

    pattern: str
    stem: str


def parse_map(texts: Sequence[str], stems: tuple[str, ...]) -> tuple[Rule, ...]:
    """Parse the values of ``--map``.

    Raises:
        UsageError: not ``FILE=STEM``, or there is no such stem.
    """
    pairs = []
    for text in texts:
        pattern, equals, stem = text.rpartition("=")
        if not (equals and pattern.strip() and stem.strip()):
            raise UsageError(f"--map takes FILE=STEM, such as --map 'take2.wav=bass', not {text!r}")
        pairs.append((pattern, stem, f"--map {text}"))
    return _rules(pairs, stems, UsageError)


def _read_map(folder: Path, stems: tuple[str, ...]) -> tuple[Rule, ...]:
    """Read ``stems.json`` in a folder; no rules where there is none."""
    path = folder / STEMS_FILE
    if not path.is_file():
        return ()
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f'{path} cannot be read as JSON ({error}): write {{"file": "stem"}}') from error
    if not (isinstance(content, dict) and all(isinstance(stem, str) for stem in content.values())):
        raise DataError(f'{path} is no map of files to stems: write {{"file": "stem"}}')
    return _rules(((pattern, stem, str(path)) for pattern, stem in content.items()), stems, DataError)


def _rules(
    lines: Iterable[tuple[str, str, str]], stems: tuple[str, ...], error: type[MsgldError]
) -> tuple[Rule, ...]:
    """Rules from patterns, stems and where they stand; ``error`` where a stem is unknown."""
    rules = []
    for pattern, text, source in lines:
        name = text.strip().lower()
        stem = name if name in (MIXTURE, IGNORE) else vocabulary(stems).stem(words_of(name))
        if stem is None:
            choice = ", ".join((*stems, MIXTURE, IGNORE))
            raise error(f"{source}: no stem {text.strip()!r}; choose one of {choice}")
        rules.append(Rule(pattern.strip().replace("\\", "/"), stem))
    return tuple(rules)


class StemMap:
    """The rules for one set of songs: first the typed ones, then those of a song's own file, then the set's.

    Attributes:
        typed: the values of ``--map``.
        used: rules that matched a file so far.
    """

    def __init__(self, root: Path, stems: tuple[str, ...], typed: Sequence[Rule] = ()) -> None:
        self._root, self._stems, self.typed = root, stems, tuple(typed)
        self._set = _read_map(root, stems)
        self.used: set[Rule] = set()

    def stem(self, file: Path, folder: Path) -> str | None:
        """The stem that the rules give a file in a song's folder; None if no rule matches.

        Raises:
            UsageError: two patterns contradict each other.
        """
        names = _names(file, folder) | _names(file, self._root)
        own = () if folder == self._root else _read_map(folder, self._stems)
        for rules in (self.typed, own, self._set):
            found = [rule for rule in rules if rule.pattern.casefold() in names] or [
                rule for rule in rules if any(fnmatchcase(name, rule.pattern.casefold()) for name in names)
            ]
            self.used.update(found)
            if len({rule.stem for rule in found}) > 1:
                one, other, *_ = found
                raise UsageError(
                    f"{file} is matched by {one.pattern!r} ({one.stem}) and {other.pattern!r} ({other.stem}): "
                    "name one of them more closely"
                )
            if found:
                return found[0].stem
        return None


def _names(file: Path, folder: Path) -> set[str]:
    """The names of a file in rules, in lower case: its own and its path, with and without ending."""
    paths = [Path(file.name)]
    if file.is_relative_to(folder):
        paths.append(file.relative_to(folder))
    return {text.casefold() for path in paths for text in (path.as_posix(), path.with_suffix("").as_posix())}
