"""Augmentation: what each effect may and may not do."""

from __future__ import annotations

import numpy as np
import pytest
from contracts import verify_source

from msgld.data.augment import Augmentation, Augmented, augment, filter_and_room, place, saturate
from msgld.data.source import Clip

RATE = 22_050
OFF = Augmentation(equalise=0, reverb=0, saturate=0, gain=0, place=0, drop=0)


def clip(stems: int = 5, seconds: float = 1.0) -> Clip:
    x = 0.05 * np.random.default_rng(0).standard_normal((stems, 2, round(seconds * RATE)))
    return Clip(x.astype(np.float32), np.ones(stems, dtype=bool), RATE, "noise")


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


def test_nothing_switched_on_changes_nothing() -> None:
    before = clip()
    np.testing.assert_array_equal(augment(before, 3, OFF).stems, before.stems)


def test_same_seed_same_clip_and_another_seed_another() -> None:
    one, again, other = augment(clip(), 1), augment(clip(), 1), augment(clip(), 2)
    np.testing.assert_array_equal(one.stems, again.stems)
    assert not np.array_equal(one.stems, other.stems)


@pytest.mark.parametrize("seed", range(8))
def test_shape_type_and_range(seed: int) -> None:
    before = clip()
    loud = Clip(before.stems * 10, before.present, RATE, "loud")
    after = augment(loud, seed)
    assert after.stems.shape == before.stems.shape and after.stems.dtype == np.float32
    assert np.isfinite(after.stems).all() and np.abs(after.stems.sum(axis=0)).max() <= 1 + 1e-5


def test_the_clip_given_is_left_alone() -> None:
    before = clip()
    kept = before.stems.copy()
    augment(before, 5)
    np.testing.assert_array_equal(before.stems, kept)


def test_silence_stays_silent_and_one_stem_keeps_sounding() -> None:
    before = clip()
    before.stems[1:] = 0
    for seed in range(20):
        after = augment(before, seed, Augmentation(drop=0.9))
        assert rms(after.stems[0]) > 0 and not after.stems[1:].any()


def test_dropping_is_as_frequent_as_asked() -> None:
    dropped = [
        not stem.any()
        for seed in range(60)
        for stem in augment(clip(5, 0.05), seed, Augmentation(drop=0.3)).stems
    ]
    assert np.mean(dropped) == pytest.approx(0.3, abs=0.1)


def test_a_stem_does_not_depend_on_the_others() -> None:
    before = clip()
    other = Clip(before.stems.copy(), before.present, RATE, "other")
    other.stems[0] *= 0.5
    np.testing.assert_array_equal(augment(before, 4).stems[1:], augment(other, 4).stems[1:])


@pytest.mark.parametrize("drive", [-12.0, 0.0, 12.0])
def test_saturation_keeps_loudness_and_flattens_peaks(drive: float) -> None:
    before = clip().stems[0]
    after = saturate(before, drive)
    assert rms(after) == pytest.approx(rms(before), rel=1e-4)
    assert np.abs(after).max() < np.abs(before).max()


def test_place_keeps_the_middle_and_narrows_to_mono() -> None:
    before = clip().stems[0]
    np.testing.assert_allclose(place(before, 1.0, 0.0), before, atol=1e-6)
    mono = place(before, 0.0, 0.0)
    np.testing.assert_allclose(mono[0], mono[1], atol=1e-7)
    left = place(before, 1.0, -1.0)
    assert rms(left[1]) < 1e-6 < rms(left[0])


def test_a_flat_curve_changes_nothing_and_a_level_one_is_a_gain() -> None:
    before, rng = clip().stems[0], np.random.default_rng(0)
    np.testing.assert_allclose(filter_and_room(before, RATE, np.zeros(10), None, rng), before, atol=1e-5)
    louder = filter_and_room(before, RATE, np.full(10, 6.0), None, rng)
    np.testing.assert_allclose(louder, before * 10 ** (6 / 20), atol=1e-5)


def test_the_room_comes_after_the_sound_and_decays_as_asked() -> None:
    click = np.zeros((2, 2 * RATE), dtype=np.float32)
    click[:, 100] = 1
    sound = filter_and_room(click, RATE, None, (1.0, -6.0), np.random.default_rng(0))
    np.testing.assert_allclose(sound[:, :100], 0, atol=1e-5)
    assert sound[0, 100] == pytest.approx(1, abs=1e-4)
    tail = sound[0, 101:]
    assert 10 * np.log10(np.sum(tail**2)) == pytest.approx(-6, abs=0.2)
    early, late = rms(tail[RATE // 5 : 2 * RATE // 5]), rms(tail[3 * RATE // 5 : 4 * RATE // 5])
    # 60 dB in a second: 24 in 0.4 s.
    assert 20 * np.log10(early / late) == pytest.approx(24, abs=1.5)
    assert rms(sound[0] - sound[1]) > 0


def test_augmented_clips_are_those_of_the_source_as_often_as_asked() -> None:
    class Tones:
        stems = ("bass", "drums")

        def clip(self, seed: int, seconds: float) -> Clip:
            rng = np.random.default_rng(seed)
            stems = 0.1 * rng.standard_normal((2, 2, round(seconds * 8000)), dtype=np.float32)
            return Clip(stems, np.ones(2, bool), 8000, str(seed))

    source = Tones()
    plain, some = Augmented(source, 0.0), Augmented(source, 0.5)
    changed = [not np.array_equal(some.clip(i, 0.2).stems, source.clip(i, 0.2).stems) for i in range(60)]
    assert 15 < sum(changed) < 45
    assert all(np.array_equal(plain.clip(i, 0.2).stems, source.clip(i, 0.2).stems) for i in range(5))
    verify_source(some, 0.2, range(4))
