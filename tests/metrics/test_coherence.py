"""Whether parts fit together, on made sounds."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.errors import UsageError
from msgld.metrics import (
    rhythm_agreement,
    tonal_agreement,
)
from msgld.metrics.coherence import ONSET_HZ, on_scale, onset_envelope
from msgld.music.chroma import chroma

RATE = 22_050


def clicks(times: np.ndarray, seconds: float = 6.0, seed: int = 0) -> np.ndarray:
    sound = np.zeros(round(seconds * RATE))
    burst = np.random.default_rng(seed).standard_normal(800) * np.exp(-np.arange(800) / 150)
    for time in times:
        start = round(time * RATE)
        sound[start : start + 800] += burst[: len(sound) - start]
    return sound


def chord(pitches: list[int], seconds: float = 3.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * 55 * 2 ** (p / 12) * time) for p in pitches)


def test_onsets_are_where_they_are():
    envelope = onset_envelope(clicks(np.array([1.0, 2.5])), RATE)
    found = np.sort(np.argsort(envelope)[-2:]) / ONSET_HZ
    assert np.abs(found - [1.0, 2.5]).max() < 0.04


def test_parts_that_play_together_agree_and_others_do_not():
    beats = np.arange(0.3, 5.8, 0.5)
    drums, bass = clicks(beats), clicks(beats[::2], seed=1)
    late = clicks(beats[::2] + 0.19, seed=1)
    rng = np.random.default_rng(7)
    loose = clicks(beats[::2] + 0.008 * rng.standard_normal(len(beats[::2])), seed=1)
    assert rhythm_agreement(drums, drums, RATE) == pytest.approx(1)
    assert rhythm_agreement(drums, bass, RATE) > 0.5
    assert rhythm_agreement(drums, loose, RATE) > 0.4
    assert rhythm_agreement(drums, late, RATE) < 0.1
    assert np.isnan(rhythm_agreement(drums, np.zeros_like(drums), RATE))


@pytest.mark.parametrize("pitch", [0, 5, 11, 14, 31])
def test_a_tone_is_of_its_pitch_class(pitch: int):
    assert (chroma(chord([pitch]), RATE)[1:-1].argmax(1) == pitch % 12).all()


def test_chords_agree_with_their_own_notes():
    minor, bass = chord([24, 27, 31]), chord([12])
    assert tonal_agreement(minor, bass, RATE) > 0.3
    assert tonal_agreement(minor, chord([13]), RATE) < 0
    assert tonal_agreement(minor, chord([12, 15, 19]), RATE) > 0.9
    assert np.isnan(tonal_agreement(minor, np.zeros_like(minor), RATE))


def test_the_scale_runs_from_shuffled_to_real():
    nan = float("nan")
    assert on_scale([0.2, 0.4, 0.9], [0.1, 0.1, nan], [0.5, 0.5, 0.5]) == 0.5
    assert on_scale([nan, 0.5], [0.1, 0.1], [0.5, 0.5]) == 0.375, "a silent part agrees with nothing"
    assert on_scale([0.2], [0.5], [0.4]) is None and on_scale([0.2], [nan], [0.4]) is None
    assert on_scale([], [], []) is None


# Channels that cancel in mono


def test_agreements_and_chroma_do_not_cancel_between_channels():
    rng = np.random.default_rng(7)
    beat = np.exp(-20 * (np.arange(4 * RATE) / RATE % 0.5))
    one, other = beat * rng.standard_normal((2, 4 * RATE))
    opposed = np.stack([one, -one])
    np.testing.assert_allclose(chroma(opposed, RATE), chroma(one, RATE))
    np.testing.assert_allclose(onset_envelope(opposed, RATE), onset_envelope(one, RATE))
    for agreement in (rhythm_agreement, tonal_agreement):
        assert agreement(opposed, other[None], RATE) == pytest.approx(agreement(one, other, RATE))
    with pytest.raises(UsageError, match="equal lengths"):
        rhythm_agreement(one, other[:-1], RATE)
