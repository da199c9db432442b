"""Pieces as the score model is trained on them, and the pool that keeps them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from score_tiny import STYLES, some_score

from msgld.data.score_clips import score_clips
from msgld.data.scores import band_song
from msgld.data.source import BadClip
from msgld.errors import UsageError
from msgld.music.chord_names import parse_chord
from msgld.music.score import SCORE_STEMS, Score, score_of
from msgld.training.recipe import PoolConfig
from msgld.training.score.batch import ScoreConditions, build_batch
from msgld.training.score.changed import Changes
from msgld.training.score.levels import ScoreLevels
from msgld.training.score.mishear import Mishearing
from msgld.training.score.pieces import Piece, Scores, piece_of
from msgld.training.score.pool import BARS, PiecePool, packed, unpacked

BAND = next(clip.name for clip in score_clips() if clip.kind == "band").split()


class Fixed(Scores):
    """The same few scores, by seed."""

    def __init__(self, scores: list[Score]) -> None:
        self.scores = scores

    def score(self, seed: int) -> Score:
        return self.scores[seed % len(self.scores)]


def same(one: Piece, other: Piece) -> None:
    assert one.cells.keys() == other.cells.keys()
    for stem, cells in one.cells.items():
        for name, value in vars(cells).items():
            assert vars(other.cells[stem])[name] == pytest.approx(value, abs=6e-4)
    for name, value in vars(one.facts).items():
        assert np.array(vars(other.facts)[name], float) == pytest.approx(np.array(value, float), abs=0.02), (
            name
        )
    assert one.programs == other.programs
    assert np.array_equal(one.held, other.held)


def test_a_piece_knows_key_style_tempo_and_place() -> None:
    piece = piece_of(some_score(), STYLES)
    assert set(piece.facts.tonic.tolist()) == {9}
    assert set(piece.facts.style.tolist()) == {0}
    assert piece.facts.bpm == pytest.approx(np.full(len(piece), 120))
    assert piece.facts.place.tolist() == list(range(len(piece)))
    assert set(piece.facts.length.tolist()) == {len(piece)}


@pytest.mark.parametrize("seed", range(5))
def test_what_is_packed_is_unpacked(seed: int) -> None:
    piece = piece_of(some_score(seed), STYLES)
    held = np.random.default_rng(seed).random((len(SCORE_STEMS), len(piece))) < 0.5
    same(unpacked(packed(piece)), piece)
    same(unpacked(packed(replace(piece, held=held))), replace(piece, held=held))


def test_bars_of_frozen_clips_train_nothing() -> None:
    piece = piece_of(score_of(band_song(int(BAND[1]), BAND[0])), STYLES)
    assert piece.held.any() and not piece.held[SCORE_STEMS.index("drums")].any()
    excerpt = piece.between(0, 8)
    options = ScoreLevels(), ScoreConditions(), Mishearing(), Changes(0, 0, 0), np.random.default_rng(0)
    batch = build_batch([excerpt] * 12, SCORE_STEMS, STYLES, *options)
    assert batch.counted.any() and not batch.counted[:, torch.from_numpy(excerpt.held)].any()


def test_transposing_and_cutting_commute() -> None:
    piece = piece_of(some_score(), STYLES)
    same(piece.between(2, 6).transposed(3), piece.transposed(3).between(2, 6))


def test_transposing_moves_notes_key_and_chords_and_leaves_drums() -> None:
    piece = piece_of(some_score(), STYLES)
    moved = piece.transposed(2)
    assert set(moved.facts.tonic.tolist()) == {11}
    assert ((moved.cells["piano"].key - piece.cells["piano"].key) % 12 == 2).all()
    assert (moved.cells["drums"].key == piece.cells["drums"].key).all()
    c, d = (parse_chord(name) for name in ("C", "D"))
    facts = piece.facts.with_chords(((c, c),) * len(piece)).transposed(2)
    told = piece.facts.with_chords(((d, d),) * len(piece))
    assert (facts.chords == told.chords).all()
    assert (facts.bass == told.bass).all()


def test_a_pool_draws_excerpts_of_its_pieces() -> None:
    pool = PiecePool(
        Fixed([some_score(seed, 20) for seed in range(3)]), PoolConfig(slots=4, workers=0), STYLES, 16
    )
    for index in range(4):
        pool.render(index)
        pool.done[0] += 1
    drawn = pool.draw(6, 16, np.random.default_rng(0))
    assert [len(piece) for piece in drawn] == [16] * 6
    assert all((piece.facts.length == 20).all() for piece in drawn)


def test_short_and_lonely_pieces_are_left_out() -> None:
    scores = [some_score(0, 4), some_score(1, 20, SCORE_STEMS[:1])]
    pool = PiecePool(Fixed(scores), PoolConfig(slots=4, workers=0), STYLES, 16)
    with pytest.raises(BadClip, match="4 bars"):
        pool.render(0)
    with pytest.raises(BadClip, match="two stems"):
        pool.render(1)


def test_of_a_long_piece_a_stretch_is_kept() -> None:
    pool = PiecePool(Fixed([some_score(0, 100)]), PoolConfig(slots=4, workers=0), STYLES, 16)
    pool.render(0)
    assert len(unpacked(pool.kept[0].numpy())) == BARS


def test_without_any_notes_there_is_nothing_to_train_on() -> None:
    with pytest.raises(UsageError, match="--midi"):
        Scores([])
