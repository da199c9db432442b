"""Generate, arrange, vary and continue: what is given stays, what is wanted is made, lengths are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny import save_tiny_model, song

import msgld
from msgld.stems import STEMS
from msgld.tasks.loudness import gain_of_given

RATE = 44100
QUICK = msgld.Options(steps=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    return msgld.load(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), device="cpu")


def sounds(*stems: str, seconds: float = 1.0, channels: int = 2) -> dict:
    return {stem: (song(seconds, RATE, channels, seed=i), RATE) for i, stem in enumerate(stems)}


def check_sum(result: msgld.Result) -> None:
    """The mix is the sum of the stems, mono ones in the middle."""
    total = sum(np.broadcast_to(stem, result.mix.shape) for stem in result.stems.values())
    np.testing.assert_allclose(result.mix, total, atol=1e-4 * max(1, np.abs(total).max()))
    assert np.isfinite(result.mix).all()


def test_generated_pieces_have_the_length_asked_for_and_depend_on_the_seed_alone(model: msgld.Msgld):
    first, again = (model.generate(1.2345, options=QUICK) for _ in range(2))
    other = model.generate(1.2345, options=msgld.Options(steps=2, seed=1))
    assert tuple(first.stems) == model.stems
    assert {stem.shape for stem in first.stems.values()} == {(2, round(1.2345 * RATE))}
    assert (first.rate, first.residual) == (RATE, None)
    np.testing.assert_array_equal(first.mix, again.mix)
    assert np.abs(first.mix - other.mix).max() > 1e-3
    check_sum(first)


def test_a_piece_longer_than_a_window_is_made(model: msgld.Msgld):
    told: list[msgld.Progress] = []
    result = model.generate(11, make=["bass"], options=msgld.Options(steps=1), on_progress=told.append)
    assert result.mix.shape == (2, 11 * RATE)
    assert (told[-1].done, told[-1].total) == (3, 3), "two windows and one stem"


def test_only_stems_asked_for_are_made_at_their_places(model: msgld.Msgld):
    result = model.generate(0.5, make=["piano", "bass"], options=QUICK)
    assert tuple(result.stems) == ("bass", "piano")
    left, right = np.sqrt((result.stems["piano"] ** 2).mean(1))
    assert right > 1.5 * left
    np.testing.assert_allclose(result.stems["bass"][0], result.stems["bass"][1], rtol=1e-6)


def test_arranging_keeps_what_is_given_and_plays_the_rest(model: msgld.Msgld):
    given = sounds("bass", "drums")
    result = model.arrange(given, options=QUICK)
    assert tuple(result.stems) == model.stems
    for stem, (samples, _) in given.items():
        np.testing.assert_array_equal(result.stems[stem], samples)
    assert all(stem.shape == (2, RATE) for stem in result.stems.values())
    assert min(np.abs(stem).max() for stem in result.stems.values()) > 0
    check_sum(result)


def test_arranging_hears_what_is_given(model: msgld.Msgld):
    one = model.arrange(sounds("bass"), ["piano"], options=QUICK)
    two = model.arrange({"bass": (song(1, RATE, 2, seed=9), RATE)}, ["piano"], options=QUICK)
    soft = model.arrange(sounds("bass"), ["piano"], noise=0.7, options=QUICK)
    assert not np.allclose(one.stems["piano"], two.stems["piano"], rtol=1e-3)
    assert not np.allclose(one.stems["piano"], soft.stems["piano"], rtol=1e-3)


def test_louder_given_stems_get_louder_company(model: msgld.Msgld):
    soft = model.arrange({"bass": (0.1 * song(1, RATE, 2), RATE)}, ["piano"], options=QUICK)
    loud = model.arrange({"bass": (song(1, RATE, 2), RATE)}, ["piano"], options=QUICK)
    np.testing.assert_allclose(
        loud.stems["piano"], 10 * soft.stems["piano"], atol=1e-3 * np.abs(loud.stems["piano"]).max()
    )


def test_other_rates_lengths_and_channels_are_brought_together_and_told(model: msgld.Msgld):
    given = {
        "bass": (song(1.0, 32000, 1), 32000),
        "drums": (song(0.5, 48000, 2), 48000),
    }
    result = model.arrange(given, ["piano"], options=QUICK)
    assert result.rate == 32000
    assert {name: stem.shape for name, stem in result.stems.items()} == {
        "bass": (1, 32000), "drums": (2, 32000), "piano": (2, 32000)
    }  # fmt: skip
    assert any("48000 to 32000" in note for note in result.remarks)
    assert any("padded" in note for note in result.remarks)
    check_sum(result)


def test_silence_to_arrange_to_is_as_nothing_at_all(model: msgld.Msgld):
    silent = model.arrange({"bass": (np.zeros((2, RATE), np.float32), RATE)}, options=QUICK)
    nothing = model.generate(1.0, options=QUICK)
    check_sum(silent)
    ratio = np.abs(silent.stems["piano"]).max() / np.abs(nothing.stems["piano"]).max()
    assert 0.01 < ratio < 100, "at the level of a generated piece"


def test_replaying_a_stretch_leaves_the_rest_to_the_sample(model: msgld.Msgld):
    given = sounds("bass", "guitar", seconds=2)
    result = model.arrange(given, ["guitar"], start=0.5, stop=1.25, options=QUICK)
    old, new = given["guitar"][0], result.stems["guitar"]
    first, last = round(0.5 * RATE), round(1.25 * RATE)
    np.testing.assert_array_equal(new[:, :first], old[:, :first])
    np.testing.assert_array_equal(new[:, last:], old[:, last:])
    assert np.abs(new - old)[:, first + 1000 : last - 1000].mean() > 1e-4
    np.testing.assert_array_equal(result.stems["bass"], given["bass"][0])


def test_a_stem_that_is_not_given_sounds_within_the_stretch_only(model: msgld.Msgld):
    result = model.arrange(sounds("bass"), ["piano"], start=0.25, stop=0.5, options=QUICK)
    piano = result.stems["piano"]
    first, last = round(0.25 * RATE), round(0.5 * RATE)
    assert not piano[:, :first].any()
    assert not piano[:, last:].any()
    assert np.abs(piano[:, first:last]).max() > 0


def test_varying_changes_more_at_a_higher_level_and_only_what_is_given(model: msgld.Msgld):
    given = sounds("bass", "piano", channels=1)
    little, much = (model.vary(given, level, options=QUICK) for level in (0.05, 1.0))
    assert tuple(little.stems) == ("bass", "piano")
    assert little.stems["bass"].shape == (1, RATE)
    none = model.vary(given, 0.0, options=QUICK).stems["bass"]
    assert np.abs(little.stems["bass"] - none).mean() < np.abs(much.stems["bass"] - none).mean()


def test_varying_by_nothing_gives_back_every_bit_and_little_changes_little(model: msgld.Msgld):
    given = sounds("bass", "piano")
    same = model.vary(given, 0.0, options=QUICK)
    errors = []
    for level in (0.0, 0.001, 0.01, 0.05, 0.2, 0.6):
        result = model.vary(given, level, options=QUICK)
        errors.append(sum(np.abs(result.stems[stem] - given[stem][0]).mean() for stem in given))
    for stem, (samples, _) in given.items():
        np.testing.assert_array_equal(same.stems[stem], samples)
    assert errors == sorted(errors) and errors[0] == 0
    assert errors[1] < 0.01 * errors[-1]


def test_made_stems_stay_below_full_scale_and_given_ones_as_they_are(model: msgld.Msgld, tmp_path: Path):
    given = {"bass": (np.rint(2**15 * song(1, RATE, 2)) / np.float32(2**15), RATE)}
    result = model.arrange(given, options=QUICK)
    for stem in model.stems[1:]:
        assert np.abs(result.stems[stem]).max() <= 0.9
    saved = result.save(tmp_path / "out")
    written, _ = soundfile.read(saved.files["bass"], dtype="float32", always_2d=True)
    np.testing.assert_array_equal(written.T, given["bass"][0])
    piece = model.generate(1.0, options=QUICK)
    assert max(np.abs(stem).max() for stem in piece.stems.values()) <= 0.9


@pytest.mark.parametrize("disturbance", ["noise before", "pause", "offset"])
def test_company_is_as_loud_as_to_the_music_alone(model: msgld.Msgld, disturbance: str):
    music = song(3, RATE, 2)
    noise = 3e-5 * np.random.default_rng(0).standard_normal((2, 4 * RATE)).astype(np.float32)
    other = {
        "noise before": np.concatenate([noise, music], 1),
        "pause": np.concatenate([music[:, : 2 * RATE], 0 * noise, music[:, 2 * RATE :]], 1),
        "offset": music + np.float32(0.1),
    }[disturbance]
    plain, disturbed = (gain_of_given(torch.from_numpy(one)[None], 5, RATE, 0.1) for one in (music, other))
    assert abs(20 * np.log10(disturbed / plain)) < 0.5


def test_continuing_begins_with_what_was_given(model: msgld.Msgld):
    given = sounds("bass", "drums")
    result = model.extend(given, 0.75, options=QUICK)
    assert tuple(result.stems) == ("bass", "drums")
    kept = RATE - round(0.03 * RATE)
    for stem, (samples, _) in given.items():
        assert result.stems[stem].shape == (2, RATE + round(0.75 * RATE))
        np.testing.assert_array_equal(result.stems[stem][:, :kept], samples[:, :kept])
        assert np.abs(result.stems[stem][:, RATE:]).max() > 0
    check_sum(result)


@pytest.mark.parametrize("samples", [1, 2047, 2048, 2049, 5000])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_lengths_are_exact_also_where_they_are_odd(model: msgld.Msgld, samples: int, rate: int):
    given = {"bass": (song(1, samples, 1), rate)}
    options = msgld.Options(steps=1)
    assert model.arrange(given, ["drums"], options=options).mix.shape == (2, samples)
    assert model.extend(given, 0.1, options=options).mix.shape == (1, samples + round(0.1 * rate))


def test_results_are_saved_with_their_mix_and_null(model: msgld.Msgld, tmp_path: Path):
    saved = model.arrange(sounds("bass", channels=1), ["drums"], options=QUICK).save(tmp_path / "out")
    assert set(saved.files) == {"bass", "drums", "mix"}
    assert saved.run["null_db"] < -80
    assert saved.run["task"] == "arrange"


def ask(model: msgld.Msgld, name: str, *args: object, **named: object) -> None:
    getattr(model, name)(*args, **named)


@pytest.mark.parametrize(
    ("request_", "named", "word"),
    [
        (("generate", 0.0), {}, "seconds has to be a number from 0.1"),
        (("generate", float("nan")), {}, "seconds"),
        (("generate", 1e9), {}, "to 3600 seconds"),
        (("generate", 1.0), {"make": ["strings"]}, "bass, drums, guitar"),
        (("arrange", {}), {}, "at least one"),
        (("arrange", {"strings": ("x", 1)}), {}, "bass, drums, guitar"),
        (("arrange", sounds("bass"), ["bass"]), {}, "both given"),
        (("arrange", sounds(*STEMS)), {}, "all stems are given"),
        (("arrange", sounds("bass")), {"noise": 2}, "noise"),
        (("arrange", sounds("bass"), ["bass"]), {"start": 3.0}, "before stop"),
        (("arrange", sounds("bass"), ["bass"]), {"start": 0.5, "stop": 0.25}, "before stop"),
        (("arrange", sounds("bass"), ["bass"]), {"start": -1.0}, "start"),
        (("vary", sounds("bass"), 1.1), {}, "noise"),
        (("vary", {}), {}, "at least one"),
        (("extend", sounds("bass"), 0.0), {}, "seconds"),
    ],
)
def test_requests_that_make_no_sense_are_refused(model: msgld.Msgld, request_: tuple, named: dict, word: str):
    with pytest.raises(msgld.UsageError, match=word):
        ask(model, *request_, **named)


def test_a_model_without_vocoder_says_that_it_only_separates(tmp_path: Path):
    mute = msgld.load(save_tiny_model(tmp_path / "mute", vocoder=False), device="cpu")
    with pytest.raises(msgld.ModelError, match="only separates"):
        mute.generate(1.0)


def test_making_stops_when_asked_to(model: msgld.Msgld):
    token = msgld.CancelToken()
    token.cancel()
    with pytest.raises(msgld.Cancelled):
        model.generate(0.2, options=QUICK, cancel=token)
