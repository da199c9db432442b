"""Tunes: a few motifs, repeated on the chords as they pass, in phrases that breathe."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from msgld.music import keys

from .dice import Dice
from .figures import figure
from .patterns.lines import RHYTHMS
from .plan import Bar, Event, Section, Song
from .theory import ladder
from .voicing import nearest

_PHRASES = ("abac", "aabc", "abab", "aaab", "a.bc", "ab.c", "abcc", "a.a.", "aabb", "abcd", "ab..")
_STEPS = {1: 5.0, -1: 6.0, 0: 2.0, 2: 2.5, -2: 2.5, 3: 0.8, -3: 0.8, 4: 0.6, -4: 0.4, 7: 0.1}
_ARCHES = ((0, 2, 4, 1), (4, 3, 1, 0), (0, 1, 3, 5), (2, 0, 3, -1), (0, 0, 0, 0), (3, 5, 2, 0))


@dataclass(frozen=True)
class Motif:
    """A bar of melody without pitch: a rhythm and the steps along the scale from note to note."""

    rhythm: str
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Voice:
    """How a tune is sung: its register, note lengths, ornaments and doubling.

    Attributes:
        low, high: the register, MIDI pitches.
        touch: sounding share of a note's length.
        grace: probability of a short note from below.
        double: scale steps of a parallel voice (2 is a third below), 0 for none.
        blue: whether the blues scale of the key replaces the chords' scales.
    """

    low: int
    high: int
    touch: float = 0.95
    grace: float = 0.0
    double: int = 0
    blue: bool = False


def tune(song: Song, section: Section, bars: tuple[Bar, ...], voice: Voice, dice: Dice) -> list[Event]:
    """Write a melody over bars of a section.

    Args:
        song: gives metre, swing and key.
        section: an improvised section takes new motifs each phrase, others repeat theirs.
        bars: the bars to fill.
        voice: register and manner.
        dice: the same stream gives the same tune, so sections of one name can share it.
    """
    words = vocabulary(song, section.solo, dice)
    events: list[Event] = []
    pitch = (voice.low + voice.high) / 2
    motifs: dict[str, Motif] = {}
    for first in range(0, len(bars), 4):
        if not motifs or section.solo or dice.chance(0.2):
            motifs = {letter: _motif(words, dice) for letter in "abcd"}
            order, arch = dice.pick(_PHRASES), dice.pick(_ARCHES)
        for k, bar in enumerate(bars[first : first + 4]):
            if order[k] != ".":
                aim = (voice.low + voice.high) / 2 + 1.5 * (arch[k] - 2) + 6 * (section.level - 0.6)
                closing = k == 3 or bar.place == len(section.bars) - 1
                new = _sing(song, bar, motifs[order[k]], 0.6 * aim + 0.4 * pitch, voice, closing)
                pitch = new[-1][2] if new else pitch
                events += new
    return _adorn(events, song, voice, dice)


def vocabulary(song: Song, solo: bool, dice: Dice) -> tuple[str, ...]:
    """Choose the stock of rhythms for a tune."""
    if song.beats == 3:
        return RHYTHMS["waltz"]
    if song.division == 3:
        return RHYTHMS["triplet"]
    if song.swing > 0.57 and song.style.swing_unit == 1.0:
        return RHYTHMS["swing"] + (RHYTHMS["busy"] if solo else RHYTHMS["song"])
    busy = 3.0 if solo else 1.0
    first = dice.weighted({"song": 3.0, "sync": 3.0, "long": 1.5, "busy": busy})
    second = dice.pick(("song", "sync", "busy" if solo else "long"))
    return RHYTHMS[first] + RHYTHMS[second]


def _motif(words: tuple[str, ...], dice: Dice) -> Motif:
    rhythm = dice.pick(words)
    count = len(figure(rhythm)[0])
    return Motif(rhythm, tuple(dice.weighted(_STEPS) for _ in range(count)))


def _sing(song: Song, bar: Bar, motif: Motif, aim: float, voice: Voice, closing: bool) -> list[Event]:
    """Put a motif on the chords of a bar, from the chord tone next to ``aim``."""
    events: list[Event] = []
    blues = tuple(sorted(keys.scale(song.tonic, "blues"))) if voice.blue else ()
    steps = figure(motif.rhythm)[0]
    if closing and len(steps) > 3:
        steps = steps[:3]
    pitch = 0
    for i, step in enumerate(steps):
        at = bar.start + step.at * song.beats
        chord = bar.at(at).chord
        scale = blues or chord.scale
        pitch = nearest(aim, chord.classes) if i == 0 else move(pitch, motif.steps[i], scale)
        length = step.length * song.beats
        if closing and i == len(steps) - 1:
            length = max(length, 0.4 * song.beats)
        if length >= 1.0 or (step.at in (0.0, 0.5) and not blues):
            pitch = nearest(pitch, chord.classes)
        pitch = _inside(pitch, voice)
        loud = 96.0 if step.at in (0.0, 0.5) else 86.0
        events.append((at, length * voice.touch, pitch, loud + 0.5 * (pitch - aim)))
    return events


def _inside(pitch: int, voice: Voice) -> int:
    if pitch > voice.high:
        return pitch - 12
    return pitch + 12 if pitch < voice.low else pitch


def move(pitch: int, steps: int, scale: tuple[int, ...]) -> int:
    """Go so many steps up or down a scale from the pitch, which is first brought onto it."""
    rungs = ladder(scale)
    at = bisect_left(rungs, nearest(pitch, scale))
    return rungs[max(0, min(len(rungs) - 1, at + steps))]


def _adorn(events: list[Event], song: Song, voice: Voice, dice: Dice) -> list[Event]:
    """Add grace notes and a parallel voice."""
    mode = keys.MODES["minor" if song.mode == "blues" else song.mode]
    scale = tuple(sorted((song.tonic + s) % 12 for s in mode))
    added: list[Event] = []
    for at, length, pitch, loud in events:
        if voice.grace and length >= 0.5 and at >= 0.1 and dice.chance(voice.grace):
            added.append((at - 0.08, 0.07, pitch - dice.pick((1, 1, 2)), loud - 15))
        if voice.double:
            added.append((at, length, move(pitch, -voice.double, scale), loud - 10))
    return events + added
