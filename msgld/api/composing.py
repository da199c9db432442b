"""Making music in notes: the conditions and given notes of a task -> a score, and the score -> a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.players import player_of, tempo_of
from msgld.api.remarks import ASSUMED
from msgld.audio.files import is_midi
from msgld.data.midi import song_of
from msgld.diffusion.settings import Sampling
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.music.bars import Bars, Signature, Timeline, bars_of
from msgld.music.conditions import Conditions
from msgld.music.grid import bar_at, from_cells
from msgld.music.notes import Notes, joined
from msgld.music.score import SCORE_STEMS, Score, score_of
from msgld.score_model import ScoreModel
from msgld.tasks.composing import Made, ScorePiece

QUALITIES = {
    "draft": Sampling(12, guidance=1.6, eta=1.0),
    "normal": Sampling(24, guidance=1.6, eta=1.0),
    "best": Sampling(60, guidance=1.6, eta=1.0),
}
"""Sampling in notes, by quality."""

Task = Callable[[ScorePiece], dict[str, Made]]
"""A task of :mod:`msgld.tasks.composing` that lacks nothing but its piece."""


def composer_of(model: Model) -> ScoreModel:
    """The part of a model that composes; ModelError if there is none."""
    if model.composer is None:
        raise ModelError(
            f"the model {model.name!r} makes no notes: choose another model, or latent sound and files of sound"
        )
    return model.composer


def blank(conditions: Conditions, seed: int, bars: int | None, seconds: float | None) -> Score:
    """A score without notes: bars of one metre and one tempo.

    Args:
        conditions: tempo, and the beats of a bar.
        seed: of the choices that the conditions leave open.
        bars: its written bars; None for as many as ``seconds`` need.
        seconds: its length.

    Raises:
        UsageError: a bar of a length that no signature has.
    """
    timeline = Timeline.steady(tempo_of(conditions, np.random.default_rng([seed, 1])))
    eighths = round(conditions.beats * 2)
    if eighths < 2 or abs(eighths - 2 * conditions.beats) > 1e-6:
        raise UsageError(f"a bar has whole eighths: {conditions.beats} beats (quarter notes) are none")
    signature = Signature(0, eighths // 2, 4) if eighths % 2 == 0 else Signature(0, eighths, 8)
    if bars is None:
        assert seconds is not None
        beats = float(timeline.beat_at(np.array([seconds]))[0])
        bars = max(1, int(np.ceil(beats / signature.quarters - 1e-6)))
    return Score(bars_of([signature], bars * signature.quarters), timeline, {}, (signature,), "")


def given_score(given: Mapping[str, Score | str | Path]) -> Score:
    """The given notes on the bars of the first of them.

    Args:
        given: stem -> a score, or a MIDI file; of a file with several stems the one of that name counts, else all.

    Raises:
        UsageError: nothing is given, or files of different tempos.
        DataError: a file cannot be read.
    """
    scores = {stem: one if isinstance(one, Score) else read_score(one) for stem, one in given.items()}
    if not scores:
        raise UsageError("give at least one stem, such as {'bass': 'bass.mid'}")
    first = next(iter(scores.values()))
    places = np.linspace(0, float(max(one.bars.start[-1] for one in scores.values())), 64)
    for stem, one in scores.items():
        if np.abs(one.timeline.at(places) - first.timeline.at(places)).max() > 0.05:
            raise UsageError(f"{stem} has another tempo than {next(iter(scores))}: give stems of one piece")
    end = max(float(one.bars.start[-1]) for one in scores.values())
    notes = {stem: stem_notes(one, stem) for stem, one in scores.items()}
    return replace(first, bars=bars_of(first.signatures, end), notes=notes)


def read_score(path: str | Path) -> Score:
    """The score of a MIDI file; DataError if it cannot be read."""
    song = song_of(Path(path))
    score = score_of(song)
    if song.tempos:
        return score
    return replace(score, meta={**score.meta, ASSUMED: float(score.timeline.bpm(np.zeros(1))[0])})


def stem_notes(score: Score, stem: str) -> Notes:
    """The notes of a stem in a score: those under its name, else all."""
    return score.notes[stem] if stem in score.notes else joined(list(score.notes.values()))


def in_notes(given: Any) -> bool:
    """Whether given stems are notes: scores, or the paths of MIDI files.

    Raises:
        UsageError: some are and some are not.
    """
    if not isinstance(given, Mapping):
        return False
    notes = {
        stem: isinstance(one, Score) or (isinstance(one, str | PathLike) and is_midi(Path(one)))
        for stem, one in given.items()
    }
    if any(notes.values()) and not all(notes.values()):
        names = [stem for stem, is_notes in notes.items() if not is_notes]
        raise UsageError(
            f"some given stems are notes, {names[0]} is sound: give all as MIDI, or all as sound"
        )
    return bool(notes) and all(notes.values())


def finished(score: Score, made: Mapping[str, Made], conditions: Conditions, seed: int) -> Score:
    """The score with the made bars in place of its own; all other notes stay as they are."""
    notes = dict(score.notes)
    for number, (stem, new) in enumerate(made.items()):
        old = score.notes.get(stem, Notes.none())
        player = player_of(stem, conditions, old, np.random.default_rng([seed, 2, number]))
        kept = old.where(partial(outside, score.bars, new.wanted))
        notes[stem] = joined([kept, from_cells(new.cells, score.bars, player)])
    key = conditions.key or score.meta.get("key")
    ordered = {stem: notes[stem] for stem in SCORE_STEMS if stem in notes}
    return replace(score, notes=ordered, meta={**score.meta, **({"key": key} if key else {})})


def outside(bars: Bars, wanted: np.ndarray, onset: np.ndarray) -> np.ndarray:
    """Which onsets are in none of the wanted bars."""
    bar = bar_at(onset, bars)
    return np.asarray((bar < 0) | (bar >= len(bars)) | ~wanted[np.clip(bar, 0, len(wanted) - 1)])
