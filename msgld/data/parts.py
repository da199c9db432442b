"""A score as arrays of notes that any synthesiser can play.

MIDI says how loud, how long and where a note sounds in several places: velocity, volume, expression, pan and the
pedal. Here all of it is resolved into the notes; only the pitch wheel, which moves while they sound, stays beside them.
:mod:`msgld.data.performance` makes parts of MIDI files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Protocol, runtime_checkable

import numpy as np

from msgld.data.bends import STRAIGHT, Bend
from msgld.data.channels import Tuning
from msgld.data.pedals import sustained
from msgld.stems import STEMS, stem_of

VOLUME, PAN, EXPRESSION = 7, 10, 11
_DEFAULTS = {VOLUME: 100.0, PAN: 64.0, EXPRESSION: 127.0}


@runtime_checkable
class Score(Protocol):
    """What is used of a ``symusic.Score``, in any unit of time (its own types do not check)."""

    tracks: Any

    def to(self, ttype: Any) -> Any:
        """Return the score in another unit of time."""
        ...


@dataclass(frozen=True)
class Part:
    """The notes of one track; all arrays have one entry per note, sorted by onset.

    Attributes:
        stem: the stem it belongs to.
        program: General MIDI program, or drum kit.
        is_drum: percussion: pitches are instruments.
        onset: seconds from the start of the piece, float64.
        duration: seconds, float64, pedal included.
        pitch: MIDI note number, int.
        velocity: MIDI velocity 1 to 127, int.
        gain: amplitude that volume and expression give, 1 at General MIDI's default.
        pan: -1 left, 0 middle, 1 right.
        bend: how the pitch of all its notes moves, for the whole piece.
    """

    stem: str
    program: int
    is_drum: bool
    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    gain: np.ndarray
    pan: np.ndarray
    bend: Bend = STRAIGHT

    def __len__(self) -> int:
        return len(self.onset)

    def pick(self, index: np.ndarray) -> Part:
        """Return the notes that ``index`` (a mask or positions) chooses."""
        names = ("onset", "duration", "pitch", "velocity", "gain", "pan")
        return replace(self, **{name: getattr(self, name)[index] for name in names})


def parts(score: Score) -> tuple[Part, ...]:
    """Return the parts of a score that have notes, in its order; controllers are read at each onset."""
    return tuple(_part(track) for track in score.to("second").tracks if len(track.notes))


def _part(track: Any) -> Part:
    notes, controls = track.notes.numpy(), track.controls.numpy()
    order = np.argsort(notes["time"], kind="stable")
    onset = notes["time"][order].astype(np.float64)
    duration = notes["duration"][order].astype(np.float64)
    pitch = notes["pitch"][order].astype(np.int64)
    volume, expression, pan = (_at(controls, number, onset) for number in (VOLUME, EXPRESSION, PAN))
    return Part(
        # Only the band names its tracks like stems; a real song's "Bass" may play a harp.
        stem=track.name if track.name in STEMS else stem_of(track.program, track.is_drum),
        program=int(track.program),
        is_drum=bool(track.is_drum),
        onset=onset,
        duration=duration if track.is_drum else _held(onset, duration, pitch, track.pedals.numpy()),
        pitch=pitch,
        velocity=notes["velocity"][order].astype(np.int64),
        gain=gain_of(volume, expression),
        pan=pan_of(pan),
        bend=_bend(track),
    )


def gain_of(volume: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """Return the amplitude that controllers 7 and 11 (0 to 127) give: 1 at volume 100, full expression."""
    return np.asarray((volume / 100) ** 2 * (expression / 127) ** 2)


def pan_of(pan: np.ndarray) -> np.ndarray:
    """Return the place, -1 to 1, that controller 10 (0 to 127) gives."""
    return np.clip((pan - 64) / 63, -1, 1)


def _at(controls: dict[str, np.ndarray], number: int, onset: np.ndarray) -> np.ndarray:
    """Return the value of a controller at each onset: the last set up to then, 1 ms of rounding allowed."""
    chosen = controls["number"] == number
    time, value = controls["time"][chosen], controls["value"][chosen].astype(np.float64)
    values = np.concatenate([[_DEFAULTS[number]], value])
    return values[np.searchsorted(time, onset + 1e-3, side="right")]


def _held(
    onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, pedals: dict[str, np.ndarray]
) -> np.ndarray:
    if not len(pedals["time"]):
        return duration
    return sustained(onset, duration, pitch, pedals["time"].astype(np.float64), pedals["duration"])


def _bend(track: Any) -> Bend:
    """The bend of a track: its wheel, with what its controllers say about range and fine tuning."""
    tuning = Tuning()
    moves = [(control.time, 0, control.number, control.value) for control in track.controls]
    moves += [(wheel.time, 1, 0, wheel.value) for wheel in track.pitch_bends]
    for time, is_wheel, number, value in sorted(moves, key=itemgetter(0, 1)):
        if is_wheel:
            tuning.bend(time, value)
        elif number in Tuning.CONTROLS:
            tuning.control(time, number, value)
    return Bend.of(tuning.steps)


def length(piece: Sequence[Part]) -> float:
    """Return when the last note of a piece ends, in seconds; 0 for an empty one."""
    return max((float((part.onset + part.duration).max()) for part in piece if len(part)), default=0.0)


def sounding(piece: Sequence[Part], start: float, seconds: float, least: int = 3) -> set[str]:
    """Return the stems with at least ``least`` notes (or one that fills a third) in the given stretch."""
    stop, counts, filled = start + seconds, dict[str, int](), dict[str, float]()
    for part in piece:
        overlap = np.minimum(part.onset + part.duration, stop) - np.maximum(part.onset, start)
        overlap = overlap[(overlap > 0) & (part.gain > 0)]
        counts[part.stem] = counts.get(part.stem, 0) + len(overlap)
        filled[part.stem] = max(filled.get(part.stem, 0.0), float(overlap.max(initial=0.0)))
    return {stem for stem in counts if counts[stem] >= least or filled[stem] >= seconds / 3}


def transpose(piece: Sequence[Part], semitones: int) -> tuple[Part, ...]:
    """Return the piece in another key; drums stay; notes that would leave MIDI's range move an octave."""
    return tuple(
        part if part.is_drum else replace(part, pitch=_fold(part.pitch + semitones)) for part in piece
    )


def _fold(pitch: np.ndarray) -> np.ndarray:
    return pitch + 12 * (pitch < 0) - 12 * (pitch > 127)


def stretch(piece: Sequence[Part], tempo: float) -> tuple[Part, ...]:
    """Return the piece played ``tempo`` times as fast (above 0)."""
    return tuple(
        replace(p, onset=p.onset / tempo, duration=p.duration / tempo, bend=p.bend.stretched(tempo))
        for p in piece
    )


def crop(part: Part, start: float, seconds: float, tail: float) -> Part:
    """Return the notes that can be heard from ``start`` for ``seconds``, in the time of the piece.

    A note counts until ``tail`` seconds after its end (its release). What lasts beyond the stretch is cut.
    """
    stop = start + seconds
    kept = part.pick((part.onset < stop) & (part.onset + part.duration + tail > start))
    return replace(kept, duration=np.minimum(kept.duration, stop - kept.onset))
