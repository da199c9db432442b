"""What the networks should answer: notes and beats as tensors over frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ONSET, END, PITCH, VELOCITY = range(4)
"""Columns of a table of notes: seconds, seconds, MIDI number, 0 to 1."""

LONGEST = 8.0
"""Seconds after which a held note is taken to have died away."""

SPREAD = 1.0
"""Frames from a beat at which its target has fallen to 0.6."""


@dataclass(frozen=True)
class NoteTargets:
    """Targets of the listener, each (B, notes, T).

    Attributes:
        onset: 1 in the frame nearest to an onset, else 0.
        counts: weight of the onset's error: 0 where an onset lies less than a frame from the middle of a frame that is
            not the nearest to it.
        sounding: 1 while a note sounds.
        velocity: of the onset at hand, 0 to 1.
        shift: from the frame's middle to that onset, in frames.
        near: 1 in the frames whose velocity and shift count, next to an onset.
    """

    onset: Tensor
    counts: Tensor
    sounding: Tensor
    velocity: Tensor
    shift: Tensor
    near: Tensor


def note_targets(
    tables: Sequence[np.ndarray], frames: int, second: float, lowest: int, notes: int
) -> NoteTargets:
    """Targets of crops.

    Args:
        tables: notes of each crop (n, 4), in seconds from its start; see ``ONSET`` and so on.
        frames: T.
        second: frames in a second.
        lowest: MIDI number of the first note.
        notes: how many there are; others do not count.
    """
    shape = (len(tables), notes, frames)
    onset, counts, sounding = (
        np.zeros(shape, np.float32),
        np.ones(shape, np.float32),
        np.zeros(shape, np.float32),
    )
    velocity, shift, near = (np.zeros(shape, np.float32) for _ in range(3))
    for item, table in enumerate(tables):
        keys = np.rint(table[:, PITCH]).astype(int) - lowest
        kept = (keys >= 0) & (keys < notes)
        table, keys = table[kept], keys[kept]
        places = table[:, ONSET] * second
        ends = np.minimum(table[:, END], table[:, ONSET] + LONGEST) * second
        for key, first, last in zip(
            keys, np.ceil(places - 0.25).astype(int), np.ceil(ends).astype(int), strict=True
        ):
            sounding[item, key, max(0, first) : max(0, max(first + 1, last))] = 1
        nearest = np.rint(places).astype(int)
        for step in (-1, 1, 0):  # the nearest frame is written last
            frame = nearest + step
            away = places - frame
            there = (frame >= 0) & (frame < frames) & (np.abs(away) <= 1.5)
            at = (item, keys[there], frame[there])
            velocity[at], shift[at], near[at] = table[there, VELOCITY], away[there], 1
            if step:
                counts[at] = np.minimum(counts[at], np.abs(away[there]) > 1)
            else:
                onset[at] = counts[at] = 1
    made = (onset, np.maximum(counts, onset), sounding, velocity, shift, near)
    return NoteTargets(*(torch.from_numpy(one) for one in made))


@dataclass(frozen=True)
class BeatTargets:
    """Targets of the beat tracker.

    Attributes:
        beat: 1 at a beat, less beside it, (B, T).
        first: the same of bars' first beats, (B, T).
        compound: 1 where beats are divided in three, (B, T).
        known: 1 where there are beats at all, (B, 1).
    """

    beat: Tensor
    first: Tensor
    compound: Tensor
    known: Tensor


def beat_targets(tables: Sequence[np.ndarray], frames: int, second: float) -> BeatTargets:
    """Targets of crops.

    Args:
        tables: beats of each crop (n, 3): seconds, whether it begins a bar, whether it is compound.
        frames: T.
        second: frames in a second.
    """
    beat, first, compound = (np.zeros((len(tables), frames), np.float32) for _ in range(3))
    known = np.zeros((len(tables), 1), np.float32)
    for item, table in enumerate(tables):
        known[item] = len(table) >= 4
        for seconds, begins, threes in table:
            at = seconds * second
            low, high = max(0, int(at) - 3), min(frames, int(at) + 5)
            bump = np.exp(-0.5 * ((np.arange(low, high) - at) / SPREAD) ** 2)
            beat[item, low:high] = np.maximum(beat[item, low:high], bump)
            if begins:
                first[item, low:high] = np.maximum(first[item, low:high], bump)
            if threes:
                compound[item, low:] = 1
            else:
                compound[item, low:] = 0
    return BeatTargets(*(torch.from_numpy(one) for one in (beat, first, compound, known)))
