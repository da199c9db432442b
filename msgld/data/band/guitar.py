"""The guitarists: strummed, picked or driven figures on real shapes, and a second guitar that sings."""

from __future__ import annotations

from .dice import Dice
from .figures import Step
from .melody import Voice, tune
from .patterns.guitar import GUITAR, RIFFED
from .plan import Bar, Event, Part, Section, Song
from .programs import pan, program
from .theory import Chord
from .voicing import above, guitar_shape, power

_SINGLE = {"R": 0, "Q": 5, "8": 12, "m": 0}
_DEGREE = {"T": 3, "F": 5, "S": 7}
_BOOGIE = {"V": 5, "W": 6, "Y": 7}


def guitar(song: Song, dice: Dice) -> list[Part]:
    """Write one rhythm guitar, at times a second, and a lead where it carries the tune."""
    parts = [rhythm(song, dice.child("first"), "guitar")]
    if dice.chance(0.3):
        parts.append(rhythm(song, dice.child("second"), "guitar"))
        parts[1] = _opposite(parts[0], parts[1])
    if any(s.tune == "guitar" for s in song.sections):
        parts.append(_lead(song, dice.child("lead")))
    return parts


def _opposite(first: Part, second: Part) -> Part:
    return Part(second.stem, second.program, second.events, 127 - first.pan, second.volume)


def rhythm(song: Song, dice: Dice, stem: str) -> Part:
    """Write an accompanying guitar."""
    stock = song.fitting(song.style.guitar, GUITAR)
    names = {s.name: dice.pick(stock) for s in song.sections}
    usual = dice.pick(stock)
    fret = dice.weighted({0: 3.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 2.0, 7: 2.0, 9: 0.7})
    stagger = dice.between(0.008, 0.03)
    events: list[Event] = []
    for section in song.sections:
        name = usual if dice.chance(0.6) else names[section.name]
        if song.riff and section.name in RIFFED:
            name = song.riff
        for bar in section.playing(stem):
            events += _bar(song, section, bar, GUITAR[name], fret, stagger)
    chosen = program(song.style, "guitar", "guitar", dice)
    return Part(stem, chosen, events, pan(dice, 1.0), dice.whole(70, 105))


def _bar(song: Song, section: Section, bar: Bar, text: str, fret: int, stagger: float) -> list[Event]:
    events: list[Event] = []
    for step in section.steps(bar, text, "D"):
        at = bar.start + step.at * song.beats
        segment = bar.at(at)
        left = segment.start + segment.length - at
        events += stroke(step, at, step.length * song.beats, left, segment.chord, fret, stagger)
    return events


def stroke(
    step: Step, at: float, length: float, left: float, chord: Chord, fret: int, stagger: float
) -> list[Event]:
    """What one symbol of a figure sounds: one note, or several, each string a little after the one before.

    ``left`` are the beats until the chord changes, for which picked strings may ring.
    """
    symbol = step.symbol
    accent = 8.0 if step.at in (0.0, 0.5) else 0.0
    if symbol in "DUduxtc":
        return _strum(symbol, at, length, guitar_shape(chord, fret), accent, stagger)
    if symbol in "Pp":
        held = length * 0.95 if symbol == "P" else min(length, 0.25) * 0.6
        return [(at, held, p, (102 if symbol == "P" else 84) + accent) for p in power(chord.root, 38)]
    if symbol in _BOOGIE:
        root = above(chord.root, 40)
        return [(at, length * 0.8, p, 92 + accent) for p in (root, root + chord.degree(_BOOGIE[symbol]))]
    if symbol in "b123456":
        shape = guitar_shape(chord, fret)
        string = 0 if symbol == "b" else min(int(symbol), len(shape)) - 1
        return [(at, max(length, min(left, 2.0)), shape[string], 84 + accent)]
    root = above(chord.root, 40)
    pitch = root + (chord.degree(_DEGREE[symbol]) if symbol in _DEGREE else _SINGLE[symbol])
    return [(at, min(length, 0.2) if symbol == "m" else length * 0.9, pitch, 94 + accent)]


def _strum(
    symbol: str, at: float, length: float, shape: tuple[int, ...], accent: float, gap: float
) -> list[Event]:
    strings = shape[-4:] if symbol in "Uuc" else shape[-3:] if symbol == "t" else shape
    order = strings[::-1] if symbol in "Uu" else strings
    gap = 0.0 if symbol == "c" else gap * (0.5 if symbol in "xt" else 1.0)
    held = 0.07 if symbol == "x" else length * 0.6 if symbol == "t" and length <= 0.5 else length * 0.97
    loud = {"D": 98, "U": 88, "d": 74, "u": 68, "x": 50, "t": 86, "c": 82}[symbol] + accent
    return [(at + i * gap, held, pitch, loud - 1.5 * i) for i, pitch in enumerate(order)]


def _lead(song: Song, dice: Dice) -> Part:
    """The guitar that carries the tune, or solos."""
    low = dice.whole(48, 60)
    blue = song.mode in ("blues", "minor") and dice.chance(0.6)
    touch, grace = dice.between(0.8, 1.0), dice.between(0.0, 0.2)
    double = dice.weighted({0: 6.0, 2: 1.0, 7: 0.4})
    voice = Voice(low, low + dice.whole(16, 24), touch, grace, double, blue)
    events: list[Event] = []
    for section in song.sections:
        if section.tune == "guitar":
            events += tune(song, section, section.playing("guitar"), voice, dice.child(section.name))
    chosen = program(song.style, "guitar", "lead_guitar", dice)
    return Part("guitar", chosen, events, pan(dice, 0.5), dice.whole(85, 110))
