"""Scores: which stem a part belongs to, and excerpts."""

from __future__ import annotations

import numpy as np
import pytest
from score_tiny import some_score

from msgld.data.scores import band_song
from msgld.errors import DataError
from msgld.music.bars import Signature, Timeline, bars_of
from msgld.music.grid import to_cells
from msgld.music.midi.parts import Part, Song
from msgld.music.score import SCORE_STEMS, Score, score_of, stem_in_score


def part(program: int, name: str = "", stem: str = "other", is_drum: bool = False) -> Part:
    ones = np.ones(1)
    return Part(stem, program, is_drum, ones, ones, 60 * ones, 80 * ones, ones, 0 * ones, name=name)


@pytest.mark.parametrize("name", ["Vox", "Lead Vocal", "voice 1", "MELODY", "vocals", "Singer"])
def test_tracks_that_are_called_so_are_sung(name: str) -> None:
    assert stem_in_score(part(73, name)) == "vocals"
    assert stem_in_score(part(27, name, "guitar")) == "vocals"


@pytest.mark.parametrize("program", [52, 53, 54])
def test_choirs_are_sung(program: int) -> None:
    assert stem_in_score(part(program)) == "vocals"


def test_other_names_leave_the_stem_to_the_program() -> None:
    assert stem_in_score(part(73, "flute")) == "other"
    assert stem_in_score(part(0, "invoice", "piano")) == "piano"
    assert stem_in_score(part(33, "voice", "bass")) == "bass"
    assert stem_in_score(part(0, "vocals", "drums", is_drum=True)) == "drums"


def test_the_bands_tune_is_sung() -> None:
    scores = [score_of(band_song(seed)) for seed in range(6)]
    assert any("vocals" in score.notes for score in scores)
    assert all(set(score.notes) <= set(SCORE_STEMS) for score in scores)


def test_a_song_without_beats_or_notes_is_no_score() -> None:
    with pytest.raises(DataError, match="seconds"):
        score_of(Song((part(0),), "a"))
    with pytest.raises(DataError, match="no notes"):
        score_of(Song((), "a", timeline=Timeline.steady(120)))


def test_an_excerpt_has_the_notes_of_its_bars() -> None:
    score = some_score(bars=8)
    cut = score.between(2, 6)
    for stem, notes in score.notes.items():
        whole = to_cells(notes, score.bars).between(2, 6)
        begun = whole.pick(whole.slot >= 0)
        own = to_cells(cut.notes[stem], cut.bars)
        assert own.slot.tolist() == begun.slot.tolist()
        assert own.key.tolist() == begun.key.tolist()
        assert own.stop.tolist() == begun.stop.tolist()


def test_an_excerpt_keeps_tempo_and_metre() -> None:
    signatures = (Signature(0, 4, 4), Signature(8, 3, 4))
    timeline = Timeline.of_tempos([(0.0, 60.0), (11.0, 90.0)])
    score = Score(bars_of(signatures, 20.0), timeline, some_score(bars=5).notes, signatures)
    cut = score.between(2, 5)
    assert cut.bars.steps.tolist() == [12, 12, 12]
    assert [(sign.beat, sign.numerator) for sign in cut.signatures] == [(0, 3)]
    assert cut.timeline.at(np.array([0.0, 3.0, 4.5])) == pytest.approx([0, 3, 4])
