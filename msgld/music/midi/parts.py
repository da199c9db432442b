"""A piece as arrays of notes that any synthesiser can play.

MIDI describes loudness, length and place of a note in several ways: velocity, volume, expression, pan and pedals. Here
all of it is resolved into the notes; only the pitch wheel, which moves while they sound, stays beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from msgld.music.bars import Signature, Timeline
from msgld.music.notes import Written


@dataclass(frozen=True)
class Bend:
    """The offset of all notes of a part from their keys, in steps: pitch wheel and tuning.

    Attributes:
        time: seconds from the start of the piece, ascending, (M,).
        semitones: the offset from each time on, (M,); 0 before the first.
    """

    time: np.ndarray
    semitones: np.ndarray

    @classmethod
    def of(cls, steps: Sequence[tuple[float, float]]) -> Bend:
        """The bend of steps (seconds, semitones), ascending."""
        table = np.array(steps, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def since(self, zero: float) -> Bend:
        """The steps from ``zero`` (seconds) on, with time counted from there; steps without effect are left out."""
        first = int(np.searchsorted(self.time, zero, side="right"))
        held = self.semitones[max(first - 1, 0) : first]
        time = np.concatenate([np.zeros(len(held)), self.time[first:] - zero])
        semitones = np.concatenate([held, self.semitones[first:]])
        changes = np.diff(semitones, prepend=0.0) != 0
        return Bend(time[changes], semitones[changes])


STRAIGHT = Bend(np.zeros(0), np.zeros(0))
"""No bend at all."""


@dataclass(frozen=True)
class Part:
    """The notes of one track; all arrays have one entry per note, sorted by onset.

    Attributes:
        stem: the stem it belongs to.
        program: General MIDI program, or drum kit.
        is_drum: percussion: pitches are instruments.
        onset: seconds from the start of the piece, float64.
        duration: seconds, float64, pedals included.
        pitch: MIDI note number, int.
        velocity: MIDI velocity 1 to 127, int.
        gain: amplitude that volume and expression give, 1 at General MIDI's default.
        pan: -1 left, 0 middle, 1 right.
        bend: how the pitch of all its notes moves, for the whole piece.
        name: of the tracks that it was written in.
        written: the notes as a file writes them; None where they come from elsewhere, or were changed.
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
    name: str = ""
    written: Written | None = None

    def __len__(self) -> int:
        return len(self.onset)

    def pick(self, index: np.ndarray) -> Part:
        """The notes that ``index`` (a mask or positions) chooses."""
        names = ("onset", "duration", "pitch", "velocity", "gain", "pan")
        return replace(self, written=None, **{name: getattr(self, name)[index] for name in names})


@dataclass(frozen=True)
class Song:
    """One piece.

    Attributes:
        parts: its notes.
        name: its title.
        meta: further facts about it.
        tempos: all its tempos, in quarter notes a minute; empty if unknown.
        bars: all lengths of its bars, in quarter notes; empty if unknown.
        timeline: the time of its beats; None if unknown.
        signatures: its time signatures, ascending.
    """

    parts: tuple[Part, ...]
    name: str
    meta: dict[str, str | float] = field(default_factory=dict)
    tempos: frozenset[float] = frozenset()
    bars: frozenset[float] = frozenset()
    timeline: Timeline | None = None
    signatures: tuple[Signature, ...] = ()


def joined_parts(parts: Sequence[Part]) -> Part:
    """The notes of all parts, one after another, as a part of the first one's kind; at least one part."""
    names = ("onset", "duration", "pitch", "velocity", "gain", "pan")
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names
    }
    return replace(parts[0], **columns)


