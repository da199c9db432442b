"""A mixture's beats, and the bars and the time that they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from msgld.errors import DataError
from msgld.music.bars import QUARTER, Signature, Timeline
from msgld.music.listen.beats import RULES, BeatRules, decode_beats
from msgld.music.listen.stem import gain_for, mono, over_windows
from msgld.music.played import Beats

FIRST = 4
"""Intervals whose median is the tempo before the first beat."""

USUAL_METRE = 4
"""Beats of a bar where too few bars are found to tell."""


@runtime_checkable
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


def find_beats(
    tracker: BeatTracker, sound: np.ndarray, rate: int, rules: BeatRules = RULES, bpm: float | None = None
) -> Beats:
    """The beats of a mixture; none in silence and in free time.

    Args:
        tracker: in evaluation mode.
        sound: float (channels, L).
        rate: samples per second.
        rules: how beats go on.
        bpm: as for :func:`track_beats`.
    """
    return track_beats(tracker, mono(sound, rate, tracker.config.rate), rules, bpm)


def track_beats(
    tracker: BeatTracker, wave: Tensor, rules: BeatRules = RULES, bpm: float | None = None
) -> Beats:
    """The beats of a wave of any length; none in silence and in free time.

    Args:
        tracker: in evaluation mode.
        wave: of a mixture, mono (1, L) at the tracker's rate; its loudness does not matter.
        rules: how beats go on.
        bpm: quarter notes a minute; settles whether beats are twice or half as fast.
    """
    config = tracker.config
    gain, second = gain_for(wave, config.rate), config.rate / config.hop
    if not gain:
        return Beats.none()
    device = next(tracker.parameters()).device

    def answer(piece: Tensor) -> list[Tensor]:
        said = tracker((gain * piece).to(device))
        return [said.beat, said.first, said.compound]

    beat, first, compound = over_windows(wave, config.hop, config.width_of_time, answer)
    found = decode_beats(beat, first, compound, second, rules)
    if bpm is None or not len(found):
        return found
    dotted = bool(found.compound.mean() > 0.5)
    return decode_beats(beat, first, compound, second, rules.near(bpm / 1.5 if dotted else bpm))


def time_of(beats: Beats) -> tuple[Timeline, tuple[Signature, ...]]:
    """The timeline of beats and their time signatures. Quarter note 0 is at second 0, where the sound begins.

    What is before the first bar line becomes a short bar of whole sixteenths, and whole bars if it is long.

    Args:
        beats: at least two.

    Raises:
        DataError: there are fewer.
    """
    if len(beats) < 2:
        raise DataError("no beat is found: name the tempo, or choose music with a beat")
    quarters = beats.quarters
    pace = float(np.median((np.diff(beats.seconds) / quarters[:-1])[:FIRST]))
    lead = max(0, round(QUARTER * beats.seconds[0] / pace)) / QUARTER
    places = lead + np.concatenate([[0.0], np.cumsum(quarters)[:-1]])
    signatures = _signatures(beats, places)
    if lead:
        return Timeline(np.append(0.0, places), np.append(0.0, beats.seconds)), signatures
    return Timeline(places, np.append(0.0, beats.seconds[1:])), signatures


def _signatures(beats: Beats, places: np.ndarray) -> tuple[Signature, ...]:
    """Where the number of beats in a bar, or their kind, changes; a last bar that is cut has the metre before it."""
    lines = np.flatnonzero(beats.first)
    lines = lines if len(lines) else np.zeros(1, int)
    counts = np.diff(np.append(lines, len(beats)))
    if len(counts) == 1:
        counts = np.array([USUAL_METRE])
    elif counts[-1] < counts[-2]:
        counts[-1] = counts[-2]
    metres = [
        (3 * count, 8) if beats.compound[line] else (count, 4)
        for line, count in zip(lines.tolist(), counts.tolist(), strict=True)
    ]
    first = Signature(0.0, *metres[0])
    pickup = round(QUARTER * places[lines[0]]) % round(QUARTER * first.quarters)
    signatures = [_short(pickup)] if pickup else []
    signatures.append(replace(first, beat=pickup / QUARTER))
    for line, metre in zip(lines[1:].tolist(), metres[1:], strict=True):
        if metre != (signatures[-1].numerator, signatures[-1].denominator):
            signatures.append(Signature(float(places[line]), *metre))
    return tuple(signatures)


def _short(sixteenths: int) -> Signature:
    """The signature of a bar of so many sixteenths."""
    denominator = 16
    while denominator > 4 and sixteenths % 2 == 0:
        sixteenths, denominator = sixteenths // 2, denominator // 2
    return Signature(0.0, sixteenths, denominator)
