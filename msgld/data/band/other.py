"""All the rest: the tune, pads, string lines, brass, organ, arpeggios, voices. Each is a layer of its own."""

from __future__ import annotations

from collections.abc import Callable

from .dice import Dice
from .figures import bar_of
from .instruments import RANGES
from .melody import Voice, move, tune
from .patterns.lines import ARPS, ARPS_3, COMPS, COUNTERS, COUNTERS_3, LOWS, STABS
from .plan import Bar, Event, Part, Section, Song
from .programs import pan, program
from .voicing import fold, lead, nearest

Write = Callable[[Song, Section, tuple[Bar, ...], int, Dice], list[Event]]

_LIKELY = {
    "pad": (0.45, 0.45), "strings": (0.15, 0.75), "organ": (0.45, 0.4), "brass": (0.05, 0.85),
    "arp": (0.5, 0.3), "choir": (0.05, 0.7), "low": (0.1, 0.6),
}  # fmt: skip
"""Probability that a layer plays in a section: at level 0, and what level 1 adds."""


def other(song: Song, dice: Dice) -> list[Part]:
    """Write the layers that the style asks for, at least one."""
    names = [n for n, likely in song.style.layers.items() if dice.chance(likely)]
    sung = any(s.tune == "other" for s in song.sections)
    if not names and not sung:
        names = [dice.weighted(song.style.layers)]
    parts = [_layer(song, name, len(names) == 1 and not sung, dice.child(name)) for name in names[:4]]
    if sung:
        parts.append(_tune(song, dice.child("tune")))
    return [p for p in parts if p.events]


def _layer(song: Song, name: str, alone: bool, dice: Dice) -> Part:
    chosen = program(song.style, "other", name, dice)
    base, add = _LIKELY[name]
    on: dict[str, bool] = {}
    events: list[Event] = []
    for section in song.sections:
        if on.setdefault(section.name, alone or dice.chance(base + add * section.level)):
            bars = section.playing("other")
            events += _WRITERS[name](song, section, bars, chosen, dice.child(section.name))
    volume = dice.whole(55, 90) if name in ("pad", "choir", "arp") else dice.whole(70, 105)
    return Part("other", chosen, events, pan(dice, 1.0), volume)


def _tune(song: Song, dice: Dice) -> Part:
    chosen = program(song.style, "other", "lead", dice)
    voice = _voice(chosen, dice)
    events: list[Event] = []
    for section in song.sections:
        if section.tune == "other":
            events += tune(song, section, section.playing("other"), voice, dice.child(section.name))
    return Part("vocals", chosen, events, pan(dice, 0.4), dice.whole(85, 115))


def _voice(chosen: int, dice: Dice, wide: int = 19) -> Voice:
    """A register within an instrument's span, leaning to its middle."""
    low, high = RANGES[chosen]
    width = min(high - low, dice.whole(14, wide))
    room = high - low - width
    bottom = low + round(room * (dice.unit() + dice.unit()) / 2)
    touch, grace = dice.between(0.7, 1.0), dice.between(0, 0.12)
    return Voice(bottom, bottom + max(width, 12), touch, grace, dice.weighted({0: 7.0, 2: 1.0}))


def _register(chosen: int, dice: Dice, low: int, high: int, span: int = 17) -> tuple[int, int]:
    """A register of ``span`` semitones, begun between ``low`` and ``high``, that the instrument can play."""
    bottom, top = RANGES[chosen]
    start = max(bottom, min(dice.whole(low, high), top - span))
    return start, min(start + span, top)


def pad(song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, dice: Dice) -> list[Event]:
    """Chords held as long as they last, voices moving little."""
    low, high = _register(chosen, dice, 45, 64, dice.whole(14, 22))
    voices = dice.pick((2, 3, 3, 4))
    before: tuple[int, ...] = ()
    events: list[Event] = []
    for bar in bars:
        for segment in bar.segments:
            before = lead(before, segment.chord.classes[:voices], low, high)
            events += [(segment.start, segment.length * 0.99, p, 72) for p in before]
    return _joined(events) if dice.chance(0.5) else events


