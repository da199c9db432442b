"""Reads stems from the names of one song's files: without the song's title, by the last field that names a stem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from msgld.data.stem_folders.words import SUMS, Meaning, Phrase, Vocabulary, is_place, vocabulary, words_of

Field = tuple[str, ...]
"""Words of a name between two separators such as `` - `` or a bracket."""

_MINUS = re.compile(r"([(\[])-")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_SEPARATOR = re.compile(r"\s+[-–—|~]+\s+|_-_|[()\[\]{}]|_{2,}|-{2,}")
_UNKNOWN = Meaning(None)


@dataclass(frozen=True)
class _Name:
    """The name of a file: its words, of which the first ``title`` ones are the song's title."""

    fields: tuple[Field, ...]
    title: int = 0

    @property
    def words(self) -> Field:
        return tuple(word for field in self.fields for word in field)

    @property
    def rest(self) -> list[Field]:
        """The fields without the title's words."""
        left, fields = self.title, []
        for field in self.fields:
            fields.append(field[left:])
            left = max(0, left - len(field))
        return [field for field in fields if field]


def read_names(names: Sequence[str], folder: str, stems: tuple[str, ...]) -> list[Meaning]:
    """Read the names of the files in one folder, each without its ending.

    Words that all of them begin with are the song's title, and so is the folder's name. Of the rest the last
    field that names something counts.
    """
    # Capitals separate words, unless that leaves no known word: ``BaSS``.
    split, whole = (_Song(names, folder, vocabulary(stems), camel).meanings for camel in (True, False))
    return [one if one.candidates else other for one, other in zip(split, whole, strict=True)]


def titles_of(names: Sequence[str], stems: tuple[str, ...]) -> list[Field]:
    """The words of each name but for its stem's; empty where all of them are numbers or places."""
    titles = []
    for words in map(words_of, names):
        found = vocabulary(stems).phrases(words)
        left = words[: found[-1].start] + words[found[-1].stop :] if found else words
        titles.append(() if is_place(left) else left)
    return titles


def _common(rows: Sequence[Field]) -> int:
    """How many words all rows begin with."""
    same = [len(set(words)) == 1 for words in zip(*rows, strict=False)]
    return (*same, False).index(False)


class _Song:
    """The names of one song's files, without endings, and their meanings; ``camel``: capitals separate words."""

    def __init__(self, names: Sequence[str], folder: str, vocabulary: Vocabulary, camel: bool) -> None:
        self._vocabulary, self._camel, self._folder = vocabulary, camel, words_of(folder, camel)
        fields = [self._split(name) for name in names]
        sounding = [vocabulary.read(name.words).stem not in SUMS for name in fields]
        parts = [name for name, sounds in zip(fields, sounding, strict=True) if sounds]
        self._several = len(parts) > 1
        self._shared = _common([name.words for name in parts]) if self._several else 0
        self._suffix = self._common_suffix(parts)
        self._names = [
            self._titled(name, self._shared if sounds else 0)
            for name, sounds in zip(fields, sounding, strict=True)
        ]
        parts = [name for name, sounds in zip(self._names, sounding, strict=True) if sounds]
        self._title_fields = {field for name in parts for field in self._before_last(name)}
        self._title_is_stem = self._shared_is_stem(parts)
        self.meanings = [self._read(name) for name in self._names]

    def _split(self, text: str) -> _Name:
        """A name's fields, without its number and without brackets that name nothing: ``01 Strings (continued)``."""

        def telling(bracket: re.Match[str]) -> str:
            return bracket[0] if self._vocabulary.read(words_of(bracket[1], self._camel)).candidates else " "

        parts = _SEPARATOR.split(_BRACKETS.sub(telling, _MINUS.sub(r"\1minus ", text)))
        name = _Name(tuple(words for part in parts if (words := words_of(part, self._camel))))
        numbered = len(name.words) > 1 and name.words[0].isdigit()
        if numbered and not any(one.start == 0 for one in self._vocabulary.phrases(name.words)):
            return _Name(tuple(_Name(name.fields, title=1).rest))
        return name

    def _common_suffix(self, names: Sequence[_Name]) -> Field | None:
        """The last field, where all names have the same and more before it: ``bass - Drum Song``."""
        last = {name.fields[-1:] for name in names}
        if self._several and len(last) == 1 and all(len(name.fields) > 1 for name in names):
            return last.pop()[0]
        return None

    def _titled(self, name: _Name, shared: int) -> _Name:
        """The name without the suffix, with its title: the shared words, or the folder's name."""
        is_folder = (
            name.words[: len(self._folder)] == self._folder and self._vocabulary.stem(name.words) is None
        )
        fields = name.fields
        if self._suffix and len(fields) > 1 and fields[-1] == self._suffix:
            fields = fields[:-1]
        return replace(name, fields=fields, title=max(shared, len(self._folder) if is_folder else 0))

    def _before_last(self, name: _Name) -> list[Field]:
        """The fields before one that names another stem: they belong to the title."""
        meant = [self._vocabulary.read(field).candidates for field in name.rest]
        last = max((i for i, one in enumerate(meant) if one), default=0)
        return [name.rest[i] for i in range(last) if meant[i] != meant[last]]

    def _shared_is_stem(self, names: Sequence[_Name]) -> bool:
        """Whether the shared words are a stem's name and no more, as in ``bass L``, ``bass R``, and no stem follows."""
        begin = names[0].words[: self._shared] if names else ()
        names = [name for name in names if name.title == self._shared]
        whole = all(
            any(one.start == 0 and one.stop >= self._shared for one in self._vocabulary.phrases(name.words))
            for name in names
        )
        after = any(
            not self._spanning(name) and self._vocabulary.read(name.words[self._shared :]).candidates
            for name in names
        )
        return bool(begin) and whole and not after and begin != self._folder

    def _spanning(self, name: _Name) -> list[Phrase]:
        """Phrases that begin in the title and end after it: ``bass`` and ``bass guitar``."""
        found = self._vocabulary.phrases(name.fields[0] if name.fields else ())
        return [one for one in found if one.start < name.title < one.stop]

    def _read(self, name: _Name) -> Meaning:
        spanning = self._spanning(name)
        one_field = len(name.fields) == 1 and is_place(name.words[name.title :])
        if self._title_is_stem and name.title == self._shared and (spanning or one_field):
            return self._vocabulary.read(name.words)
        if spanning:
            after = self._vocabulary.read(name.words[name.title :]).candidates
            return Meaning(None, (spanning[0].group, *after))
        return self._last(name.rest)

    def _last(self, fields: Sequence[Field]) -> Meaning:
        """The last field that names something. Among several files an earlier one may, if it is in no title."""
        for field in reversed(fields):
            meant = self._vocabulary.read(field)
            if meant.candidates:
                in_title = field in self._title_fields and field != fields[-1]
                return _UNKNOWN if in_title else self._undisputed(meant, fields)
            if not (self._several or is_place(field)):
                return _UNKNOWN
        return _UNKNOWN

    def _undisputed(self, meant: Meaning, fields: Sequence[Field]) -> Meaning:
        """The same, unless a field is nothing but the word for another stem: ``Bass (Master)``, ``Keys - Strings``."""
        others = [self._vocabulary.stem(field) for field in fields if len(field) == 1]
        disputed = tuple(stem for stem in others if stem and meant.stem and stem != meant.stem)
        return Meaning(None, (*disputed, *meant.candidates)) if disputed else meant
