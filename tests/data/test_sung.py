"""Songs with singers: only the vocals change, in the song's key and tuning, about as loud as the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from contracts import verify_source
from inprocess import Decoding

from msgld.data.singing import Phrase, Singing
from msgld.data.source import Clip
from msgld.data.sung import Casting, Sung, lay
from msgld.errors import UsageError
from msgld.music.conditions import Conditions
from msgld.music.keys import notes_of
from msgld.music.midi.parts import Part
from msgld.stems import RATE, STEMS

SINGERS = Path(__file__).parent.parent / "files" / "singing"
AT = STEMS.index("vocals")
OTHERS = [k for k in range(len(STEMS)) if k != AT]
ALWAYS = Casting(probability=1.0)
ALONE = Casting(probability=1.0, doubled=0.0, second=0.0, spoken=0.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Phrases are decoded in this process."""
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)


class Noise:
    """Clips of noise in which nobody sings."""

    def __init__(
        self,
        level: float = 0.02,
        choir: float = 0.0,
        key: str | None = None,
        tuning: float = 0.0,
        rate: int = RATE,
        stems: tuple[str, ...] = STEMS,
    ) -> None:
        self.level, self.choir, self.key, self.tuning, self.rate = level, choir, key, tuning, rate
        self.stems = stems

    def clip(self, seed: int, seconds: float) -> Clip:
        shape = (len(self.stems), 2, round(seconds * self.rate))
        stems = self.level * np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
        if "vocals" in self.stems:
            stems[self.stems.index("vocals")] *= self.choir
        present = np.ones(len(self.stems), bool)
        return Clip(
            stems, present, self.rate, "noise", {"tuning": self.tuning}, conditions=Conditions(key=self.key)
        )


class Tone(Phrase):
    """A phrase that is two pure tones."""

    def read(self) -> np.ndarray:
        time = np.arange(RATE // 2) / RATE
        tones = [np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * time) for p in self.notes.pitch]
        return 0.3 * np.concatenate(tones)[None].astype(np.float32)


def tones(*pitches: Sequence[int]) -> Singing:
    """Phrases of two notes of half a second each."""
    phrases = []
    for pair in pitches:
        ones, onset = np.ones(2), np.array([0.0, 0.5])
        about = (
            "vocals",
            53,
            False,
            onset,
            0.5 * ones,
            np.array(pair),
            90 * ones.astype(int),
            ones,
            0 * ones,
        )
        phrases.append(
            Tone(Path("tone"), "one", "train", "sung", "CC0", "the tests", 1.0, Part(*about), ("la", "la"))
        )
    made = object.__new__(Singing)
    made.folder, made.phrases = Path(), tuple(phrases)
    return made


