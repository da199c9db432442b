"""Random MIDI files, made with mido, and what mido finds in a file."""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mido
import numpy as np

DIVISIONS = (96, 120, 384, 480, 960, 1000, 1024, 15_360)
WAYS = {"bass": range(32, 40), "guitar": range(24, 32), "piano": range(8), "drums": (0, 8, 25)}
"""Stem -> programs that belong to it."""


def random_file(seed: int, stems: Sequence[str] = ("bass", "guitar", "drums"), metre: bool = True) -> bytes:
    """Each stem on one to three channels, with controllers, pedals, bends and changes of program."""
    rng = np.random.default_rng(seed)
    quarter = int(rng.choice(DIVISIONS))
    file = mido.MidiFile(type=1, ticks_per_beat=quarter)
    file.tracks.append(_conductor(rng, quarter, metre))
    free = iter([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15])
    for stem in stems:
        for number in range(1 if stem == "drums" else int(rng.integers(1, 4))):
            channel = 9 if stem == "drums" else next(free)
            file.tracks.append(_track(rng, quarter, channel, list(WAYS[stem]), f"track {number}"))
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def _conductor(rng: np.random.Generator, quarter: int, metre: bool) -> Any:
    events = [(0, 0, mido.MetaMessage("set_tempo", tempo=int(rng.integers(250_000, 1_200_000))))]
    for beat in np.cumsum(rng.integers(1, 9, rng.integers(0, 5))).tolist():
        tempo = int(rng.integers(250_000, 1_200_000))
        events.append(
            (beat * quarter + int(rng.integers(quarter)), 0, mido.MetaMessage("set_tempo", tempo=tempo))
        )
    signs = [(0, (1, 4)), (1, (4, 4)), (9, (7, 8)), (16, (3, 4))] if metre else []  # a pickup of a quarter
    for beat, (upper, lower) in signs:
        events.append(
            (beat * quarter, 0, mido.MetaMessage("time_signature", numerator=upper, denominator=lower))
        )
    return _in_order(events)


def _track(rng: np.random.Generator, quarter: int, channel: int, programs: list[int], name: str) -> Any:
    def message(kind: str, **values: int) -> Any:
        return mido.Message(kind, channel=channel, **values)

    end = 24 * quarter
    events: list[tuple[int, int, Any]] = [(0, 0, mido.MetaMessage("track_name", name=name))]
    for at in [0, *np.sort(rng.integers(1, end, rng.integers(0, 3))).tolist()]:
        events.append((at, 1, message("program_change", program=int(rng.choice(programs)))))
    for number, value in ((101, 0), (100, 0), (6, int(rng.integers(1, 25))), (38, 0), (101, 127), (100, 127)):
        events.append((0, 1, message("control_change", control=number, value=value)))
    for _ in range(20):
        at, number = int(rng.integers(end)), int(rng.choice([1, 7, 10, 11, 64, 66, 91]))
        events.append((at, 1, message("control_change", control=number, value=int(rng.integers(128)))))
        events.append((at, 1, message("pitchwheel", pitch=int(rng.integers(-8192, 8192)))))
    events.append((int(rng.integers(end)), 1, message("aftertouch", value=int(rng.integers(128)))))
    events += [(end, 1, message("control_change", control=pedal, value=0)) for pedal in (64, 66)]
    for pitch in rng.choice(np.arange(30, 80), 8, replace=False).tolist():
        count = int(rng.integers(1, 7))
        start = np.sort(rng.integers(0, end - 2 * quarter, count))
        # A key that is struck twice before it is let go: ends in the order of the beginnings.
        stop = np.sort(start + rng.integers(0, 2 * quarter, count))
        for on, off in zip(start.tolist(), stop.tolist(), strict=True):
            velocity = int(rng.integers(1, 128))
            events.append((on, 3, message("note_on", note=pitch, velocity=velocity)))
            ending = "note_off" if rng.random() < 0.5 else "note_on"
            events.append((off, 4 if on == off else 2, message(ending, note=pitch, velocity=0)))
    return _in_order(events)


def _in_order(events: list[tuple[int, int, Any]]) -> Any:
    events.sort(key=lambda event: event[:2])
    track, before = mido.MidiTrack(), 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - before))
        before = tick
    return track


def tempo_map(data: bytes) -> tuple[list[Any], list[Any]]:
    """Tempos and metres: (quarter note, microseconds), (quarter note, numerator, denominator)."""
    tempos, metres = [(Fraction(0), 500_000)], []
    for beat, _, message in sorted(_messages(data), key=lambda row: row[0]):
        if message.type == "set_tempo":
            if tempos[-1][0] == beat:
                tempos.pop()
            if not tempos or tempos[-1][1] != message.tempo:
                tempos.append((beat, message.tempo))
        elif message.type == "time_signature":
            metres.append((beat, message.numerator, message.denominator))
    return tempos, metres


def channels(data: bytes, programs: Sequence[int] = range(128), drums: bool = False) -> list[Any]:
    """What each channel of melody, or of drums, plays with some programs: its notes, and all else that it is sent.

    A note is (onset, end, pitch, velocity, program), in quarter notes.
    """
    found = []
    for (_, channel), rows in _by_channel(data).items():
        if (channel == 9) != drums:
            continue
        program, sent, notes, down = 0, [], [], defaultdict(deque)
        for beat, _, message in rows:
            if message.type == "program_change":
                program = message.program
            elif message.type == "note_on" and message.velocity:
                note = [beat, None, message.note, message.velocity, program]
                notes.append(note)
                down[message.note].append(note)
            elif message.type in ("note_on", "note_off"):
                down[message.note].popleft()[1] = beat
            else:
                sent.append((beat, *message.bytes()[1:], message.type))
        kept = sorted(tuple(note) for note in notes if note[4] in programs)
        if kept:
            found.append((kept, sent))
    return sorted(found)


def _by_channel(data: bytes) -> dict[tuple[int, int], list[Any]]:
    rows = defaultdict(list)
    for row in _messages(data):
        if not row[2].is_meta:
            rows[row[1], row[2].channel].append(row)
    # State comes before notes at one moment, whatever track it is in.
    return {place: sorted(some, key=lambda row: (row[0], row[2].type.startswith("note")))
            for place, some in rows.items()}  # fmt: skip


def _messages(data: bytes) -> list[tuple[Fraction, int, Any]]:
    """(quarter note, port, message) of all tracks."""
    file, rows = mido.MidiFile(file=io.BytesIO(data)), []
    for track in file.tracks:
        tick = port = 0
        for message in track:
            tick += message.time
            port = message.port if message.type == "midi_port" else port
            rows.append((Fraction(tick, file.ticks_per_beat), port, message))
    return rows
