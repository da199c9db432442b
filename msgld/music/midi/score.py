"""Scores in memory (``symusic.Score``) as parts; controllers are read at each onset."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Protocol

import numpy as np

from msgld.music.midi.channel import DEFAULTS, EXPRESSION, PAN, VOLUME, Tuning
from msgld.music.midi.parts import Bend, Part, gain_of, held, pan_of
from msgld.stems import STEMS, stem_of


_SOUND = {**{stem: stem for stem in STEMS}, "vocals": "other"}
"""The stem, in sound, of a track that the band wrote; the tune that a singer would have is an instrument's there."""


class Score(Protocol):
    """The used parts of a ``symusic.Score``, in any unit of time (its own types do not check)."""

    tracks: Any

    def to(self, ttype: Any) -> Any:
        """The score in another unit of time."""
        ...


def parts(score: Score) -> tuple[Part, ...]:
    """The parts of a score that have notes, in its order."""
    return tuple(_part(track) for track in score.to("second").tracks if len(track.notes))


def _part(track: Any) -> Part:
    notes, controls, pedals = track.notes.numpy(), track.controls.numpy(), track.pedals.numpy()
    order = np.argsort(notes["time"], kind="stable")
    onset = notes["time"][order].astype(np.float64)
    duration = notes["duration"][order].astype(np.float64)
    pitch = notes["pitch"][order].astype(np.int64)
    if not track.is_drum:
        duration = held(onset, duration, pitch, pedals["time"].astype(np.float64), pedals["duration"])
    volume, expression, pan = (_at(controls, number, onset) for number in (VOLUME, EXPRESSION, PAN))
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
        bend=_bend(track),
    )


def _at(controls: dict[str, np.ndarray], number: int, onset: np.ndarray) -> np.ndarray:
    """The value of a controller at each onset: the last set up to then, 1 ms of rounding allowed."""
    chosen = controls["number"] == number
    time, value = controls["time"][chosen], controls["value"][chosen].astype(np.float64)
    values = np.concatenate([[float(DEFAULTS[number])], value])
    return values[np.searchsorted(time, onset + 1e-3, side="right")]


def _bend(track: Any) -> Bend:
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
