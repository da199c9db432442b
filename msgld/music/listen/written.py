"""Notes and beats in seconds -> a score on bars. Notes keep their time: it lies between the steps of the grid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.music.bars import COMMON, Signature, Timeline, bars_of
from msgld.music.key_detection import key_of_notes
from msgld.music.listen.song import time_of
from msgld.music.midi.parts import Part
from msgld.music.notes import Notes
from msgld.music.played import Beats
from msgld.music.score import Score

FREE = 120.0
"""Quarter notes a minute at which music without a beat is written."""


def write_score(
    parts: Mapping[str, Part], beats: Beats, seconds: float, bpm: float | None = None, name: str = ""
) -> Score:
    """The score of what was found in a sound. Its quarter note 0 is where the sound begins.

    Args:
        parts: notes of the stems, in seconds.
        beats: of all stems together; where there are none, the time is steady.
        seconds: length of the sound, which the bars cover.
        bpm: quarter notes a minute of a steady time; ``FREE`` by default.
        name: of the piece.
    """
    timeline, signatures = steady_time(bpm) if len(beats) < 2 else time_of(beats)
    key = key_of_notes(list(parts.values()), 0.0, seconds)
    notes = {stem: on_beats(part, timeline) for stem, part in parts.items()}
    end = float(timeline.beat_at(np.array([seconds]))[0])
    return Score(bars_of(signatures, end), timeline, notes, signatures, name, {"key": key} if key else {})


def steady_time(bpm: float | None) -> tuple[Timeline, tuple[Signature, ...]]:
    """A steady tempo in common time."""
    return Timeline.steady(FREE if bpm is None else bpm), COMMON


def on_beats(part: Part, timeline: Timeline) -> Notes:
    """The notes of a part, in quarter notes of a timeline."""
    onset, end = timeline.beat_at(part.onset), timeline.beat_at(part.onset + part.duration)
    return Notes.of(onset, end - onset, part.pitch, part.velocity, part.program)


def moved(notes: Notes, own: Timeline, timeline: Timeline) -> Notes:
    """Notes of one timeline on another, at the same seconds."""
    onset, end = (timeline.beat_at(own.at(places)) for places in (notes.onset, notes.onset + notes.duration))
    return Notes.of(np.maximum(onset, 0.0), end - onset, notes.pitch, notes.velocity, notes.program)
