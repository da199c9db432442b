"""Stems that the user assigns to files: ``--map FILE=STEM`` and ``stems.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from msgld.data.stem_names import place_of
from msgld.data.words import MIXTURE
from msgld.errors import DataError, UsageError

STEMS_FILE = "stems.json"
"""In the folder of a song or of the set: ``{"file or pattern": "stem"}``."""

IGNORE = "ignore"
"""Instead of a stem: the file is left out."""


@dataclass(frozen=True)
class Rule:
    """One line of a map.

    Attributes:
        pattern: a file's name or path, with or without its ending, or a pattern with ``*``, ``?`` or ``[...]``.
        stem: one of the stems, ``mixture``, ``ignore``, or ``nowhere``.
        source: where it comes from: ``--map`` or the path of a file.
    """

    pattern: str
    stem: str
    source: str

    def names(self, names: set[str]) -> bool:
        """Whether the pattern is one of a file's names."""
        return self.pattern.casefold() in names

    def matches(self, names: set[str]) -> bool:
        """Whether the pattern matches one of a file's names."""
        return any(fnmatchcase(name, self.pattern.casefold()) for name in names)


def parse_map(texts: Sequence[str], stems: tuple[str, ...]) -> tuple[Rule, ...]:
    """Parse the values of ``--map``.

    Raises:
        UsageError: not ``FILE=STEM``, or there is no such stem.
    """
    rules = []
    for text in texts:
        pattern, equals, stem = text.rpartition("=")
        if not (equals and pattern.strip() and stem.strip()):
            raise UsageError(f"--map takes FILE=STEM, such as --map 'take2.wav=bass', not {text!r}")
        try:
            rules.append(_rule(pattern, stem, "--map", stems))
        except ValueError:
            raise UsageError(f"--map {text}: {_no_stem(stem, stems)}") from None
    return tuple(rules)


def read_map(folder: Path, stems: tuple[str, ...]) -> tuple[Rule, ...]:
    """Read ``stems.json`` in a folder; no rules where there is none.

    Raises:
        DataError: it is no object of names and stems.
    """
    path = folder / STEMS_FILE
    if not path.is_file():
        return ()
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f'{path} cannot be read as JSON ({error}): write {{"file": "stem"}}') from error
    if not (isinstance(content, dict) and all(isinstance(stem, str) for stem in content.values())):
        raise DataError(f'{path} is no map of files to stems: write {{"file": "stem"}}')
    rules = []
    for pattern, stem in content.items():
        try:
            rules.append(_rule(pattern, stem, str(path), stems))
        except ValueError:
            raise DataError(f"{path}: {_no_stem(stem, stems)}") from None
    return tuple(rules)


def _rule(pattern: str, stem: str, source: str, stems: tuple[str, ...]) -> Rule:
    name = stem.strip().lower()
    place = name if name in (MIXTURE, IGNORE) else place_of(name, stems)
    return Rule(pattern.strip().replace("\\", "/"), place, source)


def _no_stem(stem: str, stems: tuple[str, ...]) -> str:
    return f"no stem {stem.strip()!r}; choose one of {', '.join((*stems, MIXTURE, IGNORE))}"


class StemMap:
    """The rules for one set of songs; those typed come before a song's own file, and that before the set's.

    Attributes:
        typed: those typed. used: rules that named or matched a file so far.
    """

    def __init__(self, root: Path, stems: tuple[str, ...], typed: Sequence[Rule] = ()) -> None:
        self._root, self._stems, self.typed = root, stems, tuple(typed)
        self._set = read_map(root, stems)
        self.used: set[Rule] = set()

    def rules(self, folder: Path) -> list[tuple[Rule, ...]]:
        """The rules for a song's folder, the first ones count most."""
        own = () if folder == self._root else read_map(folder, self._stems)
        return [self.typed, own, self._set]

    def stem(self, file: Path, folder: Path) -> str | None:
        """The stem that the rules give a file; None if no rule matches.

        Raises:
            UsageError: two patterns contradict each other.
        """
        names = _names(file, folder) | _names(file, self._root)
        for rules in self.rules(folder):
            found = [rule for rule in rules if rule.names(names)] or [
                rule for rule in rules if rule.matches(names)
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
    """The names by which a file may be called, in lower case: its own and its path, with and without ending."""
    paths = [Path(file.name)]
    if file.is_relative_to(folder):
        paths.append(file.relative_to(folder))
    return {text.casefold() for path in paths for text in (path.as_posix(), path.with_suffix("").as_posix())}