def heard(sound: np.ndarray, rate: int) -> set[float]:
    """Pitches (MIDI, with fractions) of the spectrum's clear peaks: those of pure tones."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 20))
    hertz = np.arange(len(spectrum)) * rate / (1 << 20)
    found, least = set(), 0.3 * spectrum.max()
    while spectrum.max() > least:
        peak = int(spectrum.argmax())
        found.add(69 + 12 * np.log2(hertz[peak] / 440))
        spectrum[np.abs(np.log2(np.maximum(hertz, 1) / hertz[peak])) < 0.5 / 12] = 0
    return found


@pytest.mark.parametrize("casting", [ALWAYS, Casting(1.0, doubled=1.0, second=1.0), Casting(1.0, spoken=1.0)])
def test_only_the_vocals_change_and_nothing_clips(casting: Casting) -> None:
    source = Noise()
    for seed in range(4):
        before, after = source.clip(seed, 4.0), Sung(source, Singing(SINGERS), casting).clip(seed, 4.0)
        assert after.meta["sung"] == 1.0 and after.stems[AT].any()
        gain = float(after.stems[0].std() / before.stems[0].std())
        assert gain <= 1 + 1e-6
        np.testing.assert_allclose(after.stems[OTHERS], gain * before.stems[OTHERS], atol=1e-6)
        assert np.abs(after.mixture).max() <= 1 + 1e-5
        np.testing.assert_array_equal(after.mixture, after.stems.sum(0))


def test_a_loud_song_becomes_softer_as_a_whole() -> None:
    source = Noise(level=0.12)
    loud = Casting(1.0, loudness=(12.0, 12.0))
    before, after = source.clip(1, 3.0), Sung(source, Singing(SINGERS), loud).clip(1, 3.0)
    gains = after.stems[OTHERS].std((1, 2)) / before.stems[OTHERS].std((1, 2))
    assert gains.max() < 0.9 and np.ptp(gains) < 1e-5
    assert np.abs(after.mixture).max() == pytest.approx(1, abs=1e-4)


def test_a_choir_sings_on() -> None:
    plain, choir = Noise(), Noise(choir=1.0)
    soft = Casting(1.0, loudness=(-9.0, -9.0))
    one, two = (Sung(source, Singing(SINGERS), soft).clip(2, 3.0) for source in (plain, choir))
    np.testing.assert_allclose(two.stems[AT] - one.stems[AT], choir.clip(2, 3.0).stems[AT], atol=1e-6)


def test_singers_are_as_loud_as_they_are_told() -> None:
    """Over the half of the time in which they are loudest, against the sum of all others."""
    found = []
    for seed in range(12):
        clip = Sung(Noise(), Singing(SINGERS), ALONE).clip(seed, 6.0)
        sung = np.square(clip.stems[AT]).mean(0)
        blocks = np.sort(sung[: len(sung) // 2000 * 2000].reshape(-1, 2000).mean(1))
        rest = np.square(clip.stems[OTHERS].sum(0)).mean()
        found.append(10 * np.log10(blocks[len(blocks) // 2 :].mean() / rest))
    low, high = ALONE.loudness
    assert low - 0.5 < min(found) and max(found) < high + 0.5 and np.ptp(found) > 5


def test_the_same_seed_is_the_same_clip_and_some_clips_have_no_singer() -> None:
    source, singing = Noise(), Singing(SINGERS)
    verify_source(Sung(source, singing, ALWAYS), seconds=2.0)
    clips = [Sung(source, singing, Casting(probability=0.5)).clip(seed, 3.0) for seed in range(40)]
    sung = np.mean(["sung" in clip.meta for clip in clips])
    assert 0.3 < sung < 0.7
    for seed, clip in enumerate(clips):
        if "sung" not in clip.meta:
            np.testing.assert_array_equal(clip.stems, source.clip(seed, 3.0).stems)


def test_nobody_sings_into_silence_or_where_the_set_has_no_vocals() -> None:
    silent = Sung(Noise(level=0.0), Singing(SINGERS), ALWAYS).clip(0, 1.0)
    assert not silent.stems.any() and "sung" not in silent.meta

    class Lacking(Noise):
        def clip(self, seed: int, seconds: float) -> Clip:
            return replace(super().clip(seed, seconds), present=np.arange(len(STEMS)) != AT)

    lacking = Sung(Lacking(), Singing(SINGERS), ALWAYS).clip(0, 1.0)
    assert not lacking.stems[AT].any() and "sung" not in lacking.meta
    with pytest.raises(UsageError, match="none of bass, drums"):
        Sung(Noise(stems=("bass", "drums")), Singing(SINGERS))


@pytest.mark.parametrize("key", ["D major", "B minor", "Eb major"])
def test_phrases_are_only_shifted_into_the_song_s_key(key: str) -> None:
    casting, sung = replace(ALONE, pause=0.1), set()
    for seed in range(6):
        clip = Sung(Noise(key=key), tones((60, 67)), casting).clip(seed, 2.0)
        sung |= heard(clip.stems[AT].mean(0), RATE)
    nearest = {round(pitch) for pitch in sung}
    assert nearest and all(abs(pitch - round(pitch)) < 0.25 for pitch in sung)
    assert {pitch % 12 for pitch in nearest} <= notes_of(key)
    # No farther than three semitones, and not all at one shift.
    assert all(min(abs(pitch - 60), abs(pitch - 67)) <= 3 for pitch in nearest) and len(nearest) > 2


def test_a_phrase_that_cannot_reach_the_key_is_not_shifted() -> None:
    # No major key has three semitones in a row.
    singing = tones((60, 61))
    clip = Sung(Noise(key="C blues"), singing, replace(ALONE, pause=0.0)).clip(0, 2.0)
    assert {round(pitch) for pitch in heard(clip.stems[AT].mean(0), RATE)} <= {60, 61}


@pytest.mark.parametrize(("rate", "tuning"), [(RATE, 0.0), (RATE, 0.45), (22_050, -0.45), (16_000, 0.0)])
def test_singers_are_in_tune_with_the_song_at_any_rate(rate: int, tuning: float) -> None:
    casting, off = replace(ALONE, shift=0), []
    for seed in range(6):
        clip = Sung(Noise(rate=rate, tuning=tuning), tones((60, 67)), casting).clip(seed, 2.0)
        off += [min(pitch - 60, pitch - 67, key=abs) for pitch in heard(clip.stems[AT].mean(0), rate)]
    assert len(off) >= 6 and np.median(off) == pytest.approx(tuning, abs=0.1) and np.ptp(off) < 0.5


def test_a_phrase_is_laid_where_it_belongs_even_half_outside() -> None:
    sound = np.arange(1.0, 6.0, dtype=np.float32)
    for at, inside in ((2, [0, 0, 1, 2, 3, 4]), (-3, [4, 5, 0, 0, 0, 0]), (-9, [0] * 6), (6, [0] * 6)):
        line = np.zeros((2, 6), np.float32)
        lay(line, sound, at, 0.0)
        np.testing.assert_allclose(line, np.tile(inside, (2, 1)), rtol=1e-6)
    left, right = np.zeros((2, 2, 6), np.float32)
    lay(left, sound, 0, -1.0)
    lay(right, sound, 0, 1.0)
    assert left[0].sum() > 10 * left[1].sum() >= 0 and np.allclose(left, right[::-1], atol=1e-6)
