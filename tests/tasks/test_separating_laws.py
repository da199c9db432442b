"""Whatever the song, its stems are as long, as fast and as wide as it is, finite, and sum to it.

The songs are drawn: rates of 8 to 192 kHz, 1 to 8 channels, one sample to a few seconds, from silence to clipping.
The model is tiny and its windows are short, so that a second of song has several of them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nulls import null_db
from tiny import save_tiny_model

import msgld

DRAFT = msgld.Options(quality="draft")
STEMS = ("bass", "drums", "guitar", "piano", "other")
CONTENTS = ("silence", "noise", "impulse", "offset", "clipped", "gap")
FEW, MANY = 6, 25
STEP = 2.0**-23  # of 24 bits


def laws(examples: int) -> settings:
    """As many songs, the same ones in every run."""
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=slow)


@dataclass(frozen=True)
class Drawn:
    """A song to be made: small enough to be shown where a law fails."""

    rate: int
    channels: int
    length: int
    content: str
    decibels: float
    seed: int = 0

    @property
    def sound(self) -> tuple[np.ndarray, int]:
        """Samples (channels, length) and the rate."""
        noise = np.random.default_rng(self.seed).standard_normal((self.channels, self.length))
        middle = self.length // 2
        made = {
            "silence": 0 * noise,
            "noise": 0.2 * noise,
            "impulse": np.eye(1, self.length, middle).repeat(self.channels, axis=0),
            "offset": np.full_like(noise, 0.5),
            "clipped": np.clip(20 * noise, -1, 1),
            "gap": np.where(np.arange(self.length) < middle, noise, 0.0),
        }[self.content]
        return (made * 10 ** (self.decibels / 20)).astype(np.float32), self.rate

    @property
    def louder(self) -> float:
        """Root of the mean square; 0 for silence."""
        return float(np.sqrt((self.sound[0].astype(np.float64) ** 2).mean()))


@st.composite
def songs(draw: st.DrawFn, contents: tuple[str, ...] = CONTENTS, loudest: int = 60) -> Drawn:
    """Any song; the fast and wide ones are short, as they cost most."""
    common = st.sampled_from([8000, 22_050, 44_100, 48_000, 96_000, 192_000])
    rate = draw(common | st.integers(8000, 192_000))
    channels = draw(st.integers(1, min(8, max(1, 200_000 // rate))))
    longest = min(3 * rate, 150_000 // channels)
    length = draw(st.integers(1, longest) | st.sampled_from([1, 2, longest]))
    return Drawn(rate, channels, length, draw(st.sampled_from(contents)), draw(st.integers(-160, loudest)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    model = msgld.load(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), device="cpu")
    model.model.denoiser.window_frames = 44  # 2 s
    return model


def parts(result: msgld.Result) -> np.ndarray:
    """Stems and residual, (S + 1, channels, L)."""
    assert result.residual is not None
    return np.stack([*result.stems.values(), result.residual])


@given(drawn=songs(), wanted=st.sets(st.sampled_from(STEMS), min_size=1))
@laws(MANY)
def test_stems_and_residual_are_the_song(model: msgld.Msgld, drawn: Drawn, wanted: set[str]):
    samples, rate = drawn.sound
    result = model.separate((samples, rate), stems=sorted(wanted), options=DRAFT)
    assert set(result.stems) == wanted and result.rate == rate
    assert all(part.shape == samples.shape and part.dtype == np.float32 for part in parts(result))
    assert np.isfinite(parts(result)).all()
    np.testing.assert_array_equal(result.mix, samples)
    assert null_db(parts(result), samples) < -90


@given(drawn=songs())
@laws(MANY)
def test_all_stems_leave_next_to_nothing(model: msgld.Msgld, drawn: Drawn):
    # The masks of all stems sum to 1, so without a residual they are the song as well.
    samples, rate = drawn.sound
    stems = np.stack([*model.separate((samples, rate), options=DRAFT).stems.values()])
    assert null_db(stems, samples) < -90


@given(drawn=songs(("silence",)))
@laws(FEW)
def test_silence_in_is_silence_out(model: msgld.Msgld, drawn: Drawn):
    assert not parts(model.separate(drawn.sound, options=DRAFT)).any()


@given(drawn=songs(loudest=20), depth=st.sampled_from(["PCM_24", "FLOAT"]))
@laws(FEW)
def test_files_are_as_the_song_and_sum_to_it(model: msgld.Msgld, drawn: Drawn, depth: str):
    samples, rate = drawn.sound
    with tempfile.TemporaryDirectory() as folder:
        song, out = Path(folder, "song.wav"), Path(folder, "out")
        soundfile.write(song, samples.T, rate, "FLOAT")
        saved = model.separate_to(
            song, out, encoding=msgld.Encoding(subtype=depth), residual=True, options=DRAFT
        )
        read = [soundfile.read(path, dtype="float64", always_2d=True) for path in saved.files.values()]
    assert all(part.shape == samples.T.shape and its_rate == rate for part, its_rate in read)
    left = sum(part for part, _ in read).T - saved.run["gain"] * samples
    rounding = 0 if depth == "FLOAT" else len(read) * STEP / 2
    assert np.sqrt((left**2).mean()) <= 10 ** (-90 / 20) * saved.run["gain"] * drawn.louder + rounding


@given(drawn=songs(("noise", "impulse", "clipped", "gap")), quality=st.sampled_from(["draft", "sampled"]))
@laws(FEW)
def test_the_same_song_and_seed_give_the_same_samples(model: msgld.Msgld, drawn: Drawn, quality: str):
    options = DRAFT if quality == "draft" else msgld.Options(quality="draft", steps=2, seed=7)
    level = 0.0 if quality == "draft" else 0.5
    one, two = (model.separate(drawn.sound, noise=level, options=options) for _ in range(2))
    assert parts(one).tobytes() == parts(two).tobytes()


@pytest.mark.parametrize("batch", [2, 5])
def test_the_batch_changes_nothing_that_can_be_heard(model: msgld.Msgld, batch: int):
    song = Drawn(44_100, 2, 300_000, "noise", 0.0).sound
    one = model.separate(song, options=DRAFT)
    other = model.separate(song, options=replace(DRAFT, batch=batch))
    for stem, samples in one.stems.items():
        assert null_db([other.stems[stem]], samples) < -80


@pytest.mark.parametrize("change", [{"segment": 3.0}, {"segment": 1.0}, {"overlap": 0.0}, {"overlap": 0.5}])
def test_segments_of_any_length_and_overlap_sum_to_the_song(model: msgld.Msgld, change: dict[str, float]):
    song = Drawn(44_100, 1, 200_000, "noise", 0.0).sound
    result = model.separate(song, options=replace(DRAFT, **change))
    assert null_db([*result.stems.values(), result.residual], song[0]) < -90


def test_another_seed_gives_another_sample_where_noise_is_drawn(model: msgld.Msgld):
    sound = Drawn(8000, 1, 8000, "noise", 0).sound
    one, two = (
        model.separate(sound, noise=0.5, options=msgld.Options(quality="draft", steps=2, seed=seed))
        for seed in (1, 2)
    )
    assert np.abs(parts(one) - parts(two)).max() > 1e-6


@given(
    drawn=songs(("noise", "clipped", "gap", "offset"), loudest=20),
    stem=st.sampled_from(STEMS),
    more=st.integers(-50, 50),
)
@laws(FEW + FEW)
def test_known_stems_come_back_as_they_are(model: msgld.Msgld, drawn: Drawn, stem: str, more: int):
    samples, rate = drawn.sound
    length = max(1, drawn.length + more)
    known, _ = Drawn(rate, drawn.channels, length, "noise", -20, seed=1).sound
    result = model.separate((samples, rate), known={stem: (known, rate)}, options=DRAFT)
    expected = np.pad(known, ((0, 0), (0, max(0, -more))))[:, : drawn.length]
    np.testing.assert_array_equal(result.stems[stem], expected)
    # A known stem may be far louder than the song; the residual is as fine as 32 bits at that level.
    left = parts(result).astype(np.float64).sum(0) - samples
    assert np.abs(left).max() <= 2.0**-22 * max(np.abs(known).max(), np.abs(samples).max())
