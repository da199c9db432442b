"""The drummer: a groove, percussion over it, fills that lead into what comes, crashes where it begins."""

from __future__ import annotations

from .dice import Dice
from .figures import bar_of
from .patterns.grooves import FILLS, GROOVES, OVERLAYS
from .plan import Bar, Event, Part, Section, Song, bare
from .programs import program
from .style import Style

PITCHES: dict[str, int] = {
    "K": 36, "S": 38, "T": 37, "G": 39, "H": 42, "O": 46, "P": 44, "R": 51, "b": 53, "C": 49, "c": 57,
    "Y": 52,
    "y": 55, "N": 50, "M": 47, "L": 45, "F": 43, "W": 56, "A": 54, "Z": 70, "D": 64, "d": 63, "U": 60,
    "u": 61,
    "g": 73, "Q": 75, "J": 67, "t": 81, "w": 76, "E": 65,
}  # fmt: skip
"""Letters of the groove tables as notes of the General MIDI drum map."""

LOUDNESS = {"X": 112.0, "x": 92.0, "s": 70.0, "o": 40.0, "?": 60.0}
_HATS = (
    "x.x.x.x.x.x.x.x.", "X.s.X.s.X.s.X.s.", "xsxsxsxsxsxsxsxs", "x...x...x...x...", "..x...x...x...x.",
    "x.xxx.xxx.xxx.xx",
)  # fmt: skip


def kit_rows(style: Style, dice: Dice) -> tuple[dict[str, str], ...]:
    """Choose a suite of three grooves of a style and vary it: other hats, another kick, a ride for hats."""
    suite = dice.pick(style.drums)
    rows = [dict(GROOVES[name]) for name in suite]
    if style.beats == 4 and style.swing[1] <= 0.56:
        if dice.chance(0.3):
            hats = dice.pick(_HATS)
            rows = [{**r, "H": hats} if "H" in r and len(r["H"]) == 16 else r for r in rows]
        if dice.chance(0.25):
            kick = GROOVES[dice.pick(style.drums)[dice.whole(0, 2)]].get("K", "")
            rows = [{**r, "K": kick} if len(bare(kick)) == len(bare(r.get("K", ""))) else r for r in rows]
    if dice.chance(0.15) and "H" in rows[2] and "R" not in rows[2]:
        rows[2] = {**rows[2], "R": rows[2]["H"]}
        del rows[2]["H"]
    return tuple(rows)


def drums(song: Song, dice: Dice) -> list[Part]:
    """Write the drum part."""
    overlays = {s.name: _overlay(song, s, dice) for s in song.sections}
    fill_rate = dice.between(0.1, 0.6)
    events: list[Event] = []
    for number, section in enumerate(song.sections):
        rows = {**song.rows(section), **overlays[section.name]}
        for bar in section.playing("drums"):
            events += _bar(song, section, bar, rows, fill_rate, dice)
        if section.playing("drums") and section.entries["drums"] == 0:
            events += _crash(section, number == 0, dice)
    kit = program(song.style, "drums", "drums", dice)
    return [Part("drums", kit, _alternates(events, dice), 64, dice.whole(85, 115))]


def _overlay(song: Song, section: Section, dice: Dice) -> dict[str, str]:
    rows: dict[str, str] = {}
    for name in song.style.percussion if song.division == 4 else ():
        if dice.chance(0.15 + 0.45 * section.level):
            rows.update(OVERLAYS[name])
    return rows


def _bar(
    song: Song, section: Section, bar: Bar, rows: dict[str, str], rate: float, dice: Dice
) -> list[Event]:
    last = bar.place == len(section.bars) - 1
    chance = 0.85 if last else rate if bar.place % 4 == 3 else 0.0
    if section.tagged(bar):
        return _strokes(bar, dict.fromkeys("KSC", section.tag), song.beats, dice)
    if not dice.chance(chance):
        return _strokes(bar, rows, song.beats, dice)
    fill = dice.pick(tuple(FILLS[song.division].values()))
    begin = min(step.at for row in fill.values() for step in bar_of(row, 0))
    kept = [e for e in _strokes(bar, rows, song.beats, dice) if e[0] < bar.start + begin * song.beats - 1e-6]
    return kept + _strokes(bar, fill, song.beats, dice)


def _strokes(bar: Bar, rows: dict[str, str], beats: int, dice: Dice) -> list[Event]:
    events: list[Event] = []
    for letter, row in rows.items():
        pitch = PITCHES[letter]
        for step in bar_of(row, bar.place):
            if step.symbol != "?" or dice.chance(0.4):
                loud = LOUDNESS[step.symbol] + 12 * dice.unit() - 6
                events.append((bar.start + step.at * beats, 0.2, pitch, loud))
    return events


def _crash(section: Section, opening: bool, dice: Dice) -> list[Event]:
    if not dice.chance(0.15 + 0.75 * section.level - 0.2 * opening):
        return []
    pitch = dice.weighted({49: 6.0, 57: 3.0, 55: 1.0, 52: 0.5})
    return [(section.bars[0].start, 0.5, pitch, 80 + 35 * section.level)]


def _alternates(events: list[Event], dice: Dice) -> list[Event]:
    """Give the piece its own drums: the other kick, snare or toms of the map, at random."""
    pairs = ((36, 35), (38, 40), (45, 41), (43, 41), (70, 82), (51, 59))
    swap = {usual: other if dice.chance(0.3) else usual for usual, other in pairs}
    return [(at, length, swap.get(pitch, pitch), loud) for at, length, pitch, loud in events]
