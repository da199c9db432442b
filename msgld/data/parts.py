"""A score as arrays of notes that any synthesiser can play.

A MIDI file says how loud, how long and where a note sounds in several places: velocity, volume, expression,
pan and the pedal. Here all of it is resolved into the notes, so that a synthesiser needs to know only notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from msgld.data.classes import stem_of_track
from msgld.types import STEMS

VOLUME, PAN, EXPRESSION = 7, 10, 11
_DEFAULTS = {VOLUME: 100.0, PAN: 64.0, EXPRESSION: 127.0}


@runtime_checkable
class Score(Protocol):
    """What is used of a ``symusic.Score``, in any unit of time (its own types do not check)."""

    tracks: Any
    tempos: Any
    time_signatures: Any

    def to(self, ttype: Any) -> Any:
        """Return the score in another unit of time."""
        ...

    def copy(self) -> Any:
        """Return a copy."""
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

    def __len__(self) -> int:
        return len(self.onset)

    def pick(self, index: np.ndarray) -> Part:
        """Return the notes that ``index`` (a mask or positions) chooses."""
        names = ("onset", "duration", "pitch", "velocity", "gain", "pan")
        return replace(self, **{name: getattr(self, name)[index] for name in names})


def parts(score: Score) -> tuple[Part, ...]:
    """Return the parts of a score that have notes, in its order; controllers are read at each onset."""
    return tuple(_part(track) for track in score.to("second").tracks if len(track.notes))


def split(score: Score) -> dict[str, Score]:
    """Return one score for each stem that has a track, with everything that is not a track kept."""
    stems: dict[str, Score] = {}
    for index, track in enumerate(score.tracks):
        stem = stem_of_track(track.name, track.program, track.is_drum)
        if stem not in stems:
            stems[stem] = score.copy()
            stems[stem].tracks.clear()
        stems[stem].tracks.append(score.tracks[index].copy())
    return {stem: stems[stem] for stem in STEMS if stem in stems}


def _part(track: Any) -> Part:
    notes, controls = track.notes.numpy(), track.controls.numpy()
    order = np.argsort(notes["time"], kind="stable")
    onset = notes["time"][order].astype(np.float64)
    duration = notes["duration"][order].astype(np.float64)
    pitch = notes["pitch"][order].astype(np.int64)
    volume, expression, pan = (_at(controls, number, onset) for number in (VOLUME, EXPRESSION, PAN))
    return Part(
        stem=stem_of_track(track.name, track.program, track.is_drum),
        program=int(track.program),
        is_drum=bool(track.is_drum),
        onset=onset,
        duration=duration if track.is_drum else _hold(onset, duration, pitch, track.pedals.numpy()),
        pitch=pitch,
        velocity=notes["velocity"][order].astype(np.int64),
        gain=(volume / 100) ** 2 * (expression / 127) ** 2,
        pan=np.clip((pan - 64) / 63, -1, 1),
    )


def _at(controls: dict[str, np.ndarray], number: int, onset: np.ndarray) -> np.ndarray:
    """Return the value of a controller at each onset: the last set up to then, 1 ms of rounding allowed."""
    chosen = controls["number"] == number
    time, value = controls["time"][chosen], controls["value"][chosen].astype(np.float64)
    values = np.concatenate([[_DEFAULTS[number]], value])
    return values[np.searchsorted(time, onset + 1e-3, side="right")]


def _hold(
    onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, pedals: dict[str, np.ndarray]
) -> np.ndarray:
    """Return durations with a note under the pedal held until that is lifted, or its key is struck again."""
    if not len(pedals["time"]):
        return duration
    down = pedals["time"].astype(np.float64)
    up = down + pedals["duration"]
    end = onset + duration
    last = np.searchsorted(down, end, side="right") - 1
    held = (last >= 0) & (up[last] > end)
    return np.where(
        held, np.minimum(up[last], np.maximum(_struck_again(onset, pitch), end)) - onset, duration
    )


def _struck_again(onset: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Return when each note's key is next struck, infinity where it is not."""
    following = np.full(len(onset), np.inf)
    for key in np.unique(pitch):
        (index,) = np.nonzero(pitch == key)
        following[index[:-1]] = onset[index[1:]]
    return following


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
    return tuple(replace(p, onset=p.onset / tempo, duration=p.duration / tempo) for p in piece)


def crop(part: Part, start: float, seconds: float, tail: float) -> Part:
    """Return the notes that can be heard from ``start`` for ``seconds``, in the time of the piece.

    A note counts until ``tail`` seconds after its end (its release). What lasts beyond the stretch is cut.
    """
    stop = start + seconds
    kept = part.pick((part.onset < stop) & (part.onset + part.duration + tail > start))
    return replace(kept, duration=np.minimum(kept.duration, stop - kept.onset))
