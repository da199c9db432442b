"""The pianist: two hands from one figure, chords that move little, and at times the tune itself."""

from __future__ import annotations

from dataclasses import dataclass

from .dice import Dice
from .figures import Step
from .melody import Voice, tune
from .patterns.keys import KEYS
from .plan import Bar, Event, Part, Section, Segment, Song
from .programs import pan, program
from .voicing import above, lead, rootless
from .walk import Hand, approach, walk


@dataclass
class _Touch:
    """A player's ways: registers, note lengths, whether the pedal holds each chord, the chord just played."""

    low: int
    high: int
    left: int
    length: float
    voices: int
    walk: Hand
    pedal: bool = False
    before: tuple[int, ...] = ()


def piano(song: Song, dice: Dice) -> list[Part]:
    """Write the piano part, and a melody over it where the piano carries the tune."""
    low = dice.whole(48, 62)
    left = dice.whole(29, 41)
    high, voices = low + dice.whole(17, 24), dice.pick((3, 3, 4))
    touch = _Touch(low, high, left, dice.between(0.55, 1.0), voices, Hand(left, left))
    names: dict[str, str] = {}
    stock = song.fitting(song.style.piano, KEYS)
    usual = dice.pick(stock)
    events: list[Event] = []
    pedals = song.swing == 0.5 and song.bpm < 132 and dice.chance(0.5)
    for section in song.sections:
        touch.pedal = pedals and dice.chance(0.8)
        name = names.setdefault(section.name, usual if dice.chance(0.5) else dice.pick(stock))
        for bar in section.playing("piano"):
            events += _bar(song, section, bar, KEYS[name], touch, dice)
        if section.tune == "piano":
            events += _melody(song, section, dice)
    chosen = program(song.style, "piano", "piano", dice)
    return [Part("piano", chosen, events, pan(dice, 0.6), dice.whole(75, 112))]


def _melody(song: Song, section: Section, dice: Dice) -> list[Event]:
    kept = dice.child("melody")
    low = kept.whole(62, 72)
    voice = Voice(low, low + 19, 0.95, kept.between(0.0, 0.15), kept.weighted({0: 4.0, 7: 2.0, 2: 1.5}),
                  song.mode == "blues" and kept.chance(0.7))  # fmt: skip
    return tune(song, section, section.playing("piano"), voice, kept.child(section.name))


def _bar(
    song: Song, section: Section, bar: Bar, hands: tuple[str, str], touch: _Touch, dice: Dice
) -> list[Event]:
    events: list[Event] = []
    for number, text in enumerate(hands):
        for step in section.steps(bar, text, "OC"[number]):
            at = bar.start + step.at * song.beats
            length = step.length * song.beats
            if number == 0:
                events += _left(step, at, length, bar.at(at), touch, dice)
            else:
                events += right(step, at, length, bar.at(at), touch)
    return events


def _left(step: Step, at: float, length: float, segment: Segment, touch: _Touch, dice: Dice) -> list[Event]:
    chord = segment.chord
    root = above(chord.root, touch.left)
    symbol = step.symbol
    held = _held(at, length * max(touch.length, 0.8), segment, touch)
    if symbol == "w":
        touch.walk.pitch = walk(segment, at, length, touch.walk, dice)
        return [(at, held, touch.walk.pitch, 84)]
    if symbol == "a":
        return [(at, held, approach(segment, touch.walk, dice), 82)]
    pitches = {
        "O": (root, root + 12), "8": (root + 12,), "T": (root + 12 + chord.degree(3),),
        "F": (root, root + chord.degree(5)),
        "S": (root, root + chord.degree(7 if len(chord.tones) > 3 else 5)),
        "3": (root + chord.degree(3),), "5": (root + chord.degree(5),), "6": (root + chord.degree(6),),
        "7": (root + chord.degree(7),),
    }.get(symbol, (root,))  # fmt: skip
    return [(at, held, p, 84 + (6 if step.at == 0 else 0)) for p in pitches]


def _held(at: float, length: float, segment: Segment, touch: _Touch) -> float:
    """A broken chord's note rings on under the pedal until the chord changes."""
    return max(length, 0.97 * (segment.start + segment.length - at)) if touch.pedal else length


def right(step: Step, at: float, length: float, segment: Segment, touch: _Touch) -> list[Event]:
    """What the right hand plays for one symbol, in the voicing nearest to the last one."""
    touch.before = lead(touch.before, rootless(segment.chord, touch.voices), touch.low, touch.high)
    chord = touch.before
    accent = 6 if step.at in (0.0, 0.5) else 0
    held = length * touch.length
    if step.symbol in "Cc":
        return [(at, held, p, (86 if step.symbol == "C" else 66) + accent) for p in chord]
    if step.symbol == "t":
        return [(at, held, p, 76 + accent) for p in chord[-2:]]
    if step.symbol == "o":
        return [(at, held, p, 88 + accent) for p in (chord[-1], chord[-1] + 12)]
    held = _held(at, held, segment, touch)
    index = int(step.symbol)
    pitch = chord[index % len(chord)] + 12 * (index // len(chord))
    return [(at, max(held, 0.3), pitch, 80 + accent)]
