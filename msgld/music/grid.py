"""Notes on a grid of bars: what the score codec encodes, and what it decodes.

A bar of one stem has 16 steps (sixteenth notes; shorter bars use the first of them). Notes begin at a step, with an
offset of up to half a step, and sound for whole steps. Pitches are those of a piano; drums are General MIDI's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msgld.music.bars import QUARTER, STEPS, Bars
from msgld.music.notes import Columns, Notes

LOWEST, PITCHES = 21, 88
"""Lowest MIDI pitch of the grid, A0, and how many it has."""

SOFTEST = 0.2
"""What an onset of velocity 0 would have in the grid; velocity 127 has 1."""


@dataclass(frozen=True)
class Cells(Columns):
    """Notes at their places in the grid, one entry per note; the sparse form of a :class:`Roll`.

    Attributes:
        slot: 16 x bar + step of the onset, int32.
        stop: slot at which the note no longer sounds, int32, above ``slot``.
        key: pitch, from 0 (``LOWEST``), int16.
        velocity: 1 to 127, int16.
        offset: of the onset from its step, in steps, -0.5 to 0.5, float32.
    """

    slot: np.ndarray
    stop: np.ndarray
    key: np.ndarray
    velocity: np.ndarray
    offset: np.ndarray

    @classmethod
    def none(cls) -> Cells:
        """No notes."""
        kinds = (np.int32, np.int32, np.int16, np.int16, np.float32)
        return cls(*(np.zeros(0, kind) for kind in kinds))

    def plus(self, other: Cells) -> Cells:
        """The notes of both, in the order of their slots."""
        both = self.followed_by([other])
        return both.pick(np.lexsort((both.key, both.slot)))

    def transposed(self, semitones: int) -> Cells:
        """So many semitones higher; notes that would leave the grid move an octave."""
        return Cells(self.slot, self.stop, folded(self.key + semitones), self.velocity, self.offset)

    def between(self, first: int, last: int) -> Cells:
        """The notes that sound in bars ``first`` to ``last`` (excluded), with slots counted from ``first``.

        A note that began before keeps a negative slot.
        """
        low, high = first * STEPS, last * STEPS
        kept = (self.slot < high) & (self.stop > low)
        stop = np.minimum(self.stop[kept], high) - low
        return Cells(self.slot[kept] - low, stop, self.key[kept], self.velocity[kept], self.offset[kept])


def in_bars(cells: Mapping[str, Cells], known: Mapping[str, np.ndarray]) -> dict[str, Cells]:
    """The notes that begin in known bars (by stem, bool (T,)); one from before the first bar counts with it."""
    return {
        stem: one.pick(known[stem][np.maximum(one.slot, 0) // STEPS])
        for stem, one in cells.items()
        if stem in known
    }


def folded(key: np.ndarray) -> np.ndarray:
    """Keys (pitches from 0) within the grid, moved by octaves where needed."""
    key = np.where(key < 0, key + 12 * -(key // 12), key)
    over = np.maximum(key - (PITCHES - 1), 0)
    return np.asarray(key - 12 * -(-over // 12)).astype(np.int16)


def to_cells(notes: Notes, bars: Bars) -> Cells:
    """Notes -> their places in the grid; those outside its bars are left out.

    Of notes of one pitch at one step the loudest stays; a note ends where its pitch begins anew.
    """
    slot, offset = _slots(notes.onset, bars)
    end = notes.onset + notes.duration
    stop, _ = _slots(end, bars)
    stop = np.maximum(stop, slot + 1)
    kept = (slot >= 0) & (slot < STEPS * len(bars))
    key = folded(notes.pitch - LOWEST)
    order = np.lexsort((-notes.velocity, key, slot))
    order = order[kept[order]]
    same = np.zeros(len(order), bool)
    same[1:] = (slot[order][1:] == slot[order][:-1]) & (key[order][1:] == key[order][:-1])
    order = order[~same]
    slot, stop, key = slot[order], stop[order], key[order]
    return Cells(slot.astype(np.int32), _until_struck(slot, stop, key).astype(np.int32), key,
                 notes.velocity[order].astype(np.int16), offset[order].astype(np.float32))  # fmt: skip


def bar_at(beats: np.ndarray, bars: Bars) -> np.ndarray:
    """The bar of the grid to which notes at these beats belong, int64; -1 before the first, T after the last."""
    slot, _ = _slots(beats, bars)
    return np.asarray(np.where(slot < 0, -1, slot // STEPS))


def _slots(beats: np.ndarray, bars: Bars) -> tuple[np.ndarray, np.ndarray]:
    """The nearest slots of beats, and how many steps later they are."""
    if not len(bars):
        return np.full(len(beats), -1), np.zeros(len(beats))
    bar = np.clip(np.searchsorted(bars.start, beats, side="right") - 1, 0, len(bars) - 1)
    exact = (beats - bars.start[bar]) * QUARTER
    step = np.floor(exact + 0.5).astype(np.int64)
    # A note just before a bar line belongs to the next bar.
    late = (step >= bars.steps[bar]) & (exact >= bars.quarters[bar] * QUARTER - 0.5)
    offset = np.where(late, exact - bars.quarters[bar] * QUARTER, exact - step)
    inside = beats > bars.start[0] - 0.5 / QUARTER
    slot = np.where(late, (bar + 1) * STEPS, bar * STEPS + np.minimum(step, bars.steps[bar] - 1))
    return np.where(inside, np.maximum(slot, 0), -1), np.clip(offset, -0.5, 0.5)


def _until_struck(slot: np.ndarray, stop: np.ndarray, key: np.ndarray) -> np.ndarray:
    order = np.lexsort((slot, key))
    following = np.full(len(order), np.iinfo(np.int64).max)
    same = key[order][1:] == key[order][:-1]
    following[:-1] = np.where(same, slot[order][1:], following[:-1])
    struck = np.empty(len(order), np.int64)
    struck[order] = following
    return np.asarray(np.minimum(stop, struck))


def from_cells(cells: Cells, bars: Bars, program: int = 0) -> Notes:
    """Places in the grid -> notes of a program, the inverse of :func:`to_cells` up to the ends of notes.

    A note from before the first bar begins with it.
    """
    onset = _beats(np.maximum(cells.slot, 0), bars) + cells.offset / QUARTER
    end = _beats(cells.stop, bars)
    duration = np.maximum(end - onset, 0.25 / QUARTER)
    return Notes.of(np.maximum(onset, 0.0), duration, cells.key + LOWEST, cells.velocity, program)


def _beats(slot: np.ndarray, bars: Bars) -> np.ndarray:
    bar, step = np.divmod(slot.astype(np.int64), STEPS)
    place = np.minimum(bar, len(bars) - 1)
    inside = np.minimum(step / QUARTER, bars.quarters[place])
    return np.asarray(np.where(bar >= len(bars), bars.start[-1], bars.start[place] + inside))


@dataclass(frozen=True)
class Roll:
    """The bars of one stem, dense.

    Attributes:
        onset: loudness of the onsets, ``SOFTEST`` to 1, 0 where there is none, float32 (T, 16, 88).
        sounding: bool (T, 16, 88).
        offset: of the onsets of a step, float32 (T, 16).
    """

    onset: np.ndarray
    sounding: np.ndarray
    offset: np.ndarray


def roll_of(cells: Cells | None, steps: np.ndarray) -> Roll:
    """Sparse -> dense.

    Args:
        cells: of a stem; None for silence.
        steps: of each bar, (T,).
    """
    bars = len(steps)
    slots = STEPS * bars
    if cells is None:
        return Roll(np.zeros((bars, STEPS, PITCHES), np.float32), np.zeros((bars, STEPS, PITCHES), bool),
                    np.zeros((bars, STEPS), np.float32))  # fmt: skip
    onset = np.zeros((slots, PITCHES), np.float32)
    changes = np.zeros((slots + 1, PITCHES), np.int16)
    offset, count = np.zeros(slots, np.float32), np.zeros(slots, np.float32)
    begun = cells.slot >= 0
    onset[cells.slot[begun], cells.key[begun]] = SOFTEST + (1 - SOFTEST) * cells.velocity[begun] / 127
    np.add.at(changes, (np.maximum(cells.slot, 0), cells.key), 1)
    np.add.at(changes, (np.minimum(cells.stop, slots), cells.key), -1)
    np.add.at(offset, cells.slot[begun], cells.offset[begun])
    np.add.at(count, cells.slot[begun], 1)
    sounding = (changes.cumsum(0)[:-1] > 0).reshape(bars, STEPS, PITCHES)
    used = np.arange(STEPS) < steps[:, None]
    return Roll(onset.reshape(sounding.shape), sounding & used[:, :, None],
                (offset / np.maximum(count, 1)).reshape(bars, STEPS))  # fmt: skip


def from_roll(roll: Roll, steps: np.ndarray) -> Cells:
    """Dense -> sparse, for bars of so many steps.

    What sounds without an onset goes on from the bar before, or is left out.
    """
    used = (np.arange(STEPS) < steps[:, None]).reshape(-1)
    onset = roll.onset.reshape(-1, PITCHES) * used[:, None]
    slot, key = np.nonzero(onset > 0)
    # Unused steps of short bars let a note pass.
    silent = ~(roll.sounding.reshape(-1, PITCHES) | ~used[:, None])
    struck = onset > 0
    ends = silent | struck
    stop = np.empty(len(slot), np.int64)
    places = np.full(PITCHES, len(ends))
    following = np.empty(ends.shape, np.int64)
    for row in range(len(ends) - 1, -1, -1):
        following[row] = places
        places = np.where(ends[row], row, places)
    stop = following[slot, key]
    velocity = np.clip(np.rint((onset[slot, key] - SOFTEST) / (1 - SOFTEST) * 127), 1, 127)
    offset = roll.offset.reshape(-1)[slot]
    return Cells(slot.astype(np.int32), stop.astype(np.int32), key.astype(np.int16),
                 velocity.astype(np.int16), np.clip(offset, -0.5, 0.5).astype(np.float32))  # fmt: skip