def gain_of(volume: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """The amplitude that controllers 7 and 11 (0 to 127) give: 1 at volume 100, full expression."""
    return np.asarray((volume / 100) ** 2 * (expression / 127) ** 2)


def pan_of(pan: np.ndarray) -> np.ndarray:
    """The place, -1 to 1, that controller 10 (0 to 127) gives."""
    return np.clip((pan - 64) / 63, -1, 1)


def struck_again(onset: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """When each note's key is next struck, infinity where it is not; onsets ascend."""
    following = np.full(len(onset), np.inf)
    for key in np.unique(pitch):
        (index,) = np.nonzero(pitch == key)
        following[index[:-1]] = onset[index[1:]]
    return following


def held(
    onset: np.ndarray,
    duration: np.ndarray,
    pitch: np.ndarray,
    down: np.ndarray,
    length: np.ndarray,
    sostenuto: bool = False,
) -> np.ndarray:
    """Durations of notes that a pedal holds until it is lifted or their key is struck again; never shorter than before.

    Args:
        onset: of the notes, ascending, seconds, (N,).
        duration: how long their keys are down, (N,).
        pitch: of the notes, (N,).
        down: when the pedal is pressed, ascending, (M,).
        length: for how long, (M,).
        sostenuto: the pedal holds only notes whose keys are down when it is pressed.
    """
    if not len(down):
        return duration
    end, up = onset + duration, down + length
    last = np.searchsorted(down, end, side="left" if sostenuto else "right") - 1
    caught = (last >= 0) & (up[last] > end) & ((down[last] >= onset) | (not sostenuto))
    stop = np.minimum(up[last], np.maximum(struck_again(onset, pitch), end))
    return np.where(caught, stop - onset, duration)


def cut(onset: np.ndarray, duration: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Durations of notes that end at the first of the cuts, ascending, after their onset."""
    following = np.append(cuts, np.inf)[np.searchsorted(cuts, onset, side="right")]
    return np.minimum(duration, following - onset)


def length(piece: Sequence[Part]) -> float:
    """When the last note of a piece ends, in seconds; 0 for an empty one."""
    return max((float((part.onset + part.duration).max()) for part in piece if len(part)), default=0.0)


def sounding(piece: Sequence[Part], start: float, seconds: float) -> set[str]:
    """The stems with at least three notes (or one that fills a third) in an excerpt."""
    stop, counts, filled = start + seconds, dict[str, int](), dict[str, float]()
    for part in piece:
        overlap = np.minimum(part.onset + part.duration, stop) - np.maximum(part.onset, start)
        overlap = overlap[(overlap > 0) & (part.gain > 0)]
        counts[part.stem] = counts.get(part.stem, 0) + len(overlap)
        filled[part.stem] = max(filled.get(part.stem, 0.0), float(overlap.max(initial=0.0)))
    return {stem for stem in counts if counts[stem] >= 3 or filled[stem] >= seconds / 3}


def transpose(piece: Sequence[Part], semitones: int) -> tuple[Part, ...]:
    """The piece in another key; drums stay; notes that would leave MIDI's range move an octave."""
    return tuple(
        part if part.is_drum else replace(part, pitch=_fold(part.pitch + semitones), written=None)
        for part in piece
    )


def _fold(pitch: np.ndarray) -> np.ndarray:
    return pitch + 12 * (pitch < 0) - 12 * (pitch > 127)


def stretch(piece: Sequence[Part], tempo: float) -> tuple[Part, ...]:
    """The piece played ``tempo`` times as fast (above 0)."""
    return tuple(
        replace(
            p,
            onset=p.onset / tempo,
            duration=p.duration / tempo,
            bend=replace(p.bend, time=p.bend.time / tempo),
        )
        for p in piece
    )


def crop(part: Part, start: float, seconds: float, tail: float) -> Part:
    """The audible notes of an excerpt, in the time of the piece. What lasts beyond the excerpt is cut.

    Args:
        part: of the whole piece.
        start: of the excerpt, seconds.
        seconds: its length.
        tail: seconds for which a note is audible after its end (its release).
    """
    stop = start + seconds
    kept = part.pick((part.onset < stop) & (part.onset + part.duration + tail > start))
    return replace(kept, duration=np.minimum(kept.duration, stop - kept.onset))
