"""Reads stems from the names of one song's files: without the song's title, by the last field that names a stem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgld.data.stem_names import SUMS, UNKNOWN, Meaning, Phrase, is_stem, phrases_in, read_words
from msgld.data.words import PLACES, words_of
from msgld.stems import STEMS

Field = tuple[str, ...]
"""Words of a name between two separators such as `` - `` or a bracket."""

_MINUS = re.compile(r"([(\[])-")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_SEPARATOR = re.compile(r"\s+[-–—|~]+\s+|_-_|[()\[\]{}]|_{2,}|-{2,}")


@dataclass(frozen=True)
class Name:
    """A file's name: its fields, and how many words of it are the song's title."""

    fields: tuple[Field, ...]
    title: int = 0

    @property
    def words(self) -> Field:
        """All words."""
        return tuple(word for field in self.fields for word in field)

    def rest(self) -> list[Field]:
        """The fields without the title's words."""
        left, fields = self.title, []
        for field in self.fields:
            fields.append(field[left:])
            left = max(0, left - len(field))
        return [field for field in fields if field]


@dataclass(frozen=True)
class Title:
    """What is known of a song's title: how many words, whether these are a stem's name, and which fields are of it."""

    words: int
    is_stem: bool
    fields: frozenset[Field]


def stem_of_file(name: str, stems: tuple[str, ...] = STEMS) -> str | None:
    """Return the stem that a file of this name (without its ending) holds, going by its name alone.

    Returns:
        One of ``stems``; ``mixture`` for a sum of all, ``complement`` for a sum that lacks something; ``nowhere``
        for an instrument that these stems have no place for; None where the name is not clear.
    """
    return read_names([name], "", stems)[0].stem


def read_names(names: Sequence[str], folder: str, stems: tuple[str, ...]) -> list[Meaning]:
    """Read the names of the files in one folder, each without its ending.

    Words that all of them begin with are the song's title, and so is the folder's name. Of what is left the last
    field that names something counts.
    """
    meant = _read_all([_name(name, True, stems) for name in names], words_of(folder), stems)
    # Capitals part words, unless that leaves no known word: ``BaSS``.
    whole = _read_all([_name(name, False, stems) for name in names], words_of(folder, False), stems)
    return [one if one.candidates else other for one, other in zip(meant, whole, strict=True)]


def titles_of(names: Sequence[str], stems: tuple[str, ...]) -> list[Field]:
    """The words of each name but for the one that tells its stem; empty where all of them are numbers or places."""
    titles = []
    for name in names:
        words = words_of(name)
        found = phrases_in(words, stems)
        left = words[: found[-1].start] + words[found[-1].stop :] if found else words
        titles.append(left if any(not (word in PLACES or word.isdigit()) for word in left) else ())
    return titles


def _name(text: str, camel: bool, stems: tuple[str, ...]) -> Name:
    """A name's fields, without its number and without brackets that name nothing: ``01 Strings (continued)``."""

    def telling(bracket: re.Match[str]) -> str:
        return bracket[0] if read_words(words_of(bracket[1], camel), stems).candidates else " "

    parts = _SEPARATOR.split(_BRACKETS.sub(telling, _MINUS.sub(r"\1minus ", text)))
    fields = [words for part in parts if (words := words_of(part, camel))]
    words = Name(tuple(fields)).words
    if len(words) > 1 and words[0].isdigit() and not any(one.start == 0 for one in phrases_in(words, stems)):
        fields[0] = fields[0][1:]
    return Name(tuple(field for field in fields if field))


def _read_all(names: list[Name], folder: Field, stems: tuple[str, ...]) -> list[Meaning]:
    sounding = [name for name in names if read_words(name.words, stems).stem not in SUMS]
    shared = _shared(sounding) if len(sounding) > 1 else 0
    suffix = _suffix(sounding, stems)
    titled = [_titled(name, shared if name in sounding else 0, folder, suffix, stems) for name in names]
    title = _title(
        [one for one, name in zip(titled, names, strict=True) if name in sounding], shared, folder, stems
    )
    return [_read(name, title, len(sounding) > 1, stems) for name in titled]


