"""Keys, scales and chords: Roman numerals in, pitch classes out.

Numerals are counted on the major scale of the tonic, whatever the mode, as jazz musicians write them: the
three chords of A minor are ``i``, ``iv`` and ``v``, its F major is ``bVI``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from msgld.errors import UsageError
from msgld.music import keys

QUALITIES: dict[str, tuple[int, ...]] = {
    "M": (0, 4, 7), "M6": (0, 4, 7, 9), "M69": (0, 4, 7, 9, 14), "Mmaj7": (0, 4, 7, 11),
    "Mmaj9": (0, 4, 7, 11, 14),
    "Madd9": (0, 4, 7, 14), "M7": (0, 4, 7, 10), "M9": (0, 4, 7, 10, 14), "M13": (0, 4, 10, 14, 21),
    "M7b9": (0, 4, 7, 10, 13), "M7#9": (0, 4, 7, 10, 15), "M7alt": (0, 4, 8, 10, 15), "Msus4": (0, 5, 7),
    "Msus2": (0, 2, 7), "M7sus4": (0, 5, 7, 10), "M9sus4": (0, 5, 7, 10, 14), "M+": (0, 4, 8), "M5": (0, 7),
    "Mmaj7#11": (0, 4, 7, 11, 18), "M7#11": (0, 4, 7, 10, 18),
    "m": (0, 3, 7), "m6": (0, 3, 7, 9), "m69": (0, 3, 7, 9, 14), "m7": (0, 3, 7, 10), "m9": (0, 3, 7, 10, 14),
    "m11": (0, 3, 7, 10, 17), "madd9": (0, 3, 7, 14), "mmaj7": (0, 3, 7, 11), "mo": (0, 3, 6),
    "mo7": (0, 3, 6, 9), "mh7": (0, 3, 6, 10),
}  # fmt: skip

_DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_NUMERAL = re.compile(r"([b#]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)")


@dataclass(frozen=True)
class Chord:
    """A chord in a key.

    Attributes:
        root: pitch class, 0 is C.
        tones: semitones above the root, rising; the first is 0.
        scale: pitch classes that sound well over it, rising; holds the chord's own.
    """

    root: int
    tones: tuple[int, ...]
    scale: tuple[int, ...]

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes from the root upwards."""
        return tuple((self.root + t) % 12 for t in self.tones)

    def degree(self, number: int) -> int:
        """Semitones from the root to the chord's (or else the scale's) third, fifth, sixth or seventh."""
        low, high, plain = _DEGREE_SPANS[number]
        for tone in self.tones:
            if low <= tone <= high:
                return tone
        fitting = [s for s in range(low, high + 1) if (self.root + s) % 12 in self.scale]
        return plain if plain in fitting or not fitting else fitting[0]


_DEGREE_SPANS = {2: (1, 2, 2), 3: (3, 5, 4), 4: (5, 6, 5), 5: (6, 8, 7), 6: (8, 9, 9), 7: (9, 11, 10)}


@lru_cache(maxsize=8192)
def chord(numeral: str, tonic: int, mode: str, colour: int = 0) -> Chord:
    """Build the chord of a Roman numeral.

    Args:
        numeral: such as ``"I"``, ``"bVII"``, ``"ii7"``, ``"V7b9"``; lower case is minor, ``o`` diminished.
        tonic: pitch class of the key.
        mode: a name in ``MODES``.
        colour: 1 adds the seventh of the scale to bare triads, 2 the ninth besides, -1 leaves root and fifth.
    """
    match = _NUMERAL.fullmatch(numeral)
    if not match:
        raise UsageError(f"cannot read the chord {numeral!r}: write it like 'ii7' or 'bVII'")
    sign, degree, suffix = match.groups()
    root = (tonic + _DEGREES[degree.upper()] + {"b": -1, "#": 1, "": 0}[sign]) % 12
    tones = QUALITIES[("M" if degree.isupper() else "m") + suffix]
    scale = keys.scale(tonic, "minor" if mode == "blues" else mode)
    if len(tones) == 3 and not suffix:
        tones = _coloured(root, tones, scale, colour)
    return Chord(root, tones, chord_scale(root, tones, scale))


def _coloured(root: int, tones: tuple[int, ...], scale: tuple[int, ...], colour: int) -> tuple[int, ...]:
    if colour < 0:
        return (0, tones[2])
    added = [next((s for s in (11, 10) if (root + s) % 12 in scale), 10)] if colour else []
    if colour > 1 and (root + 2) % 12 in scale:
        added.append(14)
    return (*tones, *added)


def chord_scale(root: int, tones: tuple[int, ...], scale: tuple[int, ...]) -> tuple[int, ...]:
    """The key's scale, less the notes a semitone away from a chord tone that is foreign to the key."""
    own = {(root + t) % 12 for t in tones}
    foreign = own - set(scale)
    kept = {s for s in scale if s in own or not {(s + 1) % 12, (s - 1) % 12} & foreign}
    return tuple(sorted(own | kept))


@lru_cache(maxsize=4096)
def ladder(scale: tuple[int, ...]) -> tuple[int, ...]:
    """All MIDI pitches of a set of pitch classes, rising."""
    classes = frozenset(scale)
    return tuple(p for p in range(128) if p % 12 in classes)
