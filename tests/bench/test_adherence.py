"""Tempo and key of a sound against its conditions: clicks and chords whose tempo and key are known."""

from __future__ import annotations

import numpy as np
import pytest
from adherence import key_met, tempo_met, tempo_of
from harmony import RATE, cadence, chords

from msgld.errors import UsageError
from msgld.music.keys import key_name


def clicks(bpm: float, seconds: float = 10.0) -> np.ndarray:
    """A loud click on each beat, a soft one between; noise beneath."""
    rng = np.random.default_rng(0)
    wave = 1e-3 * rng.standard_normal(round(seconds * RATE))
    for number in range(int(seconds * bpm / 30)):
        at = round(number * 30 / bpm * RATE)
        burst = rng.standard_normal(800) * np.exp(-np.arange(800) / 150)
        wave[at : at + 800] += burst[: len(wave) - at] * (0.5 if number % 2 == 0 else 0.1)
    return wave


@pytest.mark.parametrize("bpm", [65, 84, 100, 123, 150, 180])
def test_the_tempo_of_clicks(bpm: float):
    assert tempo_met(tempo_of(clicks(bpm), RATE), bpm, 0.02)


def test_tempos_that_are_no_multiples_of_each_other_are_told_apart():
    assert not tempo_met(100, 112) and not tempo_met(100, 80)
    assert tempo_met(200, 100) and tempo_met(50, 101)


def test_silence_has_no_tempo_and_a_moment_is_too_short():
    assert np.isnan(tempo_of(np.zeros(5 * RATE), RATE)) and not tempo_met(float("nan"), 100)
    with pytest.raises(UsageError):
        tempo_of(np.zeros(RATE), RATE)


@pytest.mark.parametrize("tonic", [0, 3, 7, 10])
def test_a_cadence_is_in_its_key_and_in_no_neighbouring_one(tonic: int):
    major = cadence(tonic, (0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7))
    minor = cadence(tonic, (0, 3, 7), (5, 8, 0), (7, 10, 2), (0, 3, 7))
    met = [step for step in range(12) if key_met(major, RATE, key_name(tonic + step, "major"))]
    assert met == [0]
    assert [step for step in range(12) if key_met(minor, RATE, key_name(tonic + step, "minor"))] == [0]


def test_a_note_foreign_to_the_key_counts_without_leeway():
    """A fourth degree that is raised as often as not: G holds what C does, but for one note."""
    sound = chords([(0, 4, 7), (5, 9, 0), (0, 4, 7), (6, 9, 2), (2, 6, 9), (0, 4, 7)])
    met = {leeway: [key for key in ("C", "G") if key_met(sound, RATE, key, leeway)] for leeway in (0.0, 0.3)}
    assert met == {0.0: ["G"], 0.3: ["C", "G"]}


def test_which_keys_count_as_the_same():
    sound = cadence(0, (0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7))
    assert all(key_met(sound, RATE, key) for key in ("C major", "Am", "D dorian", "C", "A", "F lydian"))
    assert not any(key_met(sound, RATE, key) for key in ("G", "Cm", "D", "F major", "C blues"))
    blues = cadence(0, (0, 3, 7), (5, 8, 0), (0, 7, 10))
    assert key_met(blues, RATE, "C blues") and not key_met(blues, RATE, "E blues")
    assert not key_met(np.zeros(5 * RATE), RATE, "C")