def _shared(names: Sequence[Name]) -> int:
    """How many words all names begin with."""
    count = 0
    for words in zip(*(name.words for name in names), strict=False):
        if len(set(words)) > 1:
            break
        count += 1
    return count


def _suffix(names: Sequence[Name], stems: tuple[str, ...]) -> Field | None:
    """The last field, where all names have the same and more before it: ``bass - Drum Song``."""
    last = {name.fields[-1] for name in names if name.fields}
    several = len(names) > 1 and all(len(name.fields) > 1 for name in names)
    return last.pop() if several and len(last) == 1 else None


def _titled(name: Name, shared: int, folder: Field, suffix: Field | None, stems: tuple[str, ...]) -> Name:
    fields = (
        name.fields[:-1] if suffix and name.fields[-1:] == (suffix,) and len(name.fields) > 1 else name.fields
    )
    own = len(folder) if name.words[: len(folder)] == folder and not is_stem(name.words, stems) else 0
    return Name(fields, max(shared, own))


def _before_last(name: Name, stems: tuple[str, ...]) -> list[Field]:
    """The fields before one that tells another stem: they belong to the title."""
    rest = name.rest()
    meant = [read_words(field, stems).candidates for field in rest]
    last = max((i for i, one in enumerate(meant) if one), default=0)
    return [rest[i] for i in range(last) if meant[i] != meant[last]]


def _read(name: Name, title: Title, several: bool, stems: tuple[str, ...]) -> Meaning:
    spanning = _spanning(name, stems)
    if title.is_stem and name.title == title.words and (spanning or _is_place(name)):
        return read_words(name.words, stems)
    if spanning:
        return Meaning(None, (spanning[0].group, *read_words(name.words[name.title :], stems).candidates))
    return _last(name.rest(), title.fields, several, stems)


def _spanning(name: Name, stems: tuple[str, ...]) -> list[Phrase]:
    """Phrases of which one part is in the title: ``bass`` and ``bass guitar``."""
    return [
        one
        for one in phrases_in(name.fields[0] if name.fields else (), stems)
        if one.start < name.title < one.stop
    ]


def _is_place(name: Name) -> bool:
    """Whether what is left of a name only tells recordings of one instrument apart, within one field."""
    return len(name.fields) == 1 and all(w in PLACES or w.isdigit() for w in name.words[name.title :])


def _title(names: Sequence[Name], shared: int, folder: Field, stems: tuple[str, ...]) -> Title:
    """What is known of the title, from names that have been parted from it.

    What all of them begin with is a stem itself, as in ``bass L`` and ``bass R``, if it is no more than that, and if
    none of them names another stem after it.
    """
    fields = {field for name in names for field in _before_last(name, stems)}
    begin = names[0].words[:shared] if names and shared else ()
    names = [name for name in names if name.title == shared]
    begins = all(
        any(one.start == 0 and one.stop >= shared for one in phrases_in(name.words, stems)) for name in names
    )
    after = any(
        not _spanning(name, stems) and read_words(name.words[shared:], stems).candidates for name in names
    )
    return Title(shared, bool(begin) and begins and not after and begin != folder, frozenset(fields))


def _last(
    fields: Sequence[Field], titles: frozenset[Field], several: bool, stems: tuple[str, ...]
) -> Meaning:
    """The last field that tells. Among several files an earlier one may, where it is nobody's title."""
    for field in reversed(fields):
        meant = read_words(field, stems)
        if meant.candidates:
            return UNKNOWN if field in titles and field != fields[-1] else _undisputed(meant, fields, stems)
        if not (several or all(word in PLACES or word.isdigit() for word in field)):
            return UNKNOWN
    return UNKNOWN


def _undisputed(meant: Meaning, fields: Sequence[Field], stems: tuple[str, ...]) -> Meaning:
    """The same, unless a field is nothing but the word for another stem: ``Bass (Master)``, ``Keys - Strings``."""
    others = [read_words(field, stems).stem for field in fields if len(field) == 1 and is_stem(field, stems)]
    disputed = tuple(stem for stem in others if stem and meant.stem and stem != meant.stem)
    return Meaning(None, (*disputed, *meant.candidates)) if disputed else meant
