"""What a new piece is planned to be where nothing is asked for: phrases that return, each over chords of its own.

A composer that is asked for sixteen bars begins every bar as if it were the next one of a long piece; phrases and their
chords make it music. Progressions are those of the built-in band's styles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgld.data.band.dice import Dice
from msgld.data.band.form import progressions
from msgld.data.band.style import Style
from msgld.data.band.styles import RESERVED_STYLES, STYLES
from msgld.data.band.theory import chord
from msgld.music.chord_names import QUALITIES, Chord, parse_chords
from msgld.music.conditions import Conditions
from msgld.music.keys import parse_key

PHRASE = 4
"""Bars of a phrase; with chords that are asked for as many as their row, from 3 to 8."""

FORMS = ("AABA", "ABAB", "AABB", "ABAC", "AABC")
"""Orders of phrases, one after another until the piece is full."""

REST = "Z"
"""The letter of bars that are left over at the end; they go on with the first phrase's chords."""


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes:
        conditions: with chords.
        sections: letters, each with its bars, together those of the piece.
    """

    conditions: Conditions
    sections: tuple[tuple[str, int], ...]

    @property
    def letters(self) -> str:
        """The form."""
        return "".join(letter for letter, _ in self.sections)


def planned(conditions: Conditions, bars: int, letters: str, seed: int) -> Plan:
    """Plan a piece as far as it is left open.

    Args:
        conditions: their chords stay, if there are any; a style, a key and the metre are kept to.
        bars: of the piece.
        letters: its form, each letter a section of equally many bars; empty for one that is drawn.
        seed: of what is drawn.
    """
    dice = Dice(seed, "plan")
    if letters:
        sections = [(letter, bars // len(letters)) for letter in letters]
    else:
        sections = _phrases(bars, _length(conditions), dice)
    if conditions.chords is None:
        first = sections[0][0]
        played = sections if letters else [(first if letter == REST else letter, n) for letter, n in sections]
        conditions = replace(conditions, chords=_chords(conditions, played, dice))
    return Plan(conditions, tuple(sections))


def _length(conditions: Conditions) -> int:
    row = PHRASE if conditions.chords is None else len(parse_chords(conditions.chords))
    return row if 3 <= row <= 8 else PHRASE


def _phrases(bars: int, length: int, dice: Dice) -> list[tuple[str, int]]:
    form = dice.pick(FORMS)
    whole = [(form[number % len(form)], length) for number in range(bars // length)]
    return whole + ([(REST, bars % length)] if bars % length else [])


def _chords(conditions: Conditions, sections: list[tuple[str, int]], dice: Dice) -> str:
    """A row with the chords of every bar."""
    style = _style(conditions, dice)
    if conditions.key is None:
        tonic, mode = dice.pick(range(12)), dice.pick(tuple(style.progressions))
    else:
        tonic, own = parse_key(conditions.key)
        mode = own or "major"
    pool = [text.split("|") for text in progressions(style, mode)]
    fitting = [cells for cells in pool if 2 <= len(cells) <= 8] or pool
    material = {letter: dice.pick(fitting) for letter in dict.fromkeys(letter for letter, _ in sections)}
    return " ".join(_bar(material[letter][bar % len(material[letter])], tonic, mode)
                    for letter, count in sections for bar in range(count))  # fmt: skip


def _style(conditions: Conditions, dice: Dice) -> Style:
    """The style that is asked for, else one of the metre, if the band knows any."""
    if conditions.style in STYLES:
        return STYLES[conditions.style]
    known = [style for name, style in STYLES.items() if name not in RESERVED_STYLES]
    return dice.pick([style for style in known if style.beats == conditions.beats] or known)


def _bar(numerals: str, tonic: int, mode: str) -> str:
    return ",".join(_name(numeral, tonic, mode) for numeral in numerals.split())


def _name(numeral: str, tonic: int, mode: str) -> str:
    """A chord in a key by its name."""
    one = chord(numeral, tonic, mode)
    steps = {tone % 12 for tone in one.tones}
    alike = (name for name, own in QUALITIES.items() if set(own) == steps)
    return str(Chord(one.root, next(alike, "m" if 3 in steps else ""), one.root))
