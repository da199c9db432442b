"""Clips as of records: what the chains may and may not do, and what each effect does."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from contracts import verify_source

from msgld.data.records import image, motion, space
from msgld.data.records.amplifier import amplified
from msgld.data.records.augment import Augmented, augment
from msgld.data.records.codec import divided
from msgld.data.records.dice import Cup, Dice
from msgld.data.records.mix import BUS, mastered
from msgld.data.records.settings import CHAINS, Augmentation, Chain
from msgld.data.records.stem import EFFECTS, LEVELS, recorded
from msgld.data.records.studio import crushed, deessed
from msgld.data.source import Clip
from msgld.dsp.dynamics import rms

RATE = 44_100
STEMS = ("bass", "drums", "guitar", "piano", "vocals", "other")
SILENT = dict.fromkeys(BUS, 0.0)
OFF = Augmentation(chains={}, amount=(1.0, 1.0), drop=0, bleed=0, **SILENT)
LATE = ("double", "widen", "echo", "room", "plate", "modulate")
"""Effects with copies that are late."""


def bursts(seed: int = 0, seconds: float = 1.5) -> np.ndarray:
    """Bursts of noise that decay, (2, L), in either channel a little other."""
    rng, x = np.random.default_rng(seed), np.zeros((2, round(seconds * RATE)), np.float32)
    for place in range(3000, x.shape[1] - 9000, 17_000):
        burst = rng.standard_normal(9000) + 0.4 * rng.standard_normal((2, 9000))
        x[:, place : place + 9000] = 0.03 * burst * np.exp(-np.arange(9000) / 2500)
    return x


def clip(silent: tuple[int, ...] = (), seconds: float = 1.5) -> Clip:
    stems = np.stack([bursts(k, seconds) for k in range(len(STEMS))])
    stems[list(silent)] = 0
    return Clip(stems, np.ones(len(STEMS), bool), RATE, "bursts")


def dice(seed: int = 0, amount: float = 1.0) -> Dice:
    return Dice(np.random.default_rng(seed), amount)


def late_by(y: np.ndarray, x: np.ndarray) -> float:
    """Seconds by which the envelope of one sound is most like that of the other, over all bursts."""
    size = 1 << 18
    one, other = (np.fft.rfft(z.sum(0), size) for z in (y, x))
    alike = np.abs(np.fft.irfft(one * other.conj(), size))
    place = int(alike.argmax())
    return min(place, size - place) / RATE


def decibels(x: np.ndarray) -> float:
    return 20 * np.log10(rms(x))


def test_nothing_switched_on_changes_nothing() -> None:
    before = clip()
    np.testing.assert_array_equal(augment(before, 3, STEMS, OFF).stems, before.stems)


def test_every_probability_is_an_effect_and_every_effect_has_one() -> None:
    assert set(EFFECTS) == {one.name for one in fields(Chain)} - {"squeeze", "low_cut", "pan"}
    assert set(BUS) == {one.name for one in fields(Augmentation)} - {"chains", "amount", "drop", "bleed"}


def test_same_seed_same_clip_and_another_seed_another() -> None:
    one, again, other = (augment(clip(), seed, STEMS) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.stems, again.stems)
    assert not np.array_equal(one.stems, other.stems)


@pytest.mark.parametrize("loudness", [1e-4, 1.0, 20.0])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_clips_is_lost_or_moves_to_a_silent_stem(seed: int, loudness: float) -> None:
    before = clip(silent=(1, 3))
    after = augment(replace(before, stems=before.stems * np.float32(loudness)), seed, STEMS)
    assert after.stems.shape == before.stems.shape and after.stems.dtype == np.float32
    assert np.isfinite(after.stems).all() and not after.stems[[1, 3]].any()
    assert np.abs(after.stems).max() <= 1 + 1e-5 and np.abs(after.stems.sum(0)).max() <= 1 + 1e-5
    assert after.meta["augmented"] == 1 and after.rate == RATE


def test_a_clip_of_silence_stays_silent() -> None:
    everything = Augmentation(bleed=1, **dict.fromkeys(BUS, 1.0))
    assert not augment(clip(tuple(range(6))), 0, STEMS, everything).stems.any()


@pytest.mark.parametrize("seconds", [0.001, 0.02])
def test_clips_may_be_short(seconds: float) -> None:
    stems = 0.1 * np.random.default_rng(0).standard_normal((6, 2, round(seconds * RATE))).astype(np.float32)
    for seed in range(6):
        after = augment(Clip(stems, np.ones(6, bool), RATE, "short"), seed, STEMS)
        assert after.stems.shape == stems.shape and np.isfinite(after.stems).all()


def test_the_clip_given_is_left_alone() -> None:
    before = clip()
    kept = before.stems.copy()
    for seed in range(3):
        augment(before, seed, STEMS)
    np.testing.assert_array_equal(before.stems, kept)


def test_dropping_is_as_frequent_as_asked_and_one_stem_keeps_sounding() -> None:
    stems = clip(seconds=0.6).stems
    for number in (1, 6):
        dropped = []
        for seed in range(60):
            some = np.where(np.arange(6)[:, None, None] < number, stems, 0)
            after = augment(Clip(some, np.ones(6, bool), RATE, "x"), seed, STEMS, replace(OFF, drop=0.4))
            dropped.append([not stem.any() for stem in after.stems[:number]])
            assert after.stems[:number].any()
        assert np.mean(dropped) == pytest.approx(0.4 if number > 1 else 0, abs=0.1)


def test_a_stem_depends_on_no_other_before_the_mix() -> None:
    before, settings = clip(), Augmentation(bleed=0, **SILENT)
    other = replace(before, stems=before.stems.copy())
    other.stems[0] *= 0.5
    one, two = (augment(c, 5, STEMS, settings).stems[1:] for c in (before, other))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("effect", EFFECTS)
def test_effects_are_switched_one_by_one(effect: str) -> None:
    """Alone it changes the sound; without it the others do what they did."""
    x = bursts()
    only = recorded(x, RATE, "guitar", Chain(**{effect: 1.0}), Cup((0, 1)))
    assert not np.allclose(only, x, atol=1e-4) and np.isfinite(only).all()
    if effect not in ("level", "place"):
        assert decibels(only) == pytest.approx(decibels(x), abs=0.01)
    if effect not in LATE:
        assert late_by(only, x) <= 0.001
    both = recorded(x, RATE, "guitar", Chain(**{effect: 1.0, "level": 1.0}), Cup((0, 1)))
    if effect != "level":
        gain = recorded(x, RATE, "guitar", Chain(level=1.0), Cup((0, 1)))[0, 3500] / x[0, 3500]
        np.testing.assert_allclose(both, only * gain, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("stem", [*STEMS, "organ"])
@pytest.mark.parametrize("seed", range(4))
def test_chains_keep_loudness_in_bounds_and_onsets_in_place(stem: str, seed: int) -> None:
    x = bursts(seed)
    chain = replace(Augmentation().chain(stem), **dict.fromkeys(LATE, 0.0))
    y = recorded(x, RATE, stem, chain, Cup((seed, 0)))
    # The place of a sound that is at one side already may change its loudness by 3 dB more.
    assert LEVELS[0] - 3.1 <= decibels(y) - decibels(x) <= LEVELS[1] + 3.1
    assert late_by(y, x) <= 0.001 and np.isfinite(y).all()


def test_stems_without_a_chain_have_that_of_other() -> None:
    assert Augmentation().chain("organ") == CHAINS["other"]


@pytest.mark.parametrize("stem", STEMS)
def test_in_mono_a_stem_keeps_part_of_its_power(stem: str) -> None:
    x = bursts(1)
    for seed in range(12):
        y = recorded(x, RATE, stem, CHAINS[stem], Cup((seed, 0)))
        assert rms(y.mean(0)) > 0.4 * rms(y)


def test_small_amounts_do_less() -> None:
    x = bursts()
    changes = [
        np.mean(
            [rms(recorded(x, RATE, "piano", Chain(equalise=1.0), Cup((s, 0), amount)) - x) for s in range(8)]
        )
        for amount in (0.1, 0.5, 1.0)
    ]
    assert changes[0] < changes[1] < changes[2]
    hits = [sum(dice(s, amount).hits(0.4) for s in range(300)) for amount in (0.0, 1.0)]
    assert hits[0] < 80 and hits[1] > 160
    assert all(dice(s, 0.1).hits(1.0) and not dice(s, 1.0).hits(0.0) for s in range(20))


@pytest.mark.parametrize("effect", [name for name in BUS if name != "bus_codec"])
def test_effects_of_the_mix_treat_all_stems_alike(effect: str) -> None:
    """The effect on two halves of the mixture are halves of the effect: gains and filters do not see the stems."""
    stems = np.stack([bursts(0), 2 * bursts(1)])
    settings = replace(OFF, **{effect: 1.0})
    made = mastered(stems, RATE, settings, Cup((1, 6)))
    whole = mastered(stems.sum(0, keepdims=True), RATE, settings, Cup((1, 6)))[0]
    np.testing.assert_allclose(made.sum(0), whole, atol=2e-5)
    assert not np.allclose(whole, stems.sum(0), atol=1e-3)
    assert decibels(whole) == pytest.approx(decibels(stems.sum(0)), abs=0.01)
    assert late_by(whole, stems.sum(0)) <= 0.001


def test_the_limiter_lowers_peaks_against_the_loudness() -> None:
    x = bursts()[None]
    crests = [
        np.abs(m).max() / rms(m) for m in (x, mastered(x, RATE, replace(OFF, bus_limit=1.0), Cup((2, 6))))
    ]
    assert crests[1] < 0.9 * crests[0]


def test_stems_of_a_coded_mixture_sum_to_it() -> None:
    noise = np.random.default_rng(0).standard_normal((4, 2, 30_000)).astype(np.float32)
    stems = noise[:3] * np.array([0.1, 0.0, 0.03], np.float32)[:, None, None]
    wanted = stems.sum(0) + 0.02 * noise[3]
    made = divided(stems, wanted)
    np.testing.assert_allclose(made.sum(0), wanted, atol=1e-5)
    assert not made[1].any()
    errors = [rms(made[k] - stems[k]) for k in (0, 2)]
    assert errors[0] > 1.5 * errors[1] > 0, "the louder stem has more of the error"
    np.testing.assert_allclose(divided(stems, stems.sum(0)), stems, atol=1e-5)


def test_a_codec_leaves_stems_about_as_they_were_and_takes_the_highest_treble() -> None:
    stems = np.stack([bursts(0), bursts(1)])
    made = mastered(stems, RATE, replace(OFF, bus_codec=1.0), Cup((0, 6)))
    assert late_by(made.sum(0), stems.sum(0)) <= 0.001
    for before, after in zip(stems, made, strict=True):
        assert 0.02 < rms(after - before) / rms(before) < 0.9
    bins = slice(round(20_500 / RATE * stems.shape[-1]), None)
    treble = [np.sum(np.abs(np.fft.rfft(s.sum(0)))[:, bins] ** 2) for s in (stems, made)]
    assert treble[1] < 0.1 * treble[0]


def test_bleed_is_added_to_all_stems_but_the_one_whose_microphones_they_are() -> None:
    before, changed = clip(silent=(4,)), set()
    for seed in range(8):
        after = augment(before, seed, STEMS, replace(OFF, bleed=1.0))
        assert not after.stems[4].any() and np.isfinite(after.stems).all()
        pairs = zip(after.stems, before.stems, strict=True)
        changed.add(sum(not np.array_equal(one, other) for one, other in pairs))
    assert changed == {4}, "five sound"


def test_tails_begin_after_the_sound_and_decay_in_their_time() -> None:
    tail = space.decaying(np.full(5, 1.0), RATE, dice())
    early, late = (rms(tail[:, round(a * RATE) : round((a + 0.1) * RATE)]) for a in (0.1, 0.5))
    assert 20 * np.log10(early / late) == pytest.approx(24, abs=1.5)
    assert rms(tail[0] - tail[1]) > rms(tail[0])
    dark = space.decaying(np.array([1, 1, 1, 0.4, 0.2]), RATE, dice())
    for start, bright in ((0.0, True), (0.3, False)):
        part = np.abs(np.fft.rfft(dark[:, round(start * RATE) : round((start + 0.1) * RATE)])) ** 2
        assert (part[:, 1500:].sum() > part[:, 100:200].sum()) == bright
    for make in (space.room, space.plate, space.echo, space.bleed):
        for seed in range(8):
            impulse = make(RATE, dice(seed))
            energy = 10 * np.log10(np.square(impulse).sum() / 2)
            assert -36.1 <= energy <= -4.9 and impulse.shape[1] <= 1.2 * space.LONGEST * RATE


def test_echoes_come_at_equal_times() -> None:
    impulse = np.abs(space.echo(RATE, dice(4))).sum(0)
    first = int(impulse.argmax())
    assert 0.065 * RATE < first < 0.51 * RATE
    assert impulse[: first - 40].max() < 0.05 * impulse[first]


def test_tape_keeps_within_its_bounds() -> None:
    curves = [motion.tape_curve(5 * RATE, RATE, dice(seed)) / RATE for seed in range(8)]
    assert max(np.abs(curve).max() for curve in curves) <= motion.LATEST_TAPE
    cents = [1200 * np.log2(1 + np.abs(np.diff(curve)).max() * RATE) for curve in curves]
    assert 0.2 < max(cents) < 15


def test_second_takes_are_late_and_slightly_out_of_tune() -> None:
    time = np.arange(2 * RATE) / RATE
    tone = np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    take = motion._take(tone, RATE, dice(3))[RATE // 2 :]
    turns = np.unwrap(np.angle(take[100:] + 1j * np.fft.irfft(-1j * np.fft.rfft(take), len(take))[100:]))
    hertz = np.diff(turns[::2205]) / (2 * np.pi) * 20
    assert 1 < 1200 * np.log2(hertz[1:-1].max() / hertz[1:-1].min()) < 60
    click = np.zeros((2, RATE), np.float32)
    click[:, 5000] = 1
    made = motion.doubled(click, RATE, dice(3))
    assert made[:, :5000].max() == 0 and rms(made[:, 5100:]) > 0


def test_width_is_that_of_the_side_signal_and_never_above_the_middle() -> None:
    x = bursts()
    np.testing.assert_allclose(image.with_width(x, 1), x, atol=1e-6)
    mono = image.with_width(x, 0)
    np.testing.assert_array_equal(mono[0], mono[1])
    wide = image.with_width(x, 100)
    assert rms(wide[0] - wide[1]) == pytest.approx(rms(wide[0] + wide[1]), rel=1e-3)
    left = image.placed(x, -1)
    assert rms(left[1]) < 1e-6 < rms(left[0])


@pytest.mark.parametrize("stem", ["bass", "guitar", "piano", "other"])
def test_amplifiers_distort_within_the_band_of_their_loudspeaker(stem: str) -> None:
    time = np.arange(RATE) / RATE
    tone = np.stack([np.sin(2 * np.pi * 220 * time), 0.25 * np.sin(2 * np.pi * 220 * time)]).astype(
        np.float32
    )
    y = amplified(tone, RATE, stem, dice(1))
    assert rms(y[0]) / rms(y[1]) == pytest.approx(4, rel=1e-3), "the balance stays"
    power = np.abs(np.fft.rfft(y[0])) ** 2
    assert power[440:].sum() > 1e-5 * power.sum() and power[13_000:].sum() < 1e-4 * power.sum()
    harmonics = power[220 * np.arange(1, 30)].sum()
    assert harmonics > 0.99 * power[100:].sum(), "hardly anything is aliased"
    opposite = amplified(np.stack([tone[0], -tone[0]]), RATE, stem, dice(1))
    assert rms(opposite) > 0


def test_sibilants_are_turned_down_and_vowels_are_not() -> None:
    time = np.arange(RATE) / RATE
    vowel = 0.3 * np.sin(2 * np.pi * 300 * time) + 0.01 * np.sin(2 * np.pi * 8000 * time)
    hiss = np.zeros(RATE)
    hiss[20_000:24_000] = 0.3 * np.sin(2 * np.pi * 8000 * time[:4000])
    x = np.stack([vowel + hiss] * 2).astype(np.float32)
    y = deessed(x, RATE, dice(0))
    assert rms(y[:, 20_500:23_500]) < 0.9 * rms(x[:, 20_500:23_500])
    np.testing.assert_allclose(y[:, 5000:15_000], x[:, 5000:15_000], atol=0.02)


def test_a_crushed_copy_raises_what_is_soft() -> None:
    x = bursts()
    y = crushed(x, RATE, dice(0))
    loud, soft = slice(3000, 4000), slice(9000, 11_000)
    assert rms(y[:, soft]) / rms(x[:, soft]) > 1.2 * rms(y[:, loud]) / rms(x[:, loud])


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
