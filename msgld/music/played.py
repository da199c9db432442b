"""What is played in a clip: its notes and its beats, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msgld.music.bars import Signature, stretches
from msgld.music.midi.parts import Part, Song

LEAD = 0.03
"""Seconds by which a note may begin before the clip and still count as struck in it."""


@dataclass(frozen=True)
class Beats:
    """Beats, ascending.

    Attributes:
        seconds: when they are, float64 (N,).
        first: which of them begin a bar, bool (N,).
        compound: which of them are divided in three, as in 6/8, bool (N,).
    """

    seconds: np.ndarray
    first: np.ndarray
    compound: np.ndarray

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def quarters(self) -> np.ndarray:
        """Quarter notes of each, (N,)."""
        return np.where(self.compound, 1.5, 1.0)

    @classmethod
    def none(cls) -> Beats:
        """No beats."""
        return cls(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))

    def between(self, start: float, stop: float) -> Beats:
        """Those from ``start`` to ``stop`` (excluded), with time counted from ``start``."""
        kept = (self.seconds >= start) & (self.seconds < stop)
        return Beats(self.seconds[kept] - start, self.first[kept], self.compound[kept])


@dataclass(frozen=True)
class Played:
    """The notes and beats of a clip, in seconds from its start.

    Attributes:
        parts: notes that begin in the clip, or sound at its start and then have a negative onset.
        beats: its beats; none where the piece does not tell.
    """

    parts: tuple[Part, ...]
    beats: Beats


def beats_of(signatures: Sequence[Signature], end: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Beats up to ``end`` (quarter notes): where they are in quarter notes, which begin bars, which are compound."""
    places, first, compound = list[float](), list[bool](), list[bool]()
    for signature, stop in stretches(signatures, end):
        pulses, at, number = signature.pulses, signature.beat, 0
        threes = abs(pulses[0] * signature.denominator / 4 - 3) < 1e-6
        while at < min(stop, end) - 1e-6:
            places.append(at)
            first.append(number % len(pulses) == 0)
            compound.append(threes)
            at += pulses[number % len(pulses)]
            number += 1
    return np.array(places), np.array(first, bool), np.array(compound, bool)


def played_in(song: Song, piece: Sequence[Part], start: float, seconds: float, tempo: float = 1.0) -> Played:
    """What is played in an excerpt.

    Args:
        song: as it is written.
        piece: its parts as they are played.
        start: of the excerpt in the time of ``piece``, seconds.
        seconds: its length.
        tempo: how many times as fast ``piece`` is as the song.
    """
    stop = start + seconds
    parts = []
    for part in piece:
        kept = part.pick((part.onset < stop) & (part.onset + part.duration > start))
        if len(kept):
            parts.append(replace(kept, onset=kept.onset - start, bend=part.bend.since(start)))
    beats = Beats.none()
    if song.timeline is not None:
        end = float(song.timeline.beat_at(np.array([stop * tempo]))[0])
        places, first, compound = beats_of(song.signatures, end)
        beats = Beats(song.timeline.at(places) / tempo, first, compound).between(start, stop)
    return Played(tuple(parts), beats)
