"""The song is heard faster, at several speeds, and at concert pitch: the same samples at other rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny import save_tiny_model, song

import msgld
from msgld.api.quality import separation_passes
from msgld.checkpoint import load_model
from msgld.metrics import null_db
from msgld.model import Model
from msgld.music.tuning import tuning
from msgld.tasks.noise_maps import Settings
from msgld.tasks.separate import Layout
from msgld.tasks.stream import _at_concert_pitch, separated

RATE = 16000
SHORT = Layout(context=0.2, fade=0.1, length=1.5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("varispeed")))


def stems(model: Model, rate: int, *layouts: Layout) -> np.ndarray:
    sound = song(3.0, RATE, 2)
    return np.concatenate(list(separated(model, (sound, rate), {}, Settings(), layouts)), -1)


def test_an_octave_up_is_the_same_samples_at_twice_the_rate(model: Model):
    faster = stems(model, RATE, replace(SHORT, varispeed=12.0))
    assert np.array_equal(faster, stems(model, 2 * RATE, SHORT))
    assert not np.allclose(faster, stems(model, RATE, SHORT), atol=1e-4)


@pytest.mark.parametrize("semitones", [(0.0, 4.0), (3.0, -4.0, 0.5)])
def test_passes_of_all_speeds_are_averaged_sample_by_sample(model: Model, semitones: tuple[float, ...]):
    layouts = [replace(SHORT, varispeed=v) for v in semitones]
    apart = np.mean([stems(model, RATE, layout) for layout in layouts], 0)
    together = stems(model, RATE, *layouts)
    assert together.shape == (len(model.stems) + 1, 2, 3 * RATE)
    assert np.allclose(together, apart, atol=1e-6)
    assert null_db(together[:-1], together[-1]) < -80


def test_a_model_of_one_call_hears_the_song_at_several_speeds(model: Model):
    for quality in ("normal", "best"):
        _, layouts = separation_passes(msgld.Options(quality=quality), model)
        assert len({layout.varispeed for layout in layouts}) == len(layouts) > 1


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


@pytest.mark.parametrize(("higher", "varispeed"), [(0.03, 2.0), (0.3, 1.7), (-0.3, 2.3)])
def test_a_song_out_of_tune_is_heard_at_concert_pitch(model: Model, higher: float, varispeed: float):
    sound = (chord(3.0, higher), RATE)
    layout = replace(SHORT, varispeed=2.0, tuned=True)
    (tuned,) = _at_concert_pitch(sound, [layout])
    assert tuned.varispeed == pytest.approx(varispeed, abs=0.02)
    (as_it_is,) = _at_concert_pitch(sound, [replace(layout, tuned=False)])
    assert as_it_is.varispeed == 2.0
    heard = separated(model, sound, {}, Settings(), [layout])
    alike = separated(model, sound, {}, Settings(), [replace(tuned, tuned=False)])
    for one, other in zip(heard, alike, strict=True):
        assert np.array_equal(one, other)


def test_semitones_are_equal_ratios():
    assert Layout(varispeed=12.0).heard_rate(44100) == 88200
    assert Layout(varispeed=-12.0).heard_rate(44101) == 22050
    assert Layout().heard_rate(44101) == 44101
