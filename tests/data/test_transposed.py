"""Clips at another speed: every pitch moves by the same interval, and the length stays."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.data.source import Clip
from msgld.data.transposed import Transposed

RATE = 44_100


class Tones:
    """Two tones, 440 and 660 Hz, as long as wanted."""

    stems = ("bass", "other")

    def clip(self, seed: int, seconds: float) -> Clip:
        at = np.arange(round(seconds * RATE)) / RATE
        tones = [np.sin(2 * np.pi * hertz * at) for hertz in (440.0, 660.0)]
        return Clip(
            np.repeat(np.stack(tones)[:, None], 2, 1).astype(np.float32),
            np.ones(2, bool),
            RATE,
            f"tones@{seed}",
        )


def pitch(x: np.ndarray) -> float:
    """The frequency of a tone by its zero crossings, in Hz."""
    rises = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    return float((len(rises) - 1) * RATE / (rises[-1] - rises[0]))


@pytest.mark.parametrize("seed", range(5))
def test_all_pitches_move_by_the_interval_that_is_named(seed: int) -> None:
    clip = Transposed(Tones(), 3).clip(seed, 2.0)
    assert clip.stems.shape == (2, 2, 2 * RATE)
    moved = float(clip.meta["transposed"])
    assert -3 <= moved <= 3
    for stem, hertz in zip(clip.stems, (440.0, 660.0), strict=True):
        middle = stem[0, RATE // 2 : 3 * RATE // 2]
        assert 12 * np.log2(pitch(middle) / hertz) == pytest.approx(moved, abs=0.02)
        assert np.abs(middle).max() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(clip.stems, Transposed(Tones(), 3).clip(seed, 2.0).stems)


def test_no_semitones_change_nothing() -> None:
    np.testing.assert_array_equal(Transposed(Tones(), 0).clip(1, 1.0).stems, Tones().clip(1, 1.0).stems)


def test_other_seeds_move_otherwise() -> None:
    moves = {round(float(Transposed(Tones(), 3).clip(seed, 0.1).meta["transposed"]), 6) for seed in range(20)}
    assert len(moves) == 20 and min(moves) < -1 and max(moves) > 1
