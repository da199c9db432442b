"""What a MIDI file plays: its events in order of time, obeyed channel by channel, as parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from msgld.data.bends import Bend
from msgld.data.channels import OPEN, Channel
from msgld.data.parts import Part, gain_of, pan_of
from msgld.data.pedals import cut, selected, struck_again, sustained
from msgld.data.smf import META, SYSEX, Event, MidiFile
from msgld.data.sysex import Assign, Reset, meaning
from msgld.stems import stem_of

_OFF, _ON, _CONTROL, _PROGRAM, _WHEEL = 0x80, 0x90, 0xB0, 0xC0, 0xE0
_PORT, _TEMPO, _SIGNATURE = 0x21, 0x51, 0x58
_TEMPO_BYTES = 3
_SHORTEST = 7
"""Halvings of a whole note that the unit of a time signature may have."""
_DEFAULT_TEMPO = 500_000
"""Microseconds in a quarter note where nothing is said."""


@dataclass(frozen=True)
class Performance:
    """What a file plays.

    Attributes:
        parts: one for each channel, program and kind (melody or percussion), in that order, ports first.
        tempos: quarter notes a minute that occur; empty where the file names none or counts in seconds.
        bars: lengths of bars that occur, in quarter notes; empty where it names none.
    """

    parts: tuple[Part, ...]
    tempos: frozenset[float]
    bars: frozenset[float]


def perform(file: MidiFile) -> Performance:
    """Play a file: every note has the state of its channel at its onset, whatever track set it."""
    clock = Clock.of(file)
    device = _Device()
    for port, event in _merged(file):
        device.obey(port, event)
    played = [
        part
        for _, channel in sorted(device.channels.items(), key=itemgetter(0))
        for part in _parts(channel, clock, file.end)
    ]
    tempos = frozenset(60e6 / tempo for _, tempo in _tempos(file)) if file.second is None else frozenset()
    return Performance(tuple(played), tempos, frozenset(_bars(file)))


@dataclass(frozen=True)
class Clock:
    """Seconds of ticks: from ``ticks[i]`` on, which is at ``seconds[i]``, a tick lasts ``pace[i]`` seconds.

    Seconds are sums in single precision, as symusic's, so that a file and the same score in memory have the same times.
    """

    ticks: np.ndarray
    seconds: np.ndarray
    pace: np.ndarray

    @classmethod
    def of(cls, file: MidiFile) -> Clock:
        """The clock of a file, whose tempo may change in any track."""
        if file.quarter is None:
            assert file.second is not None
            return cls(np.zeros(1), np.zeros(1, np.float32), np.array([1 / file.second]))
        changes = {0: _DEFAULT_TEMPO} | dict(_tempos(file))
        ticks = np.array(list(changes), dtype=np.float64)
        pace = np.array(list(changes.values())) / (1e6 * file.quarter)
        lengths = np.append(0.0, np.diff(ticks) * pace[:-1]).astype(np.float32)
        return cls(ticks, np.cumsum(lengths, dtype=np.float32), pace)

    def at(self, ticks: np.ndarray) -> np.ndarray:
        """Seconds of ticks, float64 (N,)."""
        of = ticks.astype(np.float64)
        index = np.searchsorted(self.ticks, of, side="right") - 1
        since = (of - self.ticks[index]) * self.pace[index]
        return (self.seconds[index] + since.astype(np.float32)).astype(np.float64)

    def spans(self, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Beginnings and lengths, in seconds, of spans of ticks."""
        begin = self.at(first)
        return begin, (self.at(last) - begin).astype(np.float32).astype(np.float64)


def _merged(file: MidiFile) -> Iterator[tuple[int, Event]]:
    """(port, event) by tick, then track; at one tick whatever is no note comes before notes."""
    rows = []
    for track in file.tracks:
        port = 0
        for event in track:
            if event[1] == META and event[2] == _PORT and event[4]:
                port = event[4][0]
            rows.append((2 * event[0] + (event[1] < _CONTROL), port, event))
    rows.sort(key=itemgetter(0))
    return ((port, event) for _, port, event in rows)


def _tempos(file: MidiFile) -> list[tuple[int, int]]:
    """(tick, microseconds in a quarter note), ascending; of several at one tick the last counts."""
    changes = {
        tick: int.from_bytes(body[:_TEMPO_BYTES], "big")
        for tick, body in _meta(file, _TEMPO)
        if len(body) >= _TEMPO_BYTES and any(body[:_TEMPO_BYTES])
    }
    return sorted(changes.items())


