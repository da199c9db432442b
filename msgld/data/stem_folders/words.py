"""The vocabulary of file names: whole words only, the longest phrase first, and no result where they are not clear.

The stems' own words are in :mod:`msgld.stems`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from msgld.errors import UsageError
from msgld.names import check_stem_names
from msgld.stems import MIXTURE, TABLE

COMPLEMENT = "complement"
"""Stands for a mixture without some stem: ``no_drums``, ``instrumental``."""

SUMS = (MIXTURE, COMPLEMENT)

NOWHERE = "nowhere"
"""Stands for an instrument that none of the stems includes; only without a stem ``other``."""

IGNORE = "ignore"
"""Instead of a stem in a user's rule: the file is left out."""

_SUM_WORDS = {
    MIXTURE: """mixture, mix, mixdown, mix down, full mix, fullmix, linear mixture, stereo mix, rough mix, main mix,
        final mix, master, mastered, premaster, full song, full track, two track, 2 track""",
    COMPLEMENT: """instrumental, instrumentals, karaoke, accompaniment, accompaniments, backing track, playback,
        minus one, everything else""",
}


def _phrases(text: str) -> frozenset[str]:
    """Phrases between commas."""
    return frozenset(" ".join(part.split()) for part in text.split(","))


_OPEN = _phrases("other, others, rest, residual, remainder, misc")
"""Names of a stem that holds everything without a file of its own."""
_NEGATIONS = _phrases("no, non, minus, without, sans, less, wo, ohne, sin, senza, not, but, except")
_EXACT = _phrases("bass drum, double bass drum")
"""Phrases without a plural: ``bass_drums`` rather means bass and drums."""
_PLURAL = _phrases("key, string")  # words that name an instrument in the plural only: ``keys``, ``strings``
_SUBMIX = _phrases("mix, submix, sub, bus, buss, group, comp")
"""After a stem's name these mean the sum of its parts: ``drum mix``."""
_PLACES = _phrases("""l, r, c, left, right, center, centre, mid, side, mono, stereo, di, amp, mic, mics, in, out, top,
    bottom, close, room, far, near, dry, wet, take, dbl, double, dub, x""")
_LONGEST = 4  # words of the longest phrase


class Phrase(NamedTuple):
    """A known phrase among words.

    Attributes:
        start: its first word.
        stop: the first word after it.
        group: one of the stems, ``mixture``, ``complement`` or ``nowhere``.
        open: whether it means everything without a file of its own, as ``other`` and ``rest`` do.
    """

    start: int
    stop: int
    group: str
    open: bool


@dataclass(frozen=True)
class Meaning:
    """The meaning of a name.

    Attributes:
        stem: a group, see :class:`Phrase`; None where the name is not clear.
        candidates: the groups it mentions, in the order of the name; none or several where ``stem`` is None.
        open: whether it means everything without a file of its own.
    """

    stem: str | None
    candidates: tuple[str, ...] = ()
    open: bool = False


