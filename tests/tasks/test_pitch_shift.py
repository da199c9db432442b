"""The song is separated at several pitches, and at concert pitch: the same samples at other rates."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
from nulls import null_db
from tiny import save_tiny_model, song

import msgld
from msgld.api.quality import of_separation
from msgld.audio.sound import open_stream
from msgld.checkpoint import load_model
from msgld.diffusion.sampling import Sampling
from msgld.model import Model
from msgld.music.tuning import tuning
from msgld.tasks.masking import PLAIN
from msgld.tasks.pitch_shift import PitchShift, averaged
from msgld.tasks.separate import separate_song
from msgld.tasks.song import Windowing

RATE = 16000
SHORT = Windowing(context=0.2, fade=0.1, length=1.5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("varispeed")))


def stems(model: Model, rate: int, shift: PitchShift, sound: np.ndarray | None = None) -> np.ndarray:
    sound = song(3.0, RATE, 2) if sound is None else sound

    with ExitStack() as stack:
        with open_stream((sound, rate)) as beginning:
            rates = shift.rates(beginning)
        songs = [stack.enter_context(open_stream((sound, rate))) for _ in rates]
        streams = [
            separate_song(model, one, {}, SHORT, Sampling(), PLAIN, rate=at)
            for one, at in zip(songs, rates, strict=True)
        ]
        return np.concatenate(list(averaged(streams)), -1)


def test_an_octave_up_is_the_same_samples_at_twice_the_rate(model: Model):
    up = stems(model, RATE, PitchShift((12.0,)))
    assert np.array_equal(up, stems(model, 2 * RATE, PitchShift()))
    assert not np.allclose(up, stems(model, RATE, PitchShift()), atol=1e-4)


@pytest.mark.parametrize("semitones", [(0.0, 4.0), (3.0, -4.0, 0.5)])
def test_all_pitches_are_averaged_sample_by_sample(model: Model, semitones: tuple[float, ...]):
    apart = np.mean([stems(model, RATE, PitchShift((one,))) for one in semitones], 0)
    together = stems(model, RATE, PitchShift(semitones))
    assert together.shape == (len(model.stems) + 1, 2, 3 * RATE)
    assert np.allclose(together, apart, atol=1e-6)
    assert null_db(together[:-1], together[-1]) < -80


def test_better_qualities_separate_at_several_pitches(model: Model):
    for quality in ("normal", "best"):
        semitones = of_separation(msgld.Options(quality=quality), model).pitch_shift.semitones
        assert len(set(semitones)) == len(semitones) > 1


def chord(seconds: float, semitones: float) -> np.ndarray:
    """A minor, each note of six partials, higher than concert pitch by so much; (2, L)."""
    at = np.arange(round(seconds * RATE)) / RATE
    notes = [220 * 2 ** ((note + semitones) / 12) for note in (0, 3, 7, 12)]
    tones = [np.sin(2 * np.pi * k * note * at) / k for note in notes for k in range(1, 7)]
    return np.stack([0.05 * np.sum(tones, 0)] * 2).astype(np.float32)


@pytest.mark.parametrize("semitones", [-0.45, -0.2, 0.0, 0.1, 0.37])
def test_tuning_is_heard(semitones: float):
    sound = chord(3.0, semitones)
    assert tuning([sound[:, :RATE], sound[:, RATE:]], RATE) == pytest.approx(semitones, abs=0.02)


def test_the_tuning_of_channels_of_opposite_polarity_is_heard():
    sound = chord(3.0, 0.37) * np.array([[1], [-1]], np.float32)
    assert tuning([sound], RATE) == pytest.approx(0.37, abs=0.02)


def test_what_has_no_pitch_is_in_tune():
    noise = np.random.default_rng(0).standard_normal((2, 3 * RATE))
    for blocks in ([noise], [0 * noise], [noise[:, :100]], [noise[:, :0]], []):
        assert tuning(blocks, RATE) == 0.0


@pytest.mark.parametrize(("sharp", "semitones"), [(0.03, 2.0), (0.3, 1.7), (-0.3, 2.3)])
def test_a_song_out_of_tune_is_separated_at_concert_pitch(model: Model, sharp: float, semitones: float):
    sound = chord(3.0, sharp)
    with open_stream((sound, RATE)) as stream:
        (rate,) = PitchShift((2.0,), tuned=True).rates(stream)
    assert 12 * np.log2(rate / RATE) == pytest.approx(semitones, abs=0.02)
    with open_stream((sound, RATE)) as stream:
        assert PitchShift((2.0,)).rates(stream) == [round(RATE * 2 ** (2 / 12))]
    exact = PitchShift((12 * np.log2(rate / RATE),))
    tuned = stems(model, RATE, PitchShift((2.0,), tuned=True), sound)
    assert np.array_equal(tuned, stems(model, RATE, exact, sound))


def test_semitones_are_equal_ratios():
    for semitones, rate, shifted in ((12.0, 44100, 88200), (-12.0, 44101, 22050), (0.0, 44101, 44101)):
        with open_stream((np.ones((1, 8), np.float32), rate)) as stream:
            assert PitchShift((semitones,)).rates(stream) == [shifted]
