"""The bassist: figures over the chords, walking lines, or whatever the kick drum plays."""

from __future__ import annotations

from dataclasses import dataclass

from .dice import Dice
from .figures import Step, bar_of
from .instruments import RANGES
from .patterns.bass import BASS
from .plan import Bar, Event, Part, Section, Segment, Song
from .programs import pan, program
from .theory import ladder
from .voicing import above, fold, nearest

_WEIGHT = {"R": 104.0, "8": 96.0, "x": 48.0, "r": 84.0, "a": 90.0, "w": 96.0}
_DEGREE = {"3": 3, "5": 5, "6": 6, "7": 7, "2": 2}


@dataclass
class _Hand:
    """Where the line is: the last pitch, which way a walk goes, and the register of roots."""

    low: int
    pitch: int
    way: int = 1


def bass(song: Song, dice: Dice) -> list[Part]:
    """Write the bass part."""
    chosen = program(song.style, "bass", "bass", dice)
    low = RANGES[chosen][0] + dice.whole(0, 5)
    hand = _Hand(low, low + 5)
    figures: dict[str, str] = {}
    usual = dice.pick(song.style.bass)
    touch = dice.between(0.6, 1.0)
    events: list[Event] = []
    for section in song.sections:
        other = dice.pick(song.style.bass) if dice.chance(0.45) else usual
        name = figures.setdefault(section.name, other)
        for bar in section.playing("bass"):
            events += _bar(song, section, bar, BASS[name], hand, touch, dice)
    return [Part("bass", chosen, events, pan(dice, 0.15), dice.whole(90, 115))]


def _bar(song: Song, section: Section, bar: Bar, text: str, hand: _Hand, touch: float, dice: Dice) -> list[Event]:
    steps = bar_of(text, bar.place)
    if steps and steps[0].symbol == "k":
        steps = kick_steps(song, section, bar)
    if section.stop and bar.place == len(section.bars) - 1:
        steps = tuple(s for s in steps if s.at < 0.05)
    events: list[Event] = []
    fresh = None
    for step in steps:
        at = bar.start + step.at * song.beats
        segment = bar.at(at)
        symbol = step.symbol
        if segment is not fresh and symbol in "3567ra" and dice.chance(0.85):
            symbol = "R"
        fresh = segment
        hand.pitch = _pitch(symbol, segment, at, step.length * song.beats, hand, dice)
        length = 0.15 if symbol == "x" else step.length * song.beats * touch
        events.append((at, length, hand.pitch, _WEIGHT.get(symbol, 92.0)))
    return events


def kick_steps(song: Song, section: Section, bar: Bar) -> tuple[Step, ...]:
    """The kick's strokes as roots, each held up to the next but no longer than a beat and a half."""
    rows = song.rows(section)
    onsets = [s.at for s in bar_of(rows.get("K", "X..............."), bar.place)] or [0.0]
    ends = [*onsets[1:], 1.0]
    return tuple(Step(a, min(b - a, 1.5 / song.beats), "R") for a, b in zip(onsets, ends, strict=True))


def _pitch(symbol: str, segment: Segment, at: float, length: float, hand: _Hand, dice: Dice) -> int:
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
        return _approach(segment, hand, dice)
    if symbol == "w":
        return _walk(segment, at, length, hand, dice)
    return root


def _approach(segment: Segment, hand: _Hand, dice: Dice) -> int:
    """A step above or below the coming root, in the scale or a semitone away, or its fifth."""
    goal = above(segment.following.root, hand.low)
    if dice.chance(0.2):
        return goal + 7
    step = dice.weighted({-1: 4.0, -2: 3.0, 2: 2.0, 1: 1.5})
    return goal + step if abs(step) == 1 else nearest(goal + step, segment.chord.scale)


def _walk(segment: Segment, at: float, length: float, hand: _Hand, dice: Dice) -> int:
    """One note of a walking line: root on the change, approach before the next, steps and chord tones between."""
    chord = segment.chord
    high = hand.low + 22
    if at <= segment.start + 1e-6:
        hand.way = 1 if hand.pitch < hand.low + 9 else -1 if dice.chance(0.7) else 1
        return fold(nearest(hand.pitch, (chord.root,)), hand.low, high)
    if at + length >= segment.start + segment.length - 1e-6:
        goal = fold(nearest(hand.pitch, (segment.following.root,)), hand.low, high)
        return goal + dice.weighted({-1: 4.0, 1: 3.0, -2: 1.0, 7: 0.6})
    if hand.pitch >= high - 2 or hand.pitch <= hand.low + 1:
        hand.way = -1 if hand.pitch > hand.low + 8 else 1
    if dice.chance(0.5):
        goal = nearest(hand.pitch + hand.way * dice.pick((3, 4, 5)), chord.classes)
    else:
        goal = nearest(hand.pitch + hand.way * 2, chord.scale)
    return goal if goal != hand.pitch else _next(chord.scale, hand)


def _next(scale: tuple[int, ...], hand: _Hand) -> int:
    steps = ladder(scale)
    return next((p for p in steps[:: hand.way] if (p - hand.pitch) * hand.way > 0), hand.pitch)
