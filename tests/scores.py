"""Small scores for tests."""

from __future__ import annotations

from typing import Any

import symusic

Note = tuple[float, float, int, int]
"""Onset and duration in seconds, pitch, velocity."""


def track(notes: list[Note], program: int = 0, is_drum: bool = False, name: str = "") -> Any:
    made = symusic.Track(name, program, is_drum, ttype="second")
    for onset, duration, pitch, velocity in notes:
        made.notes.append(symusic.Note(onset, duration, pitch, velocity, ttype="second"))
    return made


def control(made: Any, number: int, value: int, time: float = 0.0) -> Any:
    made.controls.append(symusic.ControlChange(time, number, value, ttype="second"))
    return made


def score(*tracks: Any) -> Any:
    made = symusic.Score(480, ttype="second")
    for each in tracks:
        made.tracks.append(each)
    return made


def band(seconds: float = 24.0) -> Any:
    """A bass, drums and a piano that play all the time."""
    beats = [i / 2 for i in range(round(2 * seconds))]
    return score(
        track([(t, 0.4, 36 + i % 5, 100) for i, t in enumerate(beats)], program=33),
        track([(t, 0.1, 36 if i % 2 else 46, 90) for i, t in enumerate(beats)], is_drum=True),
        track([(t, 0.5, 60 + 4 * (i % 3), 80) for i, t in enumerate(beats)], program=0),
    )


def midi(made: Any) -> bytes:
    """The score as a MIDI file."""
    return bytes(made.to("tick").dumps_midi())