class Vocabulary:
    """The phrases that mean something for one choice of stems; those of stems that it lacks mean ``other``."""

    def __init__(self, stems: tuple[str, ...]) -> None:
        rest = "other" if "other" in stems else NOWHERE
        table: dict[str, str] = {}
        for group, text in {**{stem.name: stem.words for stem in TABLE.values()}, **_SUM_WORDS}.items():
            meant = group if group in (*stems, *SUMS) else rest
            table |= {_key(phrase.split()): meant for phrase in _phrases(text)}
        own = {_key(words_of(stem)): stem for stem in stems}
        joined = {key.replace(" ", ""): meant for key, meant in (table | own).items()}
        self._table = {**joined, **table, **own}

    def read(self, words: Sequence[str]) -> Meaning:
        """The meaning of a sequence of words: a stem if all phrases name the same one."""
        found = self.phrases(words)
        groups = tuple(dict.fromkeys(phrase.group for phrase in found))
        if len(groups) != 1:
            return Meaning(None, groups)
        return Meaning(groups[0], groups, any(phrase.open for phrase in found))

    def stem(self, words: Sequence[str]) -> str | None:
        """The group of words that are the name of a stem or an instrument and nothing else; otherwise None."""
        found = self.phrases(words)
        whole = len(found) == 1 and found[0][:2] == (0, len(words)) and found[0].group not in SUMS
        return found[0].group if whole else None

    def phrases(self, words: Sequence[str]) -> list[Phrase]:
        """The known phrases among words, from left to right."""
        found, start = [], 0
        while start < len(words):
            length, group = self._phrase(words[start:])
            if group is not None:
                found.append(Phrase(start, start + length, group, length == 1 and words[start] in _OPEN))
            start += length
        return found

    def _phrase(self, words: Sequence[str]) -> tuple[int, str | None]:
        """The number of words at the beginning that belong together, and their group."""
        length, group = self._longest(words)
        if group is None:
            return self._negated(words)
        follower = words[length] if length < len(words) else ""
        if group in SUMS:
            return length, group
        if follower == "less":
            return length + 1, COMPLEMENT
        alone = follower in _SUBMIX and self._longest(words[length:])[0] == 1
        return length + alone, group

    def _negated(self, words: Sequence[str]) -> tuple[int, str | None]:
        """The same where no stem comes first: ``no drums``, ``drumless``, ``novocals``."""
        word = words[0]
        if word in _NEGATIONS and len(words) > 1:
            length, negated = self._longest(words[1:])
            return (1 + length, COMPLEMENT) if negated else (1, None)
        rest = [word.removesuffix("less")] if word.endswith("less") else []
        rest += [word.removeprefix(no) for no in _NEGATIONS if word.startswith(no)]
        known = any(part and part not in _OPEN and _singular(part) in self._table for part in rest)
        return 1, COMPLEMENT if known else None

    def _longest(self, words: Sequence[str]) -> tuple[int, str | None]:
        """The longest phrase of the table at the beginning: its number of words, and its group."""
        for length in range(min(_LONGEST, len(words)), 0, -1):
            phrase = words[:length]
            key = _key(phrase)
            other_number = (key in _EXACT and " ".join(phrase) != key) or (
                key in _PLURAL and phrase[0] == key
            )
            if key in self._table and not other_number:
                return length, self._table[key]
        return 1, None


vocabulary = lru_cache(maxsize=32)(Vocabulary)
"""The vocabulary of some stems, built once."""


def stems_to_train(names: Sequence[str]) -> tuple[str, ...]:
    """Stem names for a new model, in lower case.

    Raises:
        UsageError: none, two alike, one that cannot be a file's name everywhere, or one with another meaning.
    """
    stems = check_stem_names((name.strip().lower() for name in names), UsageError)
    if not stems:
        raise UsageError("name at least one stem, such as bass,drums")
    keys = [_key(words_of(stem)) for stem in stems]
    for stem, key in zip(stems, keys, strict=True):
        if stem in (*SUMS, NOWHERE, IGNORE, "all"):
            raise UsageError(f"{stem!r} means something else and cannot be a stem's name: choose another")
        if not key or keys.count(key) > 1:
            raise UsageError(f"{stem!r} has no words of its own: files of this stem could not be told apart")
    return stems


def is_place(words: Sequence[str]) -> bool:
    """Whether words only tell recordings of one instrument apart: numbers, sides, microphones."""
    return all(word in _PLACES or word.isdigit() for word in words)


_JOINED = re.compile(r"[+&,]")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"\d+|[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|.")


def words_of(text: str, camel: bool = True) -> tuple[str, ...]:
    """Words in lower case without accents; ``+``, ``&``, comma count as ``and``; ``camel`` splits ``bassGuitar``."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    runs = _RUN.findall(_JOINED.sub(" and ", plain))
    return tuple(part.casefold() for run in runs for part in (_CAMEL.findall(run) if camel else [run]))


def _key(words: Sequence[str]) -> str:
    return " ".join(map(_singular, words))


def _singular(word: str) -> str:
    """A word without the s of a plural; ``bass`` keeps its own."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
