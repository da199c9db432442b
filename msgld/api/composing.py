"""Making music in notes: the conditions and given notes of a task -> a score, and the score -> a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.options import Options
from msgld.api.players import player_of, tempo_of
from msgld.api.record import describe
from msgld.api.remarks import ASSUMED, score_remarks
from msgld.api.result import Result
from msgld.data.midi import song_of
from msgld.diffusion.settings import Sampling
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.music.bar_features import facts_of
from msgld.music.bars import Bars, Signature, Timeline, bars_of
from msgld.music.conditions import Conditions
from msgld.music.grid import bar_at, from_cells, to_cells
from msgld.music.notes import Notes, joined
from msgld.music.render import render
from msgld.music.render.presets import font_at
from msgld.music.score import SCORE_STEMS, Score, score_of
from msgld.progress import CancelToken, OnProgress
from msgld.score_model import ScoreModel
from msgld.tasks.composing import Made, ScorePiece

QUALITIES = {
    "draft": Sampling(16, guidance=1.5, eta=1.0),
    "normal": Sampling(40, guidance=1.5, eta=1.0),
    "best": Sampling(80, guidance=1.5, eta=1.0),
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
    notes = {stem: _stem(one, stem) for stem, one in scores.items()}
    return replace(first, bars=bars_of(first.signatures, end), notes=notes)


def read_score(path: str | Path) -> Score:
    """The score of a MIDI file; DataError if it cannot be read."""
    song = song_of(Path(path))
    score = score_of(song)
    if song.tempos:
        return score
    return replace(score, meta={**score.meta, ASSUMED: float(score.timeline.bpm(np.zeros(1))[0])})


def _stem(score: Score, stem: str) -> Notes:
    return score.notes[stem] if stem in score.notes else joined(list(score.notes.values()))


def in_notes(given: Any) -> bool:
    """Whether given stems are notes: scores, or the paths of MIDI files.

    Raises:
        UsageError: some are and some are not.
    """
    if not isinstance(given, Mapping):
        return False
    notes = {stem: isinstance(one, Score) or _is_midi(one) for stem, one in given.items()}
    if any(notes.values()) and not all(notes.values()):
        names = [stem for stem, is_notes in notes.items() if not is_notes]
        raise UsageError(
            f"some given stems are notes, {names[0]} is sound: give all as MIDI, or all as sound"
        )
    return bool(notes) and all(notes.values())


def _is_midi(given: Any) -> bool:
    return isinstance(given, str | PathLike) and Path(given).suffix.lower() in (".mid", ".midi")


@dataclass(frozen=True)
class Composing:
    """A task in notes and its circumstances.

    Attributes:
        model: whose score model composes.
        weights: part -> sha256.
        options: quality, seed and the like.
        on_progress: called with the progress.
        cancel: stops the task.
    """

    model: Model
    weights: Mapping[str, str]
    options: Options
    on_progress: OnProgress | None = None
    cancel: CancelToken | None = None

    def result(
        self, task: str, work: Task, score: Score, conditions: Conditions, settings: Mapping[str, Any]
    ) -> Result:
        """Carry out a task and render what it made.

        Args:
            task: its name, for the record.
            work: the task.
            score: the given notes, and the bars of the result.
            conditions: of the piece.
            settings: for the record.
        """
        began, composer = time.monotonic(), composer_of(self.model)
        soundfont = None if self.options.soundfont is None else Path(self.options.soundfont)
        if soundfont is not None:
            font_at(soundfont)  # fails before the work
        sampling = self.options.applied_to(QUALITIES[self.options.quality])
        facts = facts_of(conditions, score.bars, score.timeline, composer.styles)
        given = {stem: to_cells(notes, score.bars) for stem, notes in score.notes.items()}
        piece = ScorePiece(
            composer, given, facts, sampling, conditions.programs, None, self.on_progress, self.cancel
        )
        made = finished(score, work(piece), conditions, self.options.seed)
        stems = render(made, soundfont)
        mix = np.stack(list(stems.values())).sum(0, dtype=np.float64).astype(np.float32)
        info = {
            **describe(self.model, self.weights, task, self.options, sampling, settings),
            "latent": "score",
            "soundfont": None if soundfont is None else str(soundfont),
            "bars": int(score.bars.number[-1]) + 1,
            "bpm": round(float(score.timeline.bpm(np.zeros(1))[0]), 3),
            "took_seconds": round(time.monotonic() - began, 3),
        }
        remarks = tuple(score_remarks(made, soundfont))
        return Result(stems, mix, None, 44_100, info, remarks, made)


def finished(score: Score, made: Mapping[str, Made], conditions: Conditions, seed: int) -> Score:
    """The score with the made bars in place of its own; all other notes stay as they are."""
    notes = dict(score.notes)
    for number, (stem, new) in enumerate(made.items()):
        old = score.notes.get(stem, Notes.none())
        player = player_of(stem, conditions, old, np.random.default_rng([seed, 2, number]))
        kept = old.where(partial(_outside, score.bars, new.wanted))
        notes[stem] = joined([kept, from_cells(new.cells, score.bars, player)])
    key = conditions.key or score.meta.get("key")
    ordered = {stem: notes[stem] for stem in SCORE_STEMS if stem in notes}
    return replace(score, notes=ordered, meta={**score.meta, **({"key": key} if key else {})})


def _outside(bars: Bars, wanted: np.ndarray, onset: np.ndarray) -> np.ndarray:
    """Which onsets are in none of the wanted bars."""
    bar = bar_at(onset, bars)
    return np.asarray((bar < 0) | (bar >= len(bars)) | ~wanted[np.clip(bar, 0, len(wanted) - 1)])
