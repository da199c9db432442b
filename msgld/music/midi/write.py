"""Scores as Standard MIDI Files."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import numpy as np

from msgld.music.bars import Signature, Timeline
from msgld.music.grid import Notes
from msgld.music.keys import key_name, parse_key
from msgld.music.score import Score

TICKS = 480
"""Ticks in a quarter note."""

DRUM_CHANNEL = 9
_CHANNELS = (*range(9), *range(10, 16))

_LONGEST = 2**24 - 1
"""Microseconds of the slowest quarter note that a file can hold."""


def midi_bytes(score: Score, stems: Iterable[str] | None = None, ticks: int = TICKS) -> bytes:
    """A file of format 1: first a track of tempos, metre and key, then one for each program of each stem.

    A file has 15 channels of melody; if there are more programs, the last ones share one.

    Args:
        score: to write.
        stems: which of its stems; all by default.
        ticks: in a quarter note, 24 to 32767.
    """
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=ticks)
    file.tracks.append(_conductor(score, ticks))
    free = list(_CHANNELS)
    for stem in score.notes if stems is None else stems:
        notes = score.notes[stem]
        for program in notes.programs or (0,):
            channel = DRUM_CHANNEL if stem == "drums" else free.pop(0) if len(free) > 1 else free[0]
            file.tracks.append(_track(stem, notes.pick(notes.program == program), channel, program, ticks))
    written = BytesIO()
    file.save(file=written)
    return written.getvalue()


def _conductor(score: Score, ticks: int) -> Any:
    import mido

    events = [(0, 0, mido.MetaMessage("track_name", name=_text(score.name)))]
    for beat, bpm in tempos(score.timeline):
        micro = int(np.clip(round(60e6 / bpm), 1, _LONGEST))
        events.append((round(beat * ticks), 1, mido.MetaMessage("set_tempo", tempo=micro)))
    for sign in score.signatures:
        events.append((round(sign.beat * ticks), 2, _signature(sign)))
    key = score.meta.get("key")
    if key:
        events.append((0, 3, mido.MetaMessage("key_signature", key=_key(str(key)))))
    return _in_order(events)


def tempos(timeline: Timeline) -> list[tuple[float, float]]:
    """Where a timeline's tempo changes: (quarter note, quarter notes a minute); the first at 0."""
    starts = timeline.beats[:-1]
    bpm = timeline.bpm(starts)
    changes = np.flatnonzero(np.abs(np.diff(bpm, prepend=0.0)) > 1e-9)
    return [(max(0.0, float(starts[i])) if i else 0.0, float(bpm[i])) for i in changes]


def _signature(sign: Signature) -> Any:
    import mido

    return mido.MetaMessage("time_signature", numerator=sign.numerator, denominator=sign.denominator)


def _key(key: str) -> str:
    """As MIDI names it: major or minor, whichever has the third of the key's mode."""
    tonic, mode = parse_key(key)
    minor = mode in ("minor", "dorian", "phrygian", "blues")
    name = key_name(tonic, mode or "major").split()[0]
    sharps = {"Db": "C#", "Eb": "D#" if minor else "Eb", "Ab": "G#" if minor else "Ab"} if minor else {}
    return sharps.get(name, name) + ("m" if minor else "")


def _track(stem: str, notes: Notes, channel: int, program: int, ticks: int) -> Any:
    import mido

    start = np.rint(np.maximum(notes.onset, 0) * ticks).astype(int)
    stop = np.maximum(np.rint((notes.onset + notes.duration) * ticks).astype(int), start + 1)
    events = [(0, 0, mido.MetaMessage("track_name", name=stem))]
    events.append((0, 1, mido.Message("program_change", channel=channel, program=program)))
    columns = (start.tolist(), stop.tolist(), notes.pitch.tolist(), notes.velocity.tolist())
    for on, off, pitch, velocity in zip(*columns, strict=True):
        events.append((on, 3, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((off, 2, mido.Message("note_off", channel=channel, note=pitch, velocity=0)))
    return _in_order(events)


def _in_order(events: list[tuple[int, int, Any]]) -> Any:
    """A track of (tick, rank, message); at one tick a note ends before another begins."""
    import mido

    events.sort(key=lambda event: event[:2])
    track, before = mido.MidiTrack(), 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - before))
        before = tick
    return track


def _text(name: str) -> str:
    """What a file's text, Latin-1, can hold of a name."""
    return name.encode("latin-1", "replace").decode("latin-1")
