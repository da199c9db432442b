"""The given stems of a task in notes: MIDI, or sound that the ears turned into notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from msgld.api.composing import composer_of, given_score, read_score, stem_notes
from msgld.api.gather import Gathered
from msgld.api.listening import ears_of, usual_programs
from msgld.api.transcription import time_record
from msgld.dsp.resample import resample
from msgld.errors import UsageError
from msgld.model import Model
from msgld.music.listen.written import moved
from msgld.music.score import Score
from msgld.progress import CancelToken, OnProgress
from msgld.tasks.transcribe import transcribe

LISTENED = 0.15
"""Noise level at which notes that ears found are given: ears make mistakes."""


@dataclass(frozen=True)
class GivenMusic:
    """The given stems of a task in notes.

    Attributes:
        score: their notes, on bars.
        noise: stem -> level at which its notes are given at least; 0 where it is missing.
        sounds: their sound, which the result keeps; None for notes alone.
        info: entries of the record.
        remarks: lines to the user.
    """

    score: Score
    noise: Mapping[str, float] = field(default_factory=dict)
    sounds: Gathered | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def written_music(given: Mapping[str, Score | str | Path]) -> GivenMusic:
    """Given notes; errors as :func:`msgld.api.composing.given_score`."""
    return GivenMusic(given_score(given), info={"input": names_of(given)})


def notes_of(given: Any) -> Mapping[str, Score | str | Path]:
    """Given stems, all of which are notes; see :func:`msgld.api.composing.in_notes`."""
    return cast("Mapping[str, Score | str | Path]", given)


def names_of(given: Mapping[str, Score | str | Path]) -> dict[str, str]:
    """Where notes come from, for ``run.json``."""
    return {stem: "score" if isinstance(one, Score) else str(one) for stem, one in given.items()}


def listened_music(
    model: Model,
    sounds: Gathered,
    notes: Mapping[str, Score | str | Path],
    bpm: float | None,
    on_progress: OnProgress | None,
    cancel: CancelToken | None,
) -> GivenMusic:
    """Given sound and the notes that the ears find in it.

    Args:
        model: with ears.
        sounds: the given stems; those that the composer does not know are kept and not listened to.
        notes: stem -> notes that take the place of those that would be found.
        bpm: settles whether the music is counted twice or half as fast.
        on_progress: called with the progress.
        cancel: stops the task.

    Raises:
        UsageError: notes of a stem that is not given.
        DataError: a file of notes cannot be read.
    """
    if missing := [stem for stem in notes if stem not in sounds.waves]:
        raise UsageError(
            f"notes of {missing[0]} take the place of what is found in its sound: give that, too"
        )
    exact = {stem: one if isinstance(one, Score) else read_score(one) for stem, one in notes.items()}
    ears, stems = ears_of(model), [stem for stem in composer_of(model).stems if stem in sounds.waves]
    waves = {stem: _mono(sounds.waves[stem], sounds.rate, ears.rate) for stem in stems if stem not in exact}
    whole = sounds.mixture
    if whole is None:
        whole = np.stack([wave.mean(0) for wave in sounds.waves.values()]).sum(0, keepdims=True)
    mixture = _mono(whole, sounds.rate, ears.mixture_rate)
    found = transcribe(ears, waves, mixture, usual_programs(waves), bpm, on_progress, cancel)
    score = found.score
    own = {stem: moved(stem_notes(one, stem), one.timeline, score.timeline) for stem, one in exact.items()}
    every = {**score.notes, **own}
    score = replace(score, notes={stem: every[stem] for stem in stems})
    corrected = {"notes": names_of(notes)} if notes else {}
    info = {"input": sounds.names, **corrected, **time_record(score, found.beats)}
    return GivenMusic(score, dict.fromkeys(waves, LISTENED), sounds, info, (*sounds.remarks, *found.remarks))


def _mono(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    return resample(wave.mean(0, keepdims=True), rate, wanted)
