"""The frozen chain of effects: what it keeps, that it stays as it is, and that nothing is trained with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import msgld
from msgld.evaluation.record_chain import through_a_record

RATE = 44_100

FROZEN = {
    0: [-6.66, -6.8, -5.26, -5.61, -35.31, -43.25],
    1: [-6.62, -7.26, -5.2, -5.36, -38.02, -50.9],
    2: [-8.0, -7.07, -4.6, -5.27, -38.08, -49.05],
}
"""Octaves from 60 Hz on when the chain was frozen."""


def notes(seconds: float = 3.0) -> np.ndarray:
    """Decaying tones on every half second, the same in both channels."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros_like(time)
    for number, hertz in enumerate((110, 220, 330, 440, 660, 880)):
        since = time - number / 2
        sound += np.where(since >= 0, np.exp(-6 * since.clip(0)) * np.sin(2 * np.pi * hertz * since), 0)
    return np.stack([sound, sound]).astype(np.float32) * 0.3


def bands(sound: np.ndarray) -> np.ndarray:
    """Power of octaves, dB relative to the whole."""
    power = (np.abs(np.fft.rfft(sound)) ** 2).sum(0)
    hertz = np.fft.rfftfreq(sound.shape[1], 1 / RATE)
    edges = 60 * 2.0 ** np.arange(6)
    octaves = [power[(hertz >= low) & (hertz < 2 * low)].sum() for low in edges]
    return 10 * np.log10(np.array(octaves) / power.sum())


@pytest.mark.parametrize("seed", range(4))
def test_length_loudness_and_onsets_stay(seed: int) -> None:
    clean = notes()
    record = through_a_record(clean, seed)
    assert record.shape == clean.shape
    assert np.sqrt((record**2).mean()) == pytest.approx(np.sqrt((clean**2).mean()), rel=1e-3)
    for start in (0.5, 1.0, 1.5):
        one, other = (np.abs(s[0, round((start - 0.03) * RATE) :]) for s in (clean, record))
        assert abs(int((one > 0.1).argmax()) - int((other > 0.1).argmax())) < 0.012 * RATE


def test_it_changes_the_sound_and_the_seed_decides_how() -> None:
    clean = notes()
    one, again, other = (through_a_record(clean, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert np.abs(one - clean).max() > 0.05
    assert np.abs(one - other).max() > 0.02


def test_silence_stays_silence() -> None:
    assert not through_a_record(np.zeros((1, 1000), np.float32), 0).any()


def test_it_is_frozen() -> None:
    """The spectrum that it had when it was frozen, to a third of a decibel: encoders differ slightly."""
    for seed, expected in FROZEN.items():
        assert bands(through_a_record(notes(), seed)) == pytest.approx(expected, abs=0.3)


def test_nothing_is_trained_with_it() -> None:
    package = Path(msgld.__file__).parent
    for folder in ("training", "data", "nets", "music", "paper/training"):
        for path in (package / folder).rglob("*.py"):
            assert "record_chain" not in path.read_text(), path
