"""How chords are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from msgld.errors import UsageError
from msgld.music.keys import NAMES, SHARPS

QUALITIES: Mapping[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    "dim": (0, 3, 6), "aug": (0, 4, 8), "sus2": (0, 2, 7), "sus4": (0, 5, 7), "5": (0, 7), "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9), "9": (0, 4, 7, 10, 2), "maj9": (0, 4, 7, 11, 2), "m9": (0, 3, 7, 10, 2), "add9": (0, 4, 7, 2),
    "madd9": (0, 3, 7, 2), "7sus4": (0, 5, 7, 10), "m7b5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9), "mmaj7": (0, 3, 7, 11),
    "7b9": (0, 4, 7, 10, 1), "7#9": (0, 4, 7, 10, 3), "11": (0, 4, 7, 10, 2, 5), "m11": (0, 3, 7, 10, 2, 5),
    "13": (0, 4, 7, 10, 2, 9), "7b5": (0, 4, 6, 10), "7#5": (0, 4, 8, 10), "maj7#11": (0, 4, 7, 11, 6),
    "69": (0, 4, 7, 9, 2), "maj13": (0, 4, 7, 11, 2, 9),
}  # fmt: skip
"""Name of a quality -> semitones above the root."""

_SPELLINGS = {
    "maj": "", "M": "", "major": "", "min": "m", "minor": "m", "-": "m", "M7": "maj7", "^7": "maj7", "Δ": "maj7",
    "Δ7": "maj7", "ma7": "maj7", "min7": "m7", "-7": "m7", "mi7": "m7", "o": "dim", "°": "dim", "o7": "dim7",
    "°7": "dim7", "+": "aug", "sus": "sus4", "ø": "m7b5", "ø7": "m7b5", "h7": "m7b5", "min7b5": "m7b5",
    "mM7": "mmaj7", "M9": "maj9", "min9": "m9", "2": "add9", "6/9": "69", "dom7": "7",
}  # fmt: skip
_CHORD = re.compile(r"([A-Ga-g][#b]?)([^/]*|6/9)(?:/([A-Ga-g][#b]?))?")
NONE = "N"
"""How "no chord" is written."""


@dataclass(frozen=True)
class Chord:
    """A chord.

    Attributes:
        root: pitch class, 0 is C.
        quality: a name in ``QUALITIES``.
        bass: pitch class of the lowest note.
    """

    root: int
    quality: str
    bass: int

    @property
    def classes(self) -> tuple[int, ...]:
        """Its pitch classes, the root first; a foreign bass is not among them."""
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])

    def transposed(self, semitones: int) -> Chord:
        """So many semitones higher."""
        return Chord((self.root + semitones) % 12, self.quality, (self.bass + semitones) % 12)

    def __str__(self) -> str:
        slash = "" if self.bass == self.root else f"/{NAMES[self.bass]}"
        return f"{NAMES[self.root]}{self.quality}{slash}"


def parse_chord(text: str) -> Chord | None:
    """Read ``"Am7"``, ``"F#dim"``, ``"C/E"``; ``"N"`` is no chord, None.

    Raises:
        UsageError: it is no chord.
    """
    text = text.strip()
    if text.upper() in (NONE, "N.C.", "NC"):
        return None
    found = _CHORD.fullmatch(text)
    if found:
        root, quality, bass = found.groups()
        quality = _SPELLINGS.get(quality.strip("()"), quality.strip("()"))
        if quality in QUALITIES:
            return Chord(_note(root), quality, _note(bass) if bass else _note(root))
    raise UsageError(
        f"no chord {text[:40]!r}: write a note and a quality, such as C, Am7, F#dim, Bbmaj7, C/E, or {NONE} for none"
    )


def _note(name: str) -> int:
    name = name[0].upper() + name[1:]
    return NAMES.index(name) if name in NAMES else SHARPS[name]


def parse_chords(text: str) -> tuple[tuple[Chord | None, ...], ...]:
    """Read a row of bars separated by spaces; chords that fraction a bar are separated by commas.

    ``"Am F,G C/E N"`` is four bars. Bar lines (``|``) may stand between them.

    Raises:
        UsageError: there is no chord in it, or one that is none, or more than four fraction a bar.
    """
    bars = tuple(
        tuple(parse_chord(one) for one in bar.split(",") if one.strip())
        for bar in text.replace("|", " ").split()
    )
    if not bars or not all(bars):
        raise UsageError(
            "chords are written one a bar with spaces between, such as 'Am F C G'; 'Am,F' shares a bar"
        )
    if any(len(bar) > 4 for bar in bars):
        raise UsageError("at most four chords fraction a bar")
    return bars


Halves = tuple[tuple[Chord | None, Chord | None], ...]
"""The chords of the two halves of each bar."""