def _joined(events: list[Event]) -> list[Event]:
    """Tie a pitch that goes on into the next chord."""
    tied: list[Event] = []
    sounding: dict[int, int] = {}
    for at, length, pitch, loud in events:
        held = sounding.get(pitch)
        if held is not None and at - tied[held][0] - tied[held][1] < 0.1:
            tied[held] = (tied[held][0], at + length - tied[held][0], pitch, loud)
        else:
            sounding[pitch] = len(tied)
            tied.append((at, length, pitch, loud))
    return tied


def strings(song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, dice: Dice) -> list[Event]:
    """A slow line that answers the tune, now and then in thirds or octaves."""
    low, high = _register(chosen, dice, 55, 72, 19)
    text = dice.pick(COUNTERS_3 if song.division == 3 else COUNTERS)
    double = dice.weighted({0: 3.0, 2: 2.0, 7: 1.0})
    way = dice.pick((-1, 1))
    pitch = (low + high) // 2
    events: list[Event] = []
    for bar in bars:
        for step in bar_of(text, bar.place):
            at = bar.start + step.at * song.beats
            chord = bar.at(at).chord
            if not low + 3 <= pitch <= high - 3:
                way = 1 if pitch < (low + high) / 2 else -1
            pitch = nearest(move(pitch, way * dice.pick((0, 1, 1, 2)), chord.scale), chord.classes)
            events.append((at, step.length * song.beats, pitch, 80))
            if double:
                events.append((at, step.length * song.beats, move(pitch, -double, chord.scale), 72))
    return events


def organ(song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, dice: Dice) -> list[Event]:
    """Comping in the style's rhythm."""
    family = "waltz" if song.division == 3 else dice.pick(_comps(song))
    return _chords(song, section, bars, chosen, dice.pick(COMPS[family]), dice)


def _comps(song: Song) -> tuple[str, ...]:
    if song.style.name == "reggae":
        return "bubble", "off"
    return ("swing", "hold") if song.swing > 0.57 else ("hold", "hold", "stab", "soul", "off")


def brass(song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, dice: Dice) -> list[Event]:
    """A section's stabs."""
    text = dice.pick(COMPS["waltz"]) if song.division == 3 else dice.pick(STABS)
    return _chords(song, section, bars, chosen, text, dice)


def _chords(
    song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, text: str, dice: Dice
) -> list[Event]:
    low, high = _register(chosen, dice, 50, 64, 19)
    before: tuple[int, ...] = ()
    touch = dice.between(0.5, 0.95)
    events: list[Event] = []
    for bar in bars:
        for step in section.steps(bar, text, "X"):
            at = bar.start + step.at * song.beats
            before = lead(before, bar.at(at).chord.classes[:4], low, high)
            loud = 100 if step.symbol == "X" else 84
            events += [(at, step.length * song.beats * touch, p, loud) for p in before]
    return events


def arp(song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, dice: Dice) -> list[Event]:
    """Broken chords that go round."""
    low, high = _register(chosen, dice, 52, 76, 17)
    text = dice.pick(ARPS_3 if song.division == 3 else ARPS)
    touch = dice.between(0.5, 1.2)
    before: tuple[int, ...] = ()
    events: list[Event] = []
    for bar in bars:
        for step in bar_of(text, bar.place):
            at = bar.start + step.at * song.beats
            before = lead(before, bar.at(at).chord.classes[:4], low, high)
            index = int(step.symbol)
            pitch = fold(before[index % len(before)] + 12 * (index // len(before)), low, high + 12)
            events.append((at, step.length * song.beats * touch, pitch, 84 if step.at in (0.0, 0.5) else 72))
    return events


def low(song: Song, section: Section, bars: tuple[Bar, ...], chosen: int, dice: Dice) -> list[Event]:
    """Roots in the deep: cellos, tuba, timpani, a synth beneath."""
    bottom, top = RANGES[chosen]
    text = dice.pick(LOWS[song.division])
    events: list[Event] = []
    for bar in bars:
        for step in bar_of(text, bar.place):
            at = bar.start + step.at * song.beats
            pitch = fold(bar.at(at).chord.root + 36, bottom, max(bottom + 12, min(top, 55)))
            events.append((at, step.length * song.beats * 0.95, pitch, 86))
    return events


_WRITERS: dict[str, Write] = {
    "pad": pad, "strings": strings, "organ": organ, "brass": brass, "arp": arp, "choir": pad, "low": low,
}  # fmt: skip
