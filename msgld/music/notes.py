"""The notes of a stem: as they sound, and beside them as a MIDI file writes them, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Self

import numpy as np

TICKS = 480
"""Ticks in a quarter note of a file that nothing else is known of."""


@dataclass(frozen=True)
class Columns:
    """Arrays with one entry per note: the fields of a subclass that have no default."""

    def __len__(self) -> int:
        return len(getattr(self, self.columns()[0]))

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The names of the arrays."""
        return tuple(field.name for field in fields(cls) if field.default is MISSING)

    def pick(self, index: np.ndarray) -> Self:
        """The notes that ``index`` (a mask or positions) chooses."""
        return replace(self, **{name: getattr(self, name)[index] for name in self.columns()})

    def followed_by(self, others: Sequence[Self]) -> Self:
        """Its notes, and after them those of others of its kind."""
        return replace(
            self,
            **{
                name: np.concatenate([getattr(one, name) for one in (self, *others)])
                for name in self.columns()
            },
        )


@dataclass(frozen=True)
class Messages(Columns):
    """What a MIDI channel is sent besides notes and programs, in order.

    Attributes:
        beat: when, in quarter notes from the start of the piece, ascending, float64.
        status: kind of message, 0xA0 to 0xE0, without the channel, int64.
        first: its first data byte, int64.
        second: its second data byte, 0 where it has none, int64.
    """

    beat: np.ndarray
    status: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[tuple[float, int, int, int]]) -> Messages:
        """Messages (quarter note, status, data, data), in order."""
        beat = np.array([row[0] for row in rows], np.float64)
        return cls(beat, *np.array([row[1:] for row in rows], np.int64).reshape(-1, 3).T)


SILENT = Messages.of(())
"""No messages."""


@dataclass(frozen=True)
class Written(Columns):
    """What one MIDI channel plays of a stem, as it is written; arrays are sorted by onset, then pitch.

    Attributes:
        onset: when keys are struck, in quarter notes from the start of the piece, float64.
        duration: how long they are down, in quarter notes, float64.
        pitch: MIDI note number, int64.
        velocity: of the key, 1 to 127, int64.
        program: General MIDI program (of drums, the kit), int64.
        sounding: how long the notes sound, pedals included, in quarter notes, float64.
        messages: controllers, bends and pressure.
        ticks: in a quarter note of its file.
        channel: its port and number in that file; parts of one channel have one state.
    """

    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    program: np.ndarray
    sounding: np.ndarray
    messages: Messages = SILENT
    ticks: int = TICKS
    channel: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Notes(Columns):
    """The notes of one stem as they sound; all arrays have one entry per note, sorted by onset, then pitch.

    Attributes:
        onset: quarter notes from the start of the piece, float64.
        duration: quarter notes, pedals included, float64.
        pitch: MIDI note number, int64.
        velocity: 1 to 127, with volume and expression in it, int64.
        program: General MIDI program (of drums, the kit) that plays it, int64.
        written: the channels that were read; none for notes that were made. These are written and rendered.
    """

    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    program: np.ndarray
    written: tuple[Written, ...] = ()

    @classmethod
    def of(
        cls,
        onset: np.ndarray,
        duration: np.ndarray,
        pitch: np.ndarray,
        velocity: np.ndarray,
        program: np.ndarray | int = 0,
    ) -> Notes:
        """Sorted, and in the types of the attributes."""
        order = np.lexsort((pitch, onset))
        onset, duration = (np.asarray(one, np.float64)[order] for one in (onset, duration))
        whole = (pitch, velocity, np.broadcast_to(program, np.shape(order)))
        pitch, velocity, program = (np.asarray(one, np.int64)[order] for one in whole)
        return cls(onset, duration, pitch, velocity, program)

    @property
    def programs(self) -> tuple[int, ...]:
        """Its programs, the most used first."""
        programs, counts = np.unique(self.program, return_counts=True)
        return tuple(int(program) for program in programs[np.argsort(-counts, kind="stable")])

    @property
    def channels(self) -> tuple[Written, ...]:
        """The channels that play them: those that were read, or one for each program."""
        apart = (self.pick(self.program == program) for program in self.programs)
        return self.written or tuple(
            Written(one.onset, one.duration, one.pitch, one.velocity, one.program, one.duration)
            for one in apart
        )

    @classmethod
    def none(cls) -> Notes:
        """No notes."""
        return cls.of(*(np.zeros(0),) * 4)

    def pick(self, index: np.ndarray) -> Notes:
        """The notes that ``index`` (a mask or positions) chooses, as they sound; what was written is left behind."""
        return replace(super().pick(index), written=())

    def where(self, test: Callable[[np.ndarray], np.ndarray]) -> Notes:
        """The notes whose onsets pass a test, onsets (N,) -> bool (N,); of what was written, too."""
        written = (one.pick(test(one.onset)) for one in self.written)
        return replace(self.pick(test(self.onset)), written=tuple(one for one in written if len(one)))

    def between(self, first: float, last: float) -> Notes:
        """The notes that begin from ``first`` to ``last`` (excluded), in quarter notes."""
        return self.where(lambda onset: (onset >= first) & (onset < last))


def joined(parts: Sequence[Notes]) -> Notes:
    """All notes of several parts, each of which keeps its channels."""
    if not parts:
        return Notes.none()
    everything = parts[0].followed_by(parts[1:])
    whole = Notes.of(*(getattr(everything, name) for name in Notes.columns()))
    if not any(part.written for part in parts):
        return whole
    return replace(whole, written=tuple(one for part in parts for one in part.channels))


def by_channel(written: Sequence[Written]) -> tuple[Written, ...]:
    """Parts of one file, those of one channel together."""
    found: dict[tuple[int, int], list[Written]] = {}
    for one in written:
        found.setdefault(one.channel, []).append(one)
    wholes = (same[0].followed_by(same[1:]) for same in found.values())
    return tuple(whole.pick(np.lexsort((whole.pitch, whole.onset))) for whole in wholes)
