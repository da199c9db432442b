"""The performance of a MIDI file, its events carried out channel by channel, and of a score in memory, as parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from msgld.errors import DataError
from msgld.music.bars import Signature, Timeline
from msgld.music.midi.channel import (
    DEFAULTS,
    EXPRESSION,
    OPEN,
    PAN,
    SOSTENUTO,
    SUSTAIN,
    VOLUME,
    Channel,
    Tuning,
)
from msgld.music.midi.device import Device
from msgld.music.midi.parts import Bend, Part, Song, cut, gain_of, held, pan_of, struck_again
from msgld.music.midi.smf import META, Event, MidiFile, read_smf
from msgld.stems import STEMS, stem_of

_NOTE_ON, _CONTROL = 0x90, 0xB0
_NAME, _PORT, _TEMPO, _SIGNATURE = 0x03, 0x21, 0x51, 0x58
_TEMPO_BYTES = 3
_SHORTEST = 7  # halvings of a whole note that the unit of a time signature may have
_SOUND = {**{stem: stem for stem in STEMS}, "vocals": "other"}
"""The stem, in sound, of a track that the band wrote; the tune that a singer would have is an instrument's there."""
_DEFAULT_TEMPO = 500_000  # microseconds in a quarter note of a file without tempos


def read_midi(data: bytes, name: str) -> Song:
    """Read a MIDI file.

    Args:
        data: its bytes.
        name: its path, for errors and the song's name.

    Raises:
        DataError: it is not MIDI, is damaged, or plays nothing. The message names the file.
    """
    try:
        song = perform(read_smf(data), PurePosixPath(name).stem)
    except DataError as error:
        raise DataError(f"{name} cannot be read as MIDI: {error}") from error
    if not song.parts:
        raise DataError(f"{name} has no notes")
    return song


def perform(file: MidiFile, name: str = "") -> Song:
    """Play a file: every note has the state of its channel at its onset, whatever track set it.

    Returns:
        A song with a part for each channel, program and kind (melody or percussion), in that order, ports first. It has
        no tempos where the file has none or counts in seconds.
    """
    clock = Clock.of(file)
    device = Device()
    for port, event in _merged(file):
        device.obey(port, event)
    names = _track_names(file)
    played = [
        replace(part, name=names.get(place, ""))
        for place, channel in sorted(device.channels.items(), key=itemgetter(0))
        for part in _parts(channel, clock, file.end)
    ]
    signatures = tuple(_signatures(file))
    bars = frozenset(signature.quarters for signature in signatures)
    if file.quarter is None:
        return Song(tuple(played), name, bars=bars)
    tempos = [(tick / file.quarter, 60e6 / tempo) for tick, tempo in _tempos(file)]
    values = frozenset(bpm for _, bpm in tempos)
    return Song(tuple(played), name, {}, values, bars, Timeline.of_tempos(tempos), signatures)


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
    """(port, event) by tick, then track; at one tick notes come last."""
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


def _signatures(file: MidiFile) -> Iterator[Signature]:
    for tick, body in _meta(file, _SIGNATURE):
        if len(body) > 1 and body[0] and body[1] <= _SHORTEST:
            yield Signature(tick / (file.quarter or 1), body[0], 2 ** body[1])


def _track_names(file: MidiFile) -> dict[tuple[int, int], str]:
    """The names of the tracks that play on each port and channel."""
    names: dict[tuple[int, int], dict[str, None]] = {}
    for track in file.tracks:
        port, name, channels = 0, "", dict[tuple[int, int], None]()
        for _, status, first, second, body in track:
            if status == META and first == _PORT and body:
                port = body[0]
            elif status == META and first == _NAME:
                name = name or body.decode("latin-1").strip()
            elif status & 0xF0 == _NOTE_ON and second:
                channels[port, status & 0x0F] = None
        for place in channels if name else ():
            names.setdefault(place, {})[name] = None
    return {place: ", ".join(found) for place, found in names.items()}


def _meta(file: MidiFile, kind: int) -> list[tuple[int, bytes]]:
    """(tick, body) of all meta events of a kind, by tick, then track."""
    found = [(e[0], e[4]) for track in file.tracks for e in track if e[1] == META and e[2] == kind]
    return sorted(found, key=itemgetter(0))


