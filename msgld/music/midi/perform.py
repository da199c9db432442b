"""The performance of a MIDI file, its events carried out channel by channel, and of a score in memory, as parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from msgld.errors import DataError
from msgld.music.bars import Signature, Timeline
from msgld.music.midi.channel import CONTROL, DEFAULTS, EXPRESSION, PAN, VOLUME, Tuning
from msgld.music.midi.channel_parts import channel_parts
from msgld.music.midi.clock import Clock, meta_of, tempos_of
from msgld.music.midi.device import Device
from msgld.music.midi.parts import Bend, Part, Song, gain_of, held, pan_of
from msgld.music.midi.smf import META, Event, MidiFile, read_smf
from msgld.stems import OTHER, STEMS, stem_of

_NOTE_ON = 0x90
_NAME, _PORT, _SIGNATURE = 0x03, 0x21, 0x58
_SHORTEST = 7  # halvings of a whole note that the unit of a time signature may have


class Silent(DataError):
    """A MIDI file without notes."""


def read_midi(data: bytes, name: str) -> Song:
    """Read a MIDI file.

    Args:
        data: its bytes.
        name: its path, for errors and the song's name.

    Raises:
        DataError: it is not MIDI, is damaged, or plays nothing (:class:`Silent`). The message names the file.
    """
    try:
        song = perform(read_smf(data), PurePosixPath(name).stem)
    except DataError as error:
        raise DataError(f"{name} cannot be read as MIDI: {error}") from error
    if not song.parts:
        raise Silent(f"{name} has no notes")
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
        _placed(part, place, names.get(place, ""))
        for place, channel in sorted(device.channels.items(), key=itemgetter(0))
        for part in channel_parts(channel, clock, file)
    ]
    signatures = tuple(_signatures(file))
    bars = frozenset(signature.quarters for signature in signatures)
    if file.quarter is None:
        return Song(tuple(played), name, bars=bars)
    tempos = [(tick / file.quarter, 60e6 / tempo) for tick, tempo in tempos_of(file)]
    values = frozenset(bpm for _, bpm in tempos)
    return Song(tuple(played), name, {}, values, bars, Timeline.of_tempos(tempos), signatures)


def _placed(part: Part, place: tuple[int, int], name: str) -> Part:
    """A part with its port and channel, and the name of its tracks."""
    written = part.written and replace(part.written, channel=place)
    return replace(part, name=name, written=written)


def _merged(file: MidiFile) -> Iterator[tuple[int, Event]]:
    """(port, event) by tick, then track; at one tick notes come last."""
    rows = []
    for track in file.tracks:
        port = 0
        for event in track:
            if event[1] == META and event[2] == _PORT and event[4]:
                port = event[4][0]
            rows.append((2 * event[0] + (event[1] < CONTROL), port, event))
    rows.sort(key=itemgetter(0))
    return ((port, event) for _, port, event in rows)


def _signatures(file: MidiFile) -> Iterator[Signature]:
    for tick, body in meta_of(file, _SIGNATURE):
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
        stem=_stem_in_sound(track.name, track.program, track.is_drum),
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


def _stem_in_sound(name: str, program: int, is_drum: bool) -> str:
    """The stem of a track. Where a choir sings it, ``vocals``; a tune for a singer is an instrument's in ``other``."""
    by_program = stem_of(program, is_drum)
    if by_program == "vocals" or name not in STEMS:
        return by_program
    return OTHER if name == "vocals" else name


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
