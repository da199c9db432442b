"""Known stems are compared with their song: length, and how much of them is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import save_tiny_model, song

import msgld
from msgld.api.known import InSong

RATE = 16_000
DRAFT = msgld.Options(quality="draft")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    return msgld.load(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), device="cpu")


def noted(model: msgld.Msgld, mixture: np.ndarray, bass: np.ndarray, rate: int = RATE) -> str:
    result = model.separate(
        (mixture, RATE), known={"bass": (bass, rate)}, stems=["bass", "drums"], options=DRAFT
    )
    return "; ".join(result.remarks)


def test_the_true_stem_needs_no_note(model: msgld.Msgld, tmp_path: Path):
    bass, rest = song(2, RATE, 2), song(2, RATE, 2, seed=1)
    assert noted(model, bass + rest, bass) == ""
    assert noted(model, bass + 30 * rest, bass) == "", "soft as it is"
    silent = {"bass": (np.zeros_like(bass), RATE)}
    saved = model.separate_to((bass + rest, RATE), tmp_path / "out", known=silent, options=DRAFT)
    assert "the known bass is silent" in saved.run["remarks"]


def test_lengths_are_compared(model: msgld.Msgld):
    bass = song(2, RATE, 1)
    assert "1.5 s long, the song 2.0 s: its end was padded" in noted(model, bass, bass[:, : 3 * RATE // 2])
    assert "its end was cut" in noted(model, bass[:, : 3 * RATE // 2], bass)
    assert "long" not in noted(model, bass, bass[:, : -RATE // 20])
    for known, whole in ((0.9, 2.0), (8.0, 2.0)):
        with pytest.raises(msgld.UsageError, match="from the song's beginning to its end"):
            noted(model, song(whole, RATE, 1), song(known, RATE, 1))
    late = {"bass": msgld.Excerpt((bass[:, : RATE // 2], RATE), 1.0)}
    with pytest.raises(msgld.AudioReadError, match=r"known bass: .*after the sound has ended"):
        model.separate(msgld.Excerpt((bass, RATE), 1.0), known=late)
    with pytest.raises(msgld.UsageError, match="mix it down"):
        noted(model, song(1, RATE, 2), song(1, RATE, 3))


def test_a_stem_of_another_song_or_place_or_level_is_noted(model: msgld.Msgld):
    bass, rest = song(2, RATE, 1), song(2, RATE, 1, seed=1)
    assert "next to nothing of the known bass" in noted(model, bass + rest, song(2, RATE, 1, seed=2))
    assert "next to nothing of the known bass" in noted(model, bass + rest, np.roll(bass, 300))
    assert "next to nothing of the known bass" in noted(model, bass + rest, -bass)
    assert "becomes louder without the known bass" in noted(model, bass + rest, 3 * bass)
    assert "the known bass is the whole song" in noted(model, bass, bass)
    assert "6 dB louder in the song" in noted(model, bass + rest, bass / 2)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.floats(-40, 20), st.integers(1, 5))
def test_a_stem_that_is_in_the_song_is_recognised_at_any_loudness(seed: int, decibels: float, pieces: int):
    rng = np.random.default_rng(seed)
    stem, rest = rng.standard_normal((2, 1, 200_000)).astype(np.float32)
    stem *= np.float32(10 ** (decibels / 20))
    in_song = InSong()
    for part, mixture in zip(
        np.array_split(stem, pieces, 1), np.array_split(stem + rest, pieces, 1), strict=True
    ):
        in_song.add(mixture, {"bass": part})
    assert in_song.remarks() == []
