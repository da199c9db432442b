"""From chords to sounding pitches: close and open voicings that move little, and shapes a guitar can hold."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

from .theory import Chord, ladder

TUNING = (40, 45, 50, 55, 59, 64)
"""Open strings of a guitar, low to high, MIDI pitches."""


def nearest(pitch: float, classes: tuple[int, ...]) -> int:
    """The pitch of these classes that lies nearest, the lower of two equals."""
    steps = ladder(classes)
    at = bisect_left(steps, pitch)
    around = steps[max(at - 1, 0) : at + 1]
    return min(around, key=lambda p: abs(p - pitch))


def fold(pitch: int, low: int, high: int) -> int:
    """Move a pitch by octaves into [low, high], a span of at least an octave."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def above(pitch_class: int, low: int) -> int:
    """The lowest pitch of this class that is not below ``low``."""
    return low + (pitch_class - low) % 12


@lru_cache(maxsize=8192)
def voicings(classes: tuple[int, ...], low: int, high: int) -> tuple[tuple[int, ...], ...]:
    """All close positions and drop-2 positions of these pitch classes inside [low, high]."""
    found = []
    for turn in range(len(classes)):
        order = classes[turn:] + classes[:turn]
        for start in range(above(order[0], low), high + 1, 12):
            close = [start]
            for c in order[1:]:
                close.append(above(c, close[-1] + 1))
            found.append(tuple(close))
            if len(close) > 3:
                found.append(tuple(sorted([close[-2] - 12, *close[:-2], close[-1]])))
    inside = tuple(v for v in found if v[0] >= low and v[-1] <= high)
    return inside or (tuple(sorted(above(c, low) for c in classes)),)


@lru_cache(maxsize=65536)
def lead(before: tuple[int, ...], classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """The voicing of a chord that moves least from the one before and stays near the middle of the register.

    Args:
        before: pitches of the last chord, rising; empty at the start.
        classes: pitch classes of the new chord.
        low, high: the register, MIDI pitches.
    """
    middle = (low + high) / 2

    def cost(voicing: tuple[int, ...]) -> float:
        drift = 0.15 * abs((voicing[0] + voicing[-1]) / 2 - middle)
        if not before:
            return drift
        moves = [min(abs(p - q) for q in before) for p in voicing]
        return sum(moves) / len(moves) + 0.5 * abs(voicing[-1] - before[-1]) + drift

    return min(voicings(classes, low, high), key=cost)


def rootless(chord: Chord, voices: int = 4) -> tuple[int, ...]:
    """Pitch classes for a hand that leaves the root to the bass when the chord is rich enough."""
    tones = chord.tones
    if len(tones) > voices:
        tones = tuple(t for t in tones if t not in (0, 7))[-voices:] if len(tones) > 4 else tones[1:]
    return tuple((chord.root + t) % 12 for t in tones)


@lru_cache(maxsize=8192)
def guitar_shape(chord: Chord, fret: int) -> tuple[int, ...]:
    """Pitches of a chord fingered at this fret, rising: the root, then a chord tone on each string.

    A hand spans four frets; at fret 0 open strings count. Strings below the root's are left out.
    """
    classes = set(chord.classes)
    pitches: list[int] = []
    for number, string in enumerate(TUNING):
        wanted = classes if pitches else {chord.root}
        reach = [string + f for f in range(fret, fret + 4) if (string + f) % 12 in wanted]
        if not reach and not pitches and number >= 2:
            reach = [string + f for f in range(fret, fret + 4) if (string + f) % 12 in classes]
        if reach:
            fresh = [p for p in reach if p % 12 not in {q % 12 for q in pitches}]
            pitches.append((fresh or reach)[0])
    return tuple(sorted(set(pitches)))


@lru_cache(maxsize=8192)
def power(root: int, low: int = 38) -> tuple[int, int, int]:
    """Root, fifth and octave, the root not below ``low``."""
    base = above(root, low)
    return base, base + 7, base + 12
