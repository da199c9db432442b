"""Clips that are altered before they are separated: the stems still make up the mixture."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.data.source import Clip
from msgld.dsp.resample import resample
from msgld.evaluation.altered import ALTERATIONS, SHARP, Altered
from msgld.stems import RATE, STEMS

SILENT = (2, STEMS.index("vocals"))
BOTH = pytest.mark.parametrize("name", ALTERATIONS)


def clip(number: int = 0, seconds: float = 3.0) -> Clip:
    """A tone, and bursts of noise; two stems are silent."""
    rng, length = np.random.default_rng(number), round(seconds * RATE)
    stems = 0.05 * rng.standard_normal((len(STEMS), 2, length)).astype(np.float32)
    stems *= (np.arange(length) // 5000 % 2).astype(np.float32)
    stems[0] = 0.1 * np.sin(2 * np.pi * 440 * np.arange(length) / RATE)
    stems[list(SILENT)] = 0
    return Clip(stems, np.ones(len(STEMS), bool), RATE, f"clip {number}")


@BOTH
def test_stems_and_rest_are_the_mixture_and_silence_stays(name: str) -> None:
    made = Altered([clip(0), clip(1)], name)
    assert len(made) == 2
    for k in range(2):
        one = made[k]
        rest = 0 if one.rest is None else one.rest
        np.testing.assert_allclose(one.stems.sum(0) + rest, one.mixture, atol=1e-6)
        assert not one.stems[list(SILENT)].any() and one.stems[[0, 1, 3, 5]].any((1, 2)).all()
        assert np.isfinite(one.mixture).all() and np.abs(one.mixture).max() <= 1.01
        assert (one.name, one.rate) == (f"clip {k}", RATE) and one.present.all()
        assert one.stems.dtype == np.float32 and one.mixture.shape == one.stems.shape[1:]


@BOTH
def test_a_clip_of_a_number_is_always_altered_alike(name: str) -> None:
    one, again = (Altered([clip(0), clip(1)], name)[1] for _ in range(2))
    np.testing.assert_array_equal(one.stems, again.stems)
    np.testing.assert_array_equal(one.mixture, again.mixture)


def test_out_of_tune_is_0_3_semitones_higher_and_shorter_and_keeps_the_sum() -> None:
    before = clip()
    after = Altered([before], "out-of-tune")[0]
    size, wave = 1 << 20, after.stems[0, 0]
    peak = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size)).argmax() * RATE / size
    assert 12 * np.log2(peak / 440) == pytest.approx(0.3, abs=0.01) and SHARP == 0.3
    assert before.stems.shape[-1] / after.stems.shape[-1] == pytest.approx(2 ** (0.3 / 12), abs=1e-4)
    assert after.rest is None
    whole = resample(before.mixture, round(RATE * 2 ** (SHARP / 12)), RATE)
    np.testing.assert_allclose(after.mixture, whole, atol=1e-5)
    levels = [one.stems[:, :, 5000:-5000].std((1, 2)) for one in (before, after)]
    np.testing.assert_allclose(levels[1], levels[0], atol=0.01)


def test_a_record_has_the_length_of_the_clip_and_another_sound_each() -> None:
    before = clip()
    made = Altered([before, before], "record")
    first, second = made[0], made[1]
    assert first.stems.shape == second.stems.shape == before.stems.shape
    for one, other in ((first.stems, before.stems), (first.stems, second.stems)):
        differences = np.abs(one - other).max((1, 2))[[0, 1, 3, 5]]
        assert (differences > 1e-3).all()
    rest = first.rest
    assert rest is not None and 0 < rest.std() < 0.6 * first.mixture.std(), "white noise is hard on MP3"
