"""The bassist: figures over the chords, walking lines, or whatever the kick drum plays."""

from __future__ import annotations

from .dice import Dice
from .figures import Step, bar_of
from .instruments import RANGES
from .patterns.bass import BASS
from .patterns.guitar import GUITAR, RIFFED
from .plan import Bar, Event, Part, Section, Segment, Song
from .programs import pan, program
from .voicing import above
from .walk import Hand, approach, walk

_WEIGHT = {"R": 104.0, "8": 96.0, "x": 48.0, "r": 84.0, "a": 90.0, "w": 96.0}
_DEGREE = {"3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "2": 2}


def bass(song: Song, dice: Dice) -> list[Part]:
    """Write the bass part."""
    chosen = program(song.style, "bass", "bass", dice)
    low = RANGES[chosen][0] + dice.whole(0, 5)
    hand = Hand(low, low + 5)
    figures: dict[str, str] = {}
    stock = song.fitting(song.style.bass, BASS)
    usual = dice.pick(stock)
    touch = dice.weighted({0.97: 3.0, 0.88: 3.0, 0.75: 2.0, 0.55: 1.0})
    events: list[Event] = []
    for section in song.sections:
        other = dice.pick(stock) if dice.chance(0.45) else usual
        name = figures.setdefault(section.name, other)
        text = _riff(song.riff) if song.riff and section.name in RIFFED else BASS[name]
        for bar in section.playing("bass"):
            events += _bar(song, section, bar, text, hand, touch, dice)
    return [Part("bass", chosen, events, pan(dice, 0.15), dice.whole(90, 115))]


def _bar(
    song: Song, section: Section, bar: Bar, text: str, hand: Hand, touch: float, dice: Dice
) -> list[Event]:
    steps = section.steps(bar, text, "R")
    if steps and steps[0].symbol == "k":
        steps = kick_steps(song, section, bar)
    events: list[Event] = []
    fresh = None
    for step in steps:
        at = bar.start + step.at * song.beats
        segment = bar.at(at)
        symbol = step.symbol
        if segment is not fresh and symbol in "3567ra" and not song.riff and dice.chance(0.85):
            symbol = "R"
        fresh = segment
        hand.pitch = _pitch(symbol, segment, at, step.length * song.beats, hand, dice)
        length = 0.15 if symbol == "x" else step.length * song.beats * touch
        events.append((at, length, hand.pitch, _WEIGHT.get(symbol, 92.0)))
    return events


def _riff(name: str) -> str:
    """The guitar's riff in the letters of bass figures."""
    return GUITAR[name].translate(str.maketrans("TQFS", "3457"))


def kick_steps(song: Song, section: Section, bar: Bar) -> tuple[Step, ...]:
    """The kick's strokes as roots, each held up to the next but no longer than a beat and a half."""
    rows = song.rows(section)
    onsets = [s.at for s in bar_of(rows.get("K", "X..............."), bar.place)] or [0.0]
    ends = [*onsets[1:], 1.0]
    return tuple(Step(a, min(b - a, 1.5 / song.beats), "R") for a, b in zip(onsets, ends, strict=True))


def _pitch(symbol: str, segment: Segment, at: float, length: float, hand: Hand, dice: Dice) -> int:
    chord = segment.chord
    root = above(chord.root, hand.low)
    if symbol in _DEGREE:
        return root + chord.degree(_DEGREE[symbol])
    if symbol == "8":
        return root + 12
    if symbol == "l":
        fifth = root + chord.degree(5) - 12
        return fifth if fifth >= hand.low - 5 else fifth + 12
    if symbol == "a":
        return approach(segment, hand, dice)
    if symbol == "w":
        return walk(segment, at, length, hand, dice)
    return root
