"""A mixture's beats, and the bars and the time that they give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from msgld.errors import DataError
from msgld.music.bars import Signature, Timeline
from msgld.music.listen.beats import RULES, BeatRules, decode_beats
from msgld.music.listen.stem import mono, over_windows
from msgld.music.played import Beats

FIRST = 4
"""Intervals whose median is the tempo before the first beat."""


class BeatTracker(Protocol):
    """A network in evaluation mode, such as :class:`msgld.nets.beat_tracker.BeatTracker`.

    Attributes:
        config: has ``rate``, ``hop`` and ``width_of_time``.
    """

    config: Any

    def __call__(self, waves: Tensor) -> Any:
        """Scores of waveforms (B, L)."""
        ...

    def parameters(self) -> Iterator[Tensor]:
        """Its weights, which tell where it computes."""
        ...


def find_beats(tracker: BeatTracker, sound: np.ndarray, rate: int, rules: BeatRules = RULES) -> Beats:
    """The beats of a mixture; none in silence.

    Args:
        tracker: in evaluation mode.
        sound: float (channels, L).
        rate: samples per second.
        rules: how beats go on.
    """
    config = tracker.config
    wave = mono(sound, rate, config.rate)
    if not bool(wave.any()):
        return Beats.none()
    device = next(tracker.parameters()).device

    def answer(piece: Tensor) -> list[Tensor]:
        said = tracker(piece.to(device))
        return [said.beat, said.first, said.compound]

    beat, first, compound = over_windows(wave, config.hop, config.width_of_time, answer)
    return decode_beats(beat, first, compound, config.rate / config.hop, rules)


def time_of(beats: Beats) -> tuple[Timeline, tuple[Signature, ...]]:
    """The timeline of beats and their time signatures. Quarter note 0 begins a bar, at second 0 or before.

    Args:
        beats: at least two.

    Raises:
        DataError: there are fewer.
    """
    if len(beats) < 2:
        raise DataError("no beat is found: name the tempo, or choose music with a beat")
    beats = _from_a_bar(beats)
    quarters = np.where(beats.compound, 1.5, 1.0)
    places = np.concatenate([[0.0], np.cumsum(quarters)[:-1]])
    return Timeline(places, beats.seconds), _signatures(beats, places)


def _from_a_bar(beats: Beats) -> Beats:
    """The beats with others before them, up to a bar line at 0 s or before it."""
    (lines,) = np.nonzero(beats.first)
    metre = int(lines[1] - lines[0]) if len(lines) > 1 else 4
    pickup = int(lines[0]) if len(lines) else 0
    interval = float(np.median(np.diff(beats.seconds)[:FIRST]))
    missing = max(0, int(np.ceil(beats.seconds[0] / interval - 1e-9)))
    missing += -(missing + pickup) % metre
    earlier = beats.seconds[0] - interval * np.arange(missing, 0, -1)
    begins = (np.arange(missing) % metre) == 0
    first = np.concatenate([begins, beats.first])
    first[missing : missing + pickup] = (np.arange(missing, missing + pickup) % metre) == 0
    first[0] = True
    compound = np.concatenate([np.full(missing, beats.compound[0]), beats.compound])
    return Beats(np.concatenate([earlier, beats.seconds]), first, compound)


def _signatures(beats: Beats, places: np.ndarray) -> tuple[Signature, ...]:
    """Where the number of beats in a bar, or their kind, changes; a last bar that is cut has the metre before it."""
    (lines,) = np.nonzero(beats.first)
    counts = np.diff(np.append(lines, len(beats)))
    if len(counts) > 1 and counts[-1] < counts[-2]:
        counts[-1] = counts[-2]
    signatures = list[Signature]()
    for line, count in zip(lines.tolist(), counts.tolist(), strict=True):
        threes = bool(beats.compound[line])
        numerator, denominator = (3 * count, 8) if threes else (count, 4)
        if not signatures or (numerator, denominator) != (
            signatures[-1].numerator,
            signatures[-1].denominator,
        ):
            signatures.append(Signature(float(places[line]), numerator, denominator))
    return tuple(signatures)
