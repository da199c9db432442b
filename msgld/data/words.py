"""Words around the names of stems in file names: sums, negations, places; the stems' own are in ``msgld.stems``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

OPEN_WORDS = frozenset({"other", "others", "rest", "residual", "remainder", "misc"})
"""Names of a stem that holds whatever the set has no other file for."""

MIXTURE = "mixture"
"""What :func:`msgld.data.stem_names.stem_of_file` returns for the sum of all stems."""

COMPLEMENT = "complement"
"""What it returns for a mixture that lacks something: ``no_drums``, ``instrumental``."""

SUM_WORDS: Mapping[str, str] = {
    MIXTURE: """mixture, mix, mixdown, mix down, full mix, fullmix, linear mixture, stereo mix, rough mix, main mix,
        final mix, master, mastered, premaster, full song, full track, two track, 2 track""",
    COMPLEMENT: """instrumental, instrumentals, karaoke, accompaniment, accompaniments, backing track, playback,
        minus one, everything else""",
}


def phrases(text: str) -> tuple[str, ...]:
    """Phrases between commas."""
    return tuple(" ".join(part.split()) for part in text.split(","))


NEGATIONS = frozenset(phrases("no, non, minus, without, sans, less, wo, ohne, sin, senza, not, but, except"))

EXACT = frozenset({"bass drum", "double bass drum"})
"""Phrases without a plural: ``bass_drums`` is rather bass and drums."""

PLURAL = frozenset({"key", "string"})
"""Words that name an instrument in the plural only: ``keys``, ``strings``."""

SUBMIX = frozenset({"mix", "submix", "sub", "bus", "buss", "group", "comp"})
"""After a stem's name these mean the sum of its parts: ``drum mix``."""

PLACES = frozenset(
    phrases("""l, r, c, left, right, center, centre, mid, side, mono, stereo, di, amp, mic, mics, in, out, top, bottom,
        close, room, far, near, dry, wet, take, dbl, double, dub, x""")
)
"""Words that distinguish recordings of one instrument."""


def singular(word: str) -> str:
    """A word without the s of a plural; ``bass`` keeps its own."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def plain(text: str) -> str:
    """Text without accents, whichever way they are stored."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


_JOINED = re.compile(r"[+&,]")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"\d+|[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|.")


def words_of(text: str, camel: bool = True) -> tuple[str, ...]:
    """Words in lower case; ``+``, ``&`` and the comma count as ``and``. ``camel`` parts ``bassGuitar`` in two."""
    runs = _RUN.findall(_JOINED.sub(" and ", plain(text)))
    parts = [part for run in runs for part in (_CAMEL.findall(run) if camel else [run])]
    return tuple(part.casefold() for part in parts)
