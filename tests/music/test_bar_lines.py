"""Bars begin where the notes are easiest to say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from score_tiny import tiny_score_model

from msgld.data.scores import band_song
from msgld.music.grid import to_cells
from msgld.music.listen.bar_lines import with_best_bars
from msgld.music.midi.parts import Part
from msgld.music.played import Beats
from msgld.music.score import Score, score_of
from msgld.tasks.transcribe import nats_of

SECONDS = 16.0


def downbeats_on(score: Score) -> float:
    """The number of notes that begin no bar."""
    return float(sum((to_cells(notes, score.bars).slot % 16 > 0).sum() for notes in score.notes.values()))


def heard(metre: int, phase: int) -> tuple[Beats, dict[str, Part]]:
    """Half a second a beat, and a note on every beat that begins a bar."""
    seconds = np.arange(0.5, SECONDS, 0.5)
    place = np.arange(len(seconds))
    onset = seconds[place % metre == phase]
    ones = np.ones(len(onset))
    part = Part("bass", 32, False, onset, 0.3 * ones, (40 * ones).astype(int), 90 * ones, ones, 0 * ones)
    return Beats(seconds, place % metre == 0, np.zeros(len(seconds), bool)), {"bass": part}


@pytest.mark.parametrize(("metre", "phase"), [(4, 0), (4, 1), (4, 3), (3, 2)])
def test_bars_move_to_where_they_cost_least(metre: int, phase: int) -> None:
    beats, parts = heard(metre, phase)
    found = with_best_bars(beats, parts, SECONDS, downbeats_on)
    assert np.array_equal(found.seconds, beats.seconds)
    assert np.flatnonzero(found.first).tolist() == list(range(phase, len(beats), metre))


@pytest.mark.parametrize(("said", "true"), [(4, 3), (3, 4)])
def test_bars_get_the_length_at_which_a_place_saves_most(said: int, true: int) -> None:
    beats, parts = heard(true, 1)
    said_bars = replace(beats, first=np.arange(len(beats)) % said == 0)
    found = with_best_bars(said_bars, parts, SECONDS, downbeats_on)
    assert np.flatnonzero(found.first).tolist() == list(range(1, len(beats), true))
    compound = replace(said_bars, compound=np.ones(len(beats), bool))
    kept = with_best_bars(compound, parts, SECONDS, downbeats_on)
    assert set(np.diff(np.flatnonzero(kept.first))) == {said}


def test_bars_stay_where_nothing_is_gained() -> None:
    beats, parts = heard(4, 2)
    assert with_best_bars(beats, parts, SECONDS, lambda score: 0.0) is beats
    assert with_best_bars(beats, {}, SECONDS, downbeats_on) is beats
    few = beats.between(0.0, 3.0)
    assert with_best_bars(few, parts, SECONDS, downbeats_on) is few


def test_more_notes_need_more_nats() -> None:
    """Of every bar that plays, and of no other."""
    model, whole = tiny_score_model(), score_of(band_song(3)).between(0, 8)
    few = whole.between(0, 4)
    assert nats_of(model, whole) > nats_of(model, few) > 0
    assert nats_of(model, Score(whole.bars, whole.timeline, {}, whole.signatures)) == 0
