"""Lines that walk: from root to root by steps, chord tones and approach notes."""

from __future__ import annotations

from dataclasses import dataclass

from .dice import Dice
from .plan import Segment
from .theory import ladder
from .voicing import above, fold, nearest


@dataclass
class Hand:
    """Where a line is: the lowest root, the last pitch, and which way a walk goes (1 up, -1 down)."""

    low: int
    pitch: int
    way: int = 1


def approach(segment: Segment, hand: Hand, dice: Dice) -> int:
    """A step above or below the coming root, in the scale or a semitone away, or its fifth."""
    goal = above(segment.following.root, hand.low)
    if dice.chance(0.2):
        return goal + 7
    step = dice.weighted({-1: 4.0, -2: 3.0, 2: 2.0, 1: 1.5})
    return goal + step if abs(step) == 1 else nearest(goal + step, segment.chord.scale)


def walk(segment: Segment, at: float, length: float, hand: Hand, dice: Dice) -> int:
    """One note: the root on a change, an approach before the next, steps and chord tones between."""
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


def _next(scale: tuple[int, ...], hand: Hand) -> int:
    steps = ladder(scale)
    return next((p for p in steps[:: hand.way] if (p - hand.pitch) * hand.way > 0), hand.pitch)
