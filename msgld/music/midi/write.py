"""Scores as Standard MIDI Files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import lcm

import numpy as np

from msgld.music.bars import Timeline
from msgld.music.keys import parse_key
from msgld.music.midi.channel import DRUM_CHANNEL, PRESSURE
from msgld.music.midi.events import Timed, file_of, meta
from msgld.music.notes import TICKS, Written
from msgld.music.score import Score

CHANNELS = 16
"""Channels of a port."""

_NAME, _PORT, _TEMPO, _SIGNATURE, _KEY = 0x03, 0x21, 0x51, 0x58, 0x59
_ON, _OFF, _PROGRAM = 0x90, 0x80, 0xC0
_LONGEST = 2**24 - 1
"""Microseconds of the slowest quarter note that a file can hold."""

_FINEST = 2**15 - 1
_HEAD, _STATE, _END, _STRIKE, _END_AT_ONCE = range(5)
"""Ranks of events at one tick: state comes first, and a note ends before another begins."""


def midi_bytes(score: Score, stems: Iterable[str] | None = None, ticks: int | None = None) -> bytes:
    """A file of format 1: first a track of tempos, metre and key, then one for each channel of each stem.

    Stems that were read are written as they were read. A port has 15 channels of melody and one of drums; where there
    are more, the others are on further ports, which some players do not know.

    Args:
        score: to write.
        stems: which of its stems; all by default.
        ticks: in a quarter note, 24 to 32767; by default a number that keeps the ticks of all files that were read.
    """
    names = list(score.notes if stems is None else stems)
    chosen = [(stem, one) for stem in names for one in score.notes[stem].channels]
    ticks = _ticks([one for _, one in chosen]) if ticks is None else ticks
    places = channels_of([stem == "drums" for stem, _ in chosen])
    tracks = [_track(stem, one, place, ticks) for (stem, one), place in zip(chosen, places, strict=True)]
    silent = [_head(stem, 0) for stem in names if not score.notes[stem].channels]
    return file_of([list(_conductor(score, ticks)), *tracks, *silent], ticks)


def _ticks(written: Sequence[Written]) -> int:
    """The least resolution in which all notes keep their ticks; that of the finest file where there is none."""
    own = {one.ticks for one in written}
    return next(
        (common for common in (lcm(TICKS, *own), lcm(*own)) if common <= _FINEST), max(own or {TICKS})
    )


def channels_of(drums: Sequence[bool]) -> list[tuple[int, int]]:
    """Ports and channels (0 to 15) of parts, of which some are ``drums``, which have channel 9."""
    places, counts = [], {True: 0, False: 0}
    for kind in drums:
        free = [DRUM_CHANNEL] if kind else [one for one in range(CHANNELS) if one != DRUM_CHANNEL]
        port, at = divmod(counts[kind], len(free))
        places.append((port, free[at]))
        counts[kind] += 1
    return places


def ports_of(score: Score) -> int:
    """How many ports a file of the whole score needs; 1 for up to 15 channels of melody and one of drums."""
    kinds = [stem == "drums" for stem, notes in score.notes.items() for _ in notes.channels]
    return 1 + max((port for port, _ in channels_of(kinds)), default=0)


def _conductor(score: Score, ticks: int) -> Iterator[Timed]:
    yield 0, _HEAD, meta(_NAME, _text(score.name))
    for beat, bpm in tempos(score.timeline):
        micro = int(np.clip(round(60e6 / bpm), 1, _LONGEST))
        yield round(beat * ticks), _STATE, meta(_TEMPO, micro.to_bytes(3, "big"))
    for sign in score.signatures:
        body = bytes((sign.numerator, sign.denominator.bit_length() - 1, 24, 8))
        yield round(sign.beat * ticks), _STATE, meta(_SIGNATURE, body)
    if key := score.meta.get("key"):
        yield 0, _STATE, meta(_KEY, _key(str(key)))


def tempos(timeline: Timeline) -> list[tuple[float, float]]:
    """Where a timeline's tempo changes: (quarter note, quarter notes a minute); the first at 0."""
    starts = timeline.beats[:-1]
    bpm = timeline.bpm(starts)
    changes = np.flatnonzero(np.abs(np.diff(bpm, prepend=0.0)) > 1e-9)
    return [(max(0.0, float(starts[i])) if i else 0.0, float(bpm[i])) for i in changes]


def _key(key: str) -> bytes:
    """Sharps (flats are negative), and whether it is minor: whichever has the third of the key's mode."""
    tonic, mode = parse_key(key)
    minor = mode in ("minor", "dorian", "phrygian", "blues")
    major = tonic + 3 * minor
    return bytes((((7 * major + 5) % 12 - 5) % 256, int(minor)))


def _head(stem: str, port: int) -> list[Timed]:
    ports = [(0, _HEAD, meta(_PORT, bytes((port,))))] if port else []
    return [(0, _HEAD, meta(_NAME, _text(stem))), *ports]


def _track(stem: str, one: Written, place: tuple[int, int], ticks: int) -> list[Timed]:
    port, channel = place
    events, sent = _head(stem, port), one.messages
    changes = np.flatnonzero(np.diff(one.program, prepend=-1))
    start = np.rint(np.maximum(one.onset, 0) * ticks).astype(int).tolist()
    for number, at in enumerate(changes.tolist()):
        program = bytes((_PROGRAM | channel, int(one.program[at])))
        events.append((start[at] if number else 0, _STATE, program))
    rows = (np.rint(np.maximum(sent.beat, 0) * ticks).astype(int), sent.status, sent.first, sent.second)
    for at, status, first, second in zip(*(row.tolist() for row in rows), strict=True):
        body = bytes((status | channel, first, second))
        events.append((at, _STATE, body[:2] if status == PRESSURE else body))
    stop = np.rint((one.onset + one.duration) * ticks).astype(int).tolist()
    columns = (start, stop, one.pitch.tolist(), one.velocity.tolist())
    for on, off, pitch, velocity in zip(*columns, strict=True):
        events.append((on, _STRIKE, bytes((_ON | channel, pitch, velocity))))
        off = max(on, off)
        events.append((off, _END_AT_ONCE if off == on else _END, bytes((_OFF | channel, pitch, 0))))
    return events


def _text(name: str) -> bytes:
    """What a file's text, Latin-1, can hold of a name."""
    return name.encode("latin-1", "replace")
