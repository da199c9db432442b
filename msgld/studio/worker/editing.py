"""The sound of edited notes: one stem of a take is played anew, everything else of it stays as it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from msgld.api.gather import Gathered, gather
from msgld.api.listening import usual_programs
from msgld.api.options import Options
from msgld.api.record import describe
from msgld.api.result import Result
from msgld.audio.stream import stacked
from msgld.errors import UsageError
from msgld.music.bars import bars_of
from msgld.music.notes import Notes
from msgld.music.render.beside import render_beside
from msgld.music.score import SCORE_STEMS, Score
from msgld.stems import RATE
from msgld.studio.settings import EditedNote, Render
from msgld.studio.worker.sources import Source

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


def rendered(model: Msgld, source: Source, settings: Render, options: Options) -> Result:
    """A take with the notes of one stem, and its sound, in place of the former ones.

    Raises:
        UsageError: the take has no notes, or there is no such stem in music.
    """
    began, stem = time.monotonic(), settings.stem
    if stem not in SCORE_STEMS:
        raise UsageError(f"no notes are played for {stem!r}; there are: {', '.join(SCORE_STEMS)}")
    score = edited(source.score(), stem, settings.notes)
    others = [one.name for one in source.take.stems if one.sound and one.name != stem]
    kept = gather({name: source.file(name) for name in others}) if others else Gathered({}, RATE, 0)
    end = float(score.timeline.at(score.bars.start[-1:])[0])
    length = source.take.total or round(end * kept.rate)
    waves = {name: _as_long(wave, length) for name, wave in kept.waves.items()}
    made = render_beside({stem: score.notes[stem]}, score.timeline, waves, kept.rate, length)
    order = dict.fromkeys((*source.names(), stem))
    stems = {name: (made | waves)[name] for name in order if name in made | waves}
    mix = stacked(stems.values()).sum(0, dtype=np.float64).astype(np.float32)
    info = {
        **describe(
            model.model, model.weights, "render", options, None, {"stem": stem, "take": source.take.id}
        ),
        "latent": "score",
        "input": kept.names,
        "bars": int(score.bars.number[-1]) + 1,
        "bpm": source.take.bpm,
        "took_seconds": round(time.monotonic() - began, 3),
    }
    return Result(stems, mix, None, kept.rate, info, kept.remarks, score)


def edited(score: Score, stem: str, notes: Sequence[EditedNote]) -> Score:
    """A score with other notes of one stem, in seconds, played by the program that played most of it."""
    old = score.notes.get(stem, Notes.none())
    program = old.programs[0] if len(old) else usual_programs({stem: None})[stem]
    beats = score.timeline.beat_at
    onset = beats(np.array([note.start for note in notes]))
    stop = beats(np.array([note.stop for note in notes]))
    pitch, velocity = (np.array([getattr(note, name) for note in notes]) for name in ("pitch", "velocity"))
    new = Notes.of(onset, np.maximum(stop - onset, 1e-3), pitch, velocity, program)
    end = max(float(score.bars.start[-1]), float(stop.max(initial=0.0)))
    found = {**score.notes, stem: new}
    ordered = {name: found[name] for name in SCORE_STEMS if name in found}
    return replace(score, bars=bars_of(score.signatures, end), notes=ordered)


def _as_long(wave: np.ndarray, length: int) -> np.ndarray:
    """Sound (channels, L) cut or padded with silence to a length."""
    return np.pad(wave[:, :length], ((0, 0), (0, max(0, length - wave.shape[1]))))
