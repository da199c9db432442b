"""Reads stems from words: whole words only, the longest phrase first, and no result where they are not clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msgld.data.words import (
    COMPLEMENT,
    EXACT,
    MIXTURE,
    NEGATIONS,
    OPEN_WORDS,
    PLURAL,
    SUBMIX,
    SUM_WORDS,
    phrases,
    singular,
    words_of,
)
from msgld.errors import UsageError
from msgld.names import check_stem_names
from msgld.stems import TABLE

SUMS = (MIXTURE, COMPLEMENT)

NOWHERE = "nowhere"
"""The place of an instrument that the stems lack, where there is no ``other`` among them."""

_LONGEST = 4
_RESERVED = (*SUMS, NOWHERE, "ignore", "all")


@dataclass(frozen=True)
class Meaning:
    """The meaning of a name.

    Attributes:
        stem: one of the stems, ``mixture``, ``complement`` or ``nowhere``; None where the name is not clear.
        candidates: what it may be, in the order of the name; none or several where ``stem`` is None.
        open: whether the stem holds whatever the set has no other file for, as ``other`` and ``rest`` do.
    """

    stem: str | None
    candidates: tuple[str, ...] = ()
    open: bool = False


UNKNOWN = Meaning(None)


@dataclass(frozen=True)
class Phrase:
    """A known phrase among words: where it starts, its length in words, and what it names."""

    start: int
    length: int
    group: str
    open: bool

    @property
    def stop(self) -> int:
        """The first word after it."""
        return self.start + self.length


def stems_to_train(names: Sequence[str]) -> tuple[str, ...]:
    """Stem names for a new model, in lower case.

    Raises:
        UsageError: none, two alike, one that cannot be a file's name everywhere, or one that means something else.
    """
    stems = check_stem_names((name.strip().lower() for name in names), UsageError)
    if not stems:
        raise UsageError("name at least one stem, such as bass,drums")
    keys = [_key(words_of(stem)) for stem in stems]
    for stem, key in zip(stems, keys, strict=True):
        if stem in _RESERVED:
            raise UsageError(f"{stem!r} means something else and cannot be a stem's name: choose another")
        if not key or keys.count(key) > 1:
            raise UsageError(f"{stem!r} has no words of its own: files of this stem could not be told apart")
    return stems


def place_of(name: str, stems: tuple[str, ...]) -> str:
    """The stem of an instrument or a group; ``nowhere`` if the stems have no place for it.

    Raises:
        ValueError: it is not just the name of a stem or an instrument.
    """
    words = words_of(name)
    if not is_stem(words, stems):
        raise ValueError(name)
    return str(read_words(words, stems).stem)


def is_stem(words: Sequence[str], stems: tuple[str, ...]) -> bool:
    """Whether words are the name of a stem or an instrument and nothing else."""
    found = phrases_in(words, stems)
    return (
        len(found) == 1 and found[0].group not in SUMS and (found[0].start, found[0].stop) == (0, len(words))
    )


def read_words(words: Sequence[str], stems: tuple[str, ...]) -> Meaning:
    """The meaning of a sequence of words."""
    return combined(phrases_in(words, stems))


def combined(found: Sequence[Phrase]) -> Meaning:
    """The meaning of several phrases: a stem if all of them name the same one."""
    groups = tuple(dict.fromkeys(phrase.group for phrase in found))
    if len(groups) != 1:
        return Meaning(None, groups)
    return Meaning(groups[0], groups, any(phrase.open for phrase in found))


def phrases_in(words: Sequence[str], stems: tuple[str, ...]) -> list[Phrase]:
    """The known phrases among words, from left to right."""
    found, place = [], 0
    while place < len(words):
        length, group = _phrase_at(words, place, stems)
        if group is not None:
            is_open = length == 1 and words[place] in OPEN_WORDS
            found.append(Phrase(place, length, group, is_open))
        place += length
    return found


def _phrase_at(words: Sequence[str], place: int, stems: tuple[str, ...]) -> tuple[int, str | None]:
    """How many words from a place on belong together, and what they name."""
    length, group = _named_at(words, place, stems)
    if group is None:
        return _negated_at(words, place, stems)
    follower = words[place + length] if place + length < len(words) else ""
    if group in SUMS:
        return length, group
    if follower == "less":
        return length + 1, COMPLEMENT
    alone = follower in SUBMIX and _named_at(words, place + length, stems)[0] == 1
    return length + alone, group


def _negated_at(words: Sequence[str], place: int, stems: tuple[str, ...]) -> tuple[int, str | None]:
    """The same where no stem is named: ``no drums``, ``drumless``, ``novocals``."""
    word = words[place]
    if word in NEGATIONS and place + 1 < len(words):
        length, negated = _named_at(words, place + 1, stems)
        return (1 + length, COMPLEMENT) if negated else (1, None)
    rest = [word.removesuffix("less")] if word.endswith("less") else []
    rest += [word[len(no) :] for no in NEGATIONS if word.startswith(no)]
    known = any(part and part not in OPEN_WORDS and singular(part) in _table(stems) for part in rest)
    return 1, COMPLEMENT if known else None


def _named_at(words: Sequence[str], place: int, stems: tuple[str, ...]) -> tuple[int, str | None]:
    """The longest phrase of the table that begins at a place: its length in words, and what it names."""
    table = _table(stems)
    for length in range(min(_LONGEST, len(words) - place), 0, -1):
        phrase = words[place : place + length]
        key = _key(phrase)
        other_number = (key in EXACT and " ".join(phrase) != key) or (key in PLURAL and phrase[0] == key)
        if key in table and not other_number:
            return length, table[key]
    return 1, None


def _key(words: Sequence[str]) -> str:
    return " ".join(map(singular, words))


@lru_cache(maxsize=32)
def _table(stems: tuple[str, ...]) -> Mapping[str, str]:
    """Phrases in the singular, also written as one word -> what they name, see :class:`Meaning`."""
    rest = "other" if "other" in stems else NOWHERE
    table: dict[str, str] = {}
    for group, text in {**{stem.name: stem.words for stem in TABLE.values()}, **SUM_WORDS}.items():
        place = group if group in (*stems, *SUMS) else rest
        table |= {_key(phrase.split()): place for phrase in phrases(text)}
    own = {_key(words_of(stem)): stem for stem in stems}
    joined = {key.replace(" ", ""): place for key, place in (table | own).items()}
    return {**joined, **table, **own}
