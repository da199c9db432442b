"""A whole piece from a seed: plan, parts, performance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgld.errors import UsageError
from msgld.music.keys import MODES, key_name, parse_key

from .bass import bass
from .dice import Dice
from .drums import drums, kit_rows
from .form import sections
from .guitar import guitar
from .instruments import CLASSES
from .other import other
from .patterns.guitar import RIFFS
from .perform import perform
from .piano import piano
from .plan import Part, Section, Song, division
from .style import Style
from .styles import RESERVED_STYLES, STYLES

if TYPE_CHECKING:
    from symusic.core import ScoreTick

RESERVED_SEED = 1_000_000_000
"""Seeds from here on are for held-out sets. A convention: train on smaller ones."""

_PLAYERS = {"bass": bass, "drums": drums, "guitar": guitar, "piano": piano, "other": other}
_MISSING = 0.05


@dataclass(frozen=True)
class Piece:
    """A composed piece.

    Attributes:
        score: tracks named after their stem; several may share one. Controllers 7 and 10 give volume and pan.
        style: name of the style.
        bpm: beats (quarter notes) a minute.
        key: such as ``"Eb minor"``.
        seed: what it was composed from.
        sections: (name, first bar, bars) in order, bars counted from 0.
    """

    score: ScoreTick
    style: str
    bpm: float
    key: str
    seed: int
    sections: tuple[tuple[str, int, int], ...]


def compose(seed: int, *, style: str | None = None, bpm: float | None = None, key: str | None = None,
            bars: int | None = None) -> Piece:  # fmt: skip
    """Compose a piece for bass, drums, guitar, piano and other; now and then one of them is missing.

    Args:
        seed: 0 or more; the same seed and options give the same notes. See ``RESERVED_SEED``.
        style: a name in ``STYLES``; None draws one that is not reserved.
        bpm: beats a minute, 20 to 400; None draws one that suits the style.
        key: such as ``"A"``, ``"Bb"``, ``"F# dorian"``; None draws one, a bare note leaves the mode open.
        bars: length of the piece, 1 or more; None takes the form's own, two to three minutes mostly.

    Raises:
        UsageError: for an unknown style or key, or a number out of range.
    """
    if seed < 0 or (bars is not None and bars < 1) or (bpm is not None and not 20 <= bpm <= 400):
        raise UsageError("give a seed of 0 or more, at least 1 bar, and 20 to 400 beats a minute")
    dice = Dice(seed)
    chosen = _style(style, dice)
    return play_out(plan_piece(chosen, bpm, key, bars, dice), seed)


def play_out(song: Song, seed: int) -> Piece:
    """All parts of a planned piece, performed."""
    score = perform(song, written(song, seed), Dice(seed, "perform"))
    outline = tuple((s.name, s.bars[0].index, len(s.bars)) for s in song.sections)
    return Piece(score, song.style.name, song.bpm, key_name(song.tonic, song.mode), seed, outline)


def written(song: Song, seed: int) -> list[Part]:
    """All parts of a planned piece, on the grid."""
    stems = tuple(s for s in CLASSES if any(s in part.entries for part in song.sections))
    return [part for stem in stems for part in _PLAYERS[stem](song, Dice(seed, stem))]


def _style(name: str | None, dice: Dice) -> Style:
    drawn = dice.pick([s for s in STYLES if s not in RESERVED_STYLES])
    if name is not None and name not in STYLES:
        raise UsageError(f"unknown style {name!r}: choose one of {', '.join(STYLES)}")
    return STYLES[name or drawn]


def plan_piece(style: Style, bpm: float | None, key: str | None, bars: int | None, dice: Dice) -> Song:
    """Plan a piece in a style; what is None is drawn."""
    tonic, mode = dice.whole(0, 11), None
    drawn = dice.weighted(style.modes)
    if key is not None:
        tonic, mode = parse_key(key)
    mode = mode or drawn
    tempo = round(dice.between(*style.tempo), 1)
    swing = dice.between(*style.swing)
    kit = kit_rows(style, dice.child("kit"))
    stems = tuple(s for s in CLASSES if not dice.chance(style.absent.get(s, _MISSING)))
    triple = division(kit) == 3
    form = sections(style, tonic, mode, stems or tuple(CLASSES), bars, division(kit), dice.child("form"))
    pushed = frozenset() if triple else _pushes(style, form, dice.child("push"))
    tempo = float(bpm if bpm is not None else tempo)
    riffs = tuple(name for name in RIFFS if name in style.guitar)
    riff = dice.pick(riffs) if riffs and dice.chance(0.3) and not triple else ""
    straight = swing < 0.52 or (triple and style.beats == 4)
    return Song(style, tempo, tonic, mode, 0.5 if straight else swing, kit, pushed, riff, form)


def _pushes(style: Style, form: tuple[Section, ...], dice: Dice) -> frozenset[int]:
    """Bars that come an eighth early: every second or fourth of some sections, or none at all."""
    if not dice.chance(style.push):
        return frozenset()
    names = {name for name in sorted({s.name for s in form}) if dice.chance(0.6)}
    period, offset = dice.pick(((2, 1), (4, 2), (4, 3), (1, 0), (4, 1)))
    bars = [b for s in form if s.name in names for b in s.bars if b.place % period == offset and b.index > 0]
    return frozenset(b.index for b in bars)


__all__ = ["MODES", "RESERVED_SEED", "RESERVED_STYLES", "STYLES", "Piece", "compose"]
