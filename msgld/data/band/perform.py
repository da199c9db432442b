"""From written notes to played ones: swing, touch of time and loudness, ranges; then a ``symusic.Score``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from msgld.errors import DataError

from .dice import Dice
from .instruments import RANGES
from .plan import Part, Song

if TYPE_CHECKING:
    from symusic.core import ScoreTick

_PUSHED_DRUMS = (35, 36, 49, 57)
TICKS = 480
"""Ticks in a beat."""


def perform(song: Song, parts: list[Part], dice: Dice) -> ScoreTick:
    """Play the parts: one track a part, named after its stem, with pan and volume controllers.

    Raises:
        DataError: where symusic is not installed.
    """
    symusic = _symusic()
    score = symusic.Score(TICKS)
    score.tempos.append(symusic.Tempo(0, song.bpm))
    score.time_signatures.append(symusic.TimeSignature(0, song.beats, 4))
    for section in song.sections:
        score.markers.append(symusic.TextMeta(round(section.bars[0].start * TICKS), section.name))
    for part, columns in played(song, parts, dice):
        track = symusic.Track(part.stem, part.program, part.stem == "drums")
        track.notes = symusic.Note.from_numpy(*columns)
        track.controls.append(symusic.ControlChange(0, 7, part.volume))
        track.controls.append(symusic.ControlChange(0, 10, part.pan))
        score.tracks.append(track)
    return score


def played(song: Song, parts: list[Part], dice: Dice) -> Iterator[tuple[Part, tuple[np.ndarray, ...]]]:
    """The parts that have notes, each with these as they are played; see :func:`play`."""
    jitter = dice.between(*song.style.jitter) / 1000 * song.bpm / 60
    for number, part in enumerate(parts):
        if part.events:
            yield part, play(song, part, jitter, dice.child(number))


def _symusic() -> Any:
    """The optional package, untyped: its stubs leave open which unit of time a score counts in."""
    try:
        return import_module("symusic")
    except ImportError as error:
        raise DataError("the built-in band needs symusic: pip install 'msgld[band]'") from error


def play(song: Song, part: Part, jitter: float, dice: Dice) -> tuple[np.ndarray, ...]:
    """Turn a part's notes into arrays (notes,): onset and length in ticks (int32), pitch and velocity (int8).

    Args:
        song: for swing, dynamics and length.
        part: the notes on the grid.
        jitter: standard deviation of onsets, in beats.
        dice: the player's own stream; a player also leans ahead or behind as a whole.
    """
    notes = _pushed(np.array(part.events, np.float64), part.stem, song)
    on, off = notes[:, 0], notes[:, 0] + np.maximum(notes[:, 1], 0.05)
    span = (0, 127) if part.stem == "drums" else RANGES[part.program]
    pitch = _in_range(notes[:, 2], *span)
    velocity = _dynamics(song, on, notes[:, 3], dice)
    lean = jitter * dice.between(-0.8, 0.8)
    wobble = jitter * dice.rng.standard_normal(len(on)) * 0.6 + lean
    start = _swung(on, song) + wobble
    length = np.maximum(_swung(off, song) - _swung(on, song), 0.04)
    return _ticks(start, length, pitch, velocity, song.end)


def _pushed(notes: np.ndarray, stem: str, song: Song) -> np.ndarray:
    """Anticipate the first beat of the pushed bars by an eighth: everybody, and kick and crash."""
    if not song.pushed or stem in ("other", "vocals"):
        return notes
    moving = np.isin(notes[:, 2], _PUSHED_DRUMS) if stem == "drums" else np.ones(len(notes), bool)
    bar, place = np.divmod(notes[:, 0], song.beats)
    bars = np.array(sorted(song.pushed))
    early = moving & (place < 0.2) & np.isin(bar, bars)
    covered = moving & (place >= song.beats - 0.5) & np.isin(bar + 1, bars)
    notes[early, 0] -= 0.5
    notes[early, 1] += 0.5
    return notes[~covered]


def _in_range(pitch: np.ndarray, low: int, high: int) -> np.ndarray:
    pitch = np.where(pitch < low, pitch + 12 * np.ceil((low - pitch) / 12), pitch)
    return np.where(pitch > high, pitch - 12 * np.ceil((pitch - high) / 12), pitch)


def _dynamics(song: Song, on: np.ndarray, loud: np.ndarray, dice: Dice) -> np.ndarray:
    """Loudness follows the section's level, swells over four bars and trembles a little."""
    starts = np.array([s.bars[0].start for s in song.sections])
    levels = np.array([s.level for s in song.sections])
    level = levels[np.maximum(np.searchsorted(starts, on + 1e-6, side="right") - 1, 0)]
    swell = np.sin(2 * np.pi * on / (4 * song.beats) + dice.between(0, 6.28)) * dice.between(0, 5)
    depth = dice.between(0.1, 0.45)
    return loud * (1 - depth * (1 - level)) + swell + dice.rng.normal(0, dice.between(1, 5), len(on))


def _swung(beats: np.ndarray, song: Song) -> np.ndarray:
    """Lengthen the first half of each pair: s of the pair instead of a half."""
    if song.swing == 0.5:
        return beats
    unit = song.style.swing_unit
    pair, place = np.divmod(beats / unit, 1.0)
    warped = np.where(place < 0.5, place * 2 * song.swing, song.swing + (place - 0.5) * 2 * (1 - song.swing))
    return (pair + warped) * unit


def _ticks(
    start: np.ndarray, length: np.ndarray, pitch: np.ndarray, loud: np.ndarray, end: float
) -> tuple[np.ndarray, ...]:
    """Round to ticks, sort, and end a note where the same pitch starts again or the piece is over."""
    on = np.clip(np.round(start * TICKS), 0, end * TICKS - 8)
    off = np.minimum(on + np.maximum(np.round(length * TICKS), 8), end * TICKS)
    order = np.lexsort((on, pitch))
    on, off, pitch, loud = on[order], off[order], pitch[order], loud[order]
    same = pitch[1:] == pitch[:-1]
    off[:-1] = np.where(same, np.minimum(off[:-1], on[1:]), off[:-1])
    kept = off - on >= 12
    velocity = np.clip(np.round(loud), 1, 127)
    order = np.argsort(on[kept], kind="stable")
    columns = [(on, np.int32), (off - on, np.int32), (pitch, np.int8), (velocity, np.int8)]
    return tuple(np.ascontiguousarray(c[kept][order].astype(kind)) for c, kind in columns)