def _parts(channel: Channel, clock: Clock, end: int) -> Iterator[Part]:
    """The parts of a channel by program; percussion is apart from melody."""
    channel.lift_pedals(end)
    if not channel.notes:
        return
    notes = np.array(channel.notes, dtype=np.int64)
    onset, last, pitch, velocity = notes.T[:4]
    notes = notes[np.lexsort((velocity, last, pitch, onset))]
    whole, kinds = _whole(channel, notes, clock, end), notes[:, 4:6]
    for program, drums in np.unique(kinds, axis=0).tolist():
        part = whole.pick((kinds == (program, drums)).all(axis=1))
        yield replace(part, stem=stem_of(program, bool(drums)), program=program, is_drum=bool(drums))


def _whole(channel: Channel, notes: np.ndarray, clock: Clock, end: int) -> Part:
    """All notes of a channel (N, 9) as one part, pedals and cuts included."""
    start, last, pitch, velocity, _, drums, volume, expression, pan = notes.T
    # A note without an end lasts until its key is struck again, or the piece is over.
    last = np.where(last == OPEN, np.minimum(struck_again(start, pitch), end), last)
    onset, duration = clock.spans(start, last)
    melodic = duration
    for pedal in (SOSTENUTO, SUSTAIN):
        spans = clock.spans(*np.array(channel.pedals[pedal].spans).reshape(-1, 2).T)
        melodic = held(onset, melodic, pitch, *spans, sostenuto=pedal == SOSTENUTO)
    duration = cut(onset, np.where(drums, duration, melodic), clock.at(np.array(channel.cuts)))
    bend = Bend.of(channel.tuning.steps)
    bend = replace(bend, time=clock.at(bend.time))
    return Part(
        "other", 0, False, onset, duration, pitch, velocity, gain_of(volume, expression), pan_of(pan), bend
    )


def parts(score: Any) -> tuple[Part, ...]:
    """The parts of a ``symusic.Score`` (whose own types do not check) that have notes, in its order."""
    return tuple(_of_track(track) for track in score.to("second").tracks if len(track.notes))


def _of_track(track: Any) -> Part:
    notes, controls, pedals = track.notes.numpy(), track.controls.numpy(), track.pedals.numpy()
    order = np.argsort(notes["time"], kind="stable")
    onset = notes["time"][order].astype(np.float64)
    duration = notes["duration"][order].astype(np.float64)
    pitch = notes["pitch"][order].astype(np.int64)
    if not track.is_drum:
        duration = held(onset, duration, pitch, pedals["time"].astype(np.float64), pedals["duration"])
    volume, expression, pan = (
        _controller_at(controls, number, onset) for number in (VOLUME, EXPRESSION, PAN)
    )
    return Part(
        # Only the band names its tracks like stems; a real song's "Bass" may play a harp.
        stem=_SOUND.get(track.name) or stem_of(track.program, track.is_drum),
        name=str(track.name),
        program=int(track.program),
        is_drum=bool(track.is_drum),
        onset=onset,
        duration=duration,
        pitch=pitch,
        velocity=notes["velocity"][order].astype(np.int64),
        gain=gain_of(volume, expression),
        pan=pan_of(pan),
        bend=_bend_of(track),
    )


def _controller_at(controls: dict[str, np.ndarray], number: int, onset: np.ndarray) -> np.ndarray:
    """The value of a controller at each onset: the last set up to then, 1 ms of rounding allowed."""
    chosen = controls["number"] == number
    time, value = controls["time"][chosen], controls["value"][chosen].astype(np.float64)
    values = np.concatenate([[float(DEFAULTS[number])], value])
    return values[np.searchsorted(time, onset + 1e-3, side="right")]


def _bend_of(track: Any) -> Bend:
    """The bend of a track: its wheel, with the range and fine tuning that its controllers set."""
    tuning = Tuning()
    moves = [(control.time, 0, control.number, control.value) for control in track.controls]
    moves += [(wheel.time, 1, 0, wheel.value) for wheel in track.pitch_bends]
    for time, is_wheel, number, value in sorted(moves, key=itemgetter(0, 1)):
        if is_wheel:
            tuning.bend(time, value)
        elif number in Tuning.CONTROLS:
            tuning.control(time, number, value)
    return Bend.of(tuning.steps)