def _bars(file: MidiFile) -> Iterator[float]:
    for _, body in _meta(file, _SIGNATURE):
        if len(body) > 1 and body[0] and body[1] <= _SHORTEST:
            yield 4.0 * body[0] / 2 ** body[1]


def _meta(file: MidiFile, kind: int) -> list[tuple[int, bytes]]:
    """(tick, body) of all meta events of a kind, by tick, then track."""
    found = [(e[0], e[4]) for track in file.tracks for e in track if e[1] == META and e[2] == kind]
    return sorted(found, key=itemgetter(0))


class _Device:
    """What obeys the events: 16 channels on each port, made when they are first spoken to."""

    def __init__(self) -> None:
        self.channels: dict[tuple[int, int], Channel] = {}
        self._systems: dict[int, str] = {}

    def obey(self, port: int, event: Event) -> None:
        tick, status, first, second, body = event
        if status < SYSEX:
            _obey(self._channel(port, status & 0x0F), tick, status & 0xF0, first, second)
        elif status == SYSEX:
            said = meaning(body)
            if isinstance(said, Assign):
                self._channel(port, said.channel).assign(said.drums)
            elif isinstance(said, Reset):
                self._reset(port, tick, said.system)

    def _channel(self, port: int, number: int) -> Channel:
        if (port, number) not in self.channels:
            self.channels[port, number] = Channel(number, self._systems.get(port, ""))
        return self.channels[port, number]

    def _reset(self, port: int, tick: int, system: str) -> None:
        self._systems[port] = system
        for (where, _), channel in self.channels.items():
            if where == port:
                channel.reset(tick, system)


def _obey(channel: Channel, tick: int, kind: int, first: int, second: int) -> None:
    """Let a channel obey one message."""
    if kind == _ON and second:
        channel.strike(tick, first, second)
    elif kind in (_ON, _OFF):
        channel.release(tick, first)
    elif kind == _CONTROL:
        channel.control(tick, first, second)
    elif kind == _PROGRAM:
        channel.change_program(first)
    elif kind == _WHEEL:
        channel.tuning.bend(tick, (second << 7 | first) - 8192)


def _parts(channel: Channel, clock: Clock, end: int) -> Iterator[Part]:
    """The parts of a channel by program; percussion is apart from melody."""
    channel.finish(end)
    if not channel.notes:
        return
    notes = np.array([note.row() for note in channel.notes], dtype=np.int64)
    onset, last, pitch, velocity = notes.T[:4]
    notes = notes[np.lexsort((velocity, last, pitch, onset))]
    whole, kinds = _whole(channel, notes, clock, end), notes[:, 4:6]
    for program, drums in np.unique(kinds, axis=0).tolist():
        part = whole.pick((kinds == (program, drums)).all(axis=1))
        yield replace(part, stem=stem_of(program, bool(drums)), program=program, is_drum=bool(drums))


def _whole(channel: Channel, notes: np.ndarray, clock: Clock, end: int) -> Part:
    """All notes of a channel (rows of :meth:`Note.row`) as one part, pedals and cuts included."""
    start, last, pitch, velocity, _, drums, volume, expression, pan = notes.T
    onset, duration = clock.spans(start, _ends(start, last, pitch, end))
    held = duration
    if channel.sostenuto.spans:
        held = selected(onset, held, pitch, *clock.spans(*np.array(channel.sostenuto.spans).T))
    if channel.sustain.spans:
        held = sustained(onset, held, pitch, *clock.spans(*np.array(channel.sustain.spans).T))
    duration = cut(onset, np.where(drums, duration, held), clock.at(np.array(channel.cuts)))
    bend = Bend.of(channel.tuning.steps)
    bend = replace(bend, time=clock.at(bend.time))
    gain, place = gain_of(volume, expression), pan_of(pan)
    return Part("other", 0, False, onset, duration, pitch, velocity, gain, place, bend)


def _ends(onset: np.ndarray, last: np.ndarray, pitch: np.ndarray, end: int) -> np.ndarray:
    """When keys are released, in ticks: of a note that nothing ends when it is struck again, or the piece is over."""
    return np.where(last == OPEN, np.minimum(struck_again(onset, pitch), end), last)
