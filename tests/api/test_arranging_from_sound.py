"""Arranging to sound through notes: on the sound's own beats, beside stems that stay as they are, inside a song."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clicks import RATE, ClickListener, ClickTracker, clicks, on_frames
from score_tiny import tiny_score_model
from tiny import save_tiny_model, song

import msgld
from msgld.api.given_music import LISTENED
from msgld.checkpoint import load_model
from msgld.music.bars import Timeline
from msgld.music.notes import Notes
from msgld.music.render.beside import mix_loudness, render_beside
from msgld.music.render.loudness import lufs
from msgld.music.score import Score

QUICK = msgld.Options(steps=2, quality="draft")
BEATS = on_frames(0.3 + np.concatenate([[0], np.cumsum(60 / np.linspace(100, 130, 32))]))
SECONDS = float(BEATS[-1]) + 0.5


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    """A model that separates and composes at random and finds clicks without an error."""
    model = load_model(save_tiny_model(tmp_path_factory.mktemp("model")))
    model.listener, model.beat_tracker = ClickListener().eval(), ClickTracker().eval()  # type: ignore[assignment]
    model.score = tiny_score_model()
    model.score.nats = lambda cells, steps: 0.0  # type: ignore[method-assign]  # bars are where the tracker heard them
    return msgld.Msgld(model)


@pytest.fixture(scope="module")
def given() -> dict[str, tuple[np.ndarray, int]]:
    sound = clicks(BEATS, SECONDS)
    return {"bass": (sound, RATE), "drums": (np.repeat(0.5 * sound, 2, axis=0), RATE)}


def test_given_stems_stay_to_the_bit_and_made_ones_are_on_their_beats(
    band: msgld.Msgld, given: dict[str, tuple[np.ndarray, int]]
) -> None:
    result = band.arrange(given, ["piano", "guitar"], options=QUICK)
    for stem, (wave, rate) in given.items():
        assert result.rate == rate
        np.testing.assert_array_equal(result.stems[stem], wave)
    assert result.score is not None and len(result.score.notes["piano"])
    lines = result.score.timeline.at(result.score.bars.start)
    assert all(np.abs(lines - line).min() < 0.02 for line in BEATS[::4])
    for stem in ("piano", "guitar"):
        wave = result.stems[stem]
        assert wave.shape == (2, round(SECONDS * RATE))
    one = Notes.of(np.array([result.score.bars.start[4]]), np.ones(1), np.full(1, 60), np.full(1, 100))
    struck = render_beside({"piano": one}, result.score.timeline, {}, RATE, round(SECONDS * RATE))["piano"]
    begins = np.flatnonzero(np.abs(struck).max(0) > 0.01 * np.abs(struck).max())[0] / RATE
    assert np.abs(begins - BEATS).min() < 0.02
    mixed = sum(np.broadcast_to(wave, (2, wave.shape[1])) for wave in result.stems.values())
    np.testing.assert_allclose(result.mix, mixed, atol=1e-5)
    assert result.info["latent"] == "score" and result.info["downbeats"]


def test_notes_that_ears_found_are_given_at_a_level_and_corrected_ones_are_not(
    band: msgld.Msgld,
    given: dict[str, tuple[np.ndarray, int]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    levels = list[dict[str, float]]()

    def spy(piece: object, wanted: object, noise: dict[str, float], **rest: object) -> dict[str, object]:
        levels.append(noise)
        return {}

    monkeypatch.setattr("msgld.api.making_notes.arrange", spy)
    found = band.transcribe(given)
    old = found.score.notes["bass"]
    fixed = replace(found.score, notes={"bass": replace(old, pitch=old.pitch - 24)})
    path = tmp_path / "fixed.mid"
    path.write_bytes((replace(found, score=fixed).save(tmp_path / "out").files["bass"]).read_bytes())
    for notes in ({"bass": fixed}, {"bass": path}):
        result = band.arrange(given, ["piano"], notes=notes, options=QUICK)
        assert levels.pop() == {"bass": 0.0, "drums": LISTENED}
        assert result.score is not None
        assert result.score.notes["bass"].pitch.tolist() == (old.pitch - 24).tolist()
        np.testing.assert_allclose(result.score.notes["bass"].onset, old.onset, atol=0.01)
        assert result.score.notes["drums"].pitch.tolist() == found.score.notes["drums"].pitch.tolist()
    band.arrange(given, ["piano"], noise=0.4, options=QUICK)
    assert levels.pop() == {"bass": 0.4, "drums": 0.4}


def test_corrected_notes_of_another_tempo_keep_their_seconds(
    band: msgld.Msgld, given: dict[str, tuple[np.ndarray, int]]
) -> None:
    found = band.transcribe(given).score
    seconds = found.timeline.at(found.notes["bass"].onset)
    steady = Timeline.steady(77)
    onset = steady.beat_at(seconds)
    own = Notes.of(onset, 0 * onset + 0.5, 0 * onset + 40, 0 * onset + 90)
    result = band.arrange(given, ["piano"], notes={"bass": replace(found, timeline=steady, notes={"bass": own})},
                          options=QUICK)  # fmt: skip
    assert result.score is not None
    np.testing.assert_allclose(result.score.timeline.at(result.score.notes["bass"].onset), seconds, atol=1e-6)


def test_stems_of_a_song_are_played_anew_and_the_others_are_its_own(band: msgld.Msgld) -> None:
    sound, seen = (song(6.0, RATE, 2), RATE), list[float]()
    own = band.separate(sound, options=msgld.Options(quality="draft")).stems
    result = band.arrange(sound, ["piano"], options=QUICK, on_progress=lambda one: seen.append(one.fraction))
    assert set(result.stems) == set(band.stems)
    for stem, wave in result.stems.items():
        assert np.array_equal(wave, own[stem]) == (stem != "piano")
    assert seen == sorted(seen) and seen[-1] == 1
    with pytest.raises(msgld.UsageError, match="name the stems"):
        band.arrange(sound, options=QUICK)


@pytest.mark.parametrize("latent", ["score", "sound"])
def test_a_song_is_arranged_in_either_latent(band: msgld.Msgld, latent: str) -> None:
    sound = (song(3.0, RATE, 1), RATE)
    result = band.arrange(sound, ["guitar"], latent=latent, options=QUICK)
    assert (result.score is not None) == (latent == "score")
    np.testing.assert_array_equal(
        result.stems["bass"], band.separate(sound, options=msgld.Options(quality="draft")).stems["bass"]
    )


def test_bars_are_replayed_and_the_rest_of_the_sound_stays(
    band: msgld.Msgld, given: dict[str, tuple[np.ndarray, int]]
) -> None:
    result = band.arrange(given, ["bass"], replay=(3, 4), options=QUICK)
    assert result.score is not None
    bars = result.score.bars
    inside = np.flatnonzero((bars.number >= 2) & (bars.number <= 3))
    start, stop = result.score.timeline.at(bars.start[[inside[0], inside[-1] + 1]])
    changed = np.flatnonzero((result.stems["bass"] != given["bass"][0]).any(0)) / RATE
    assert start - 0.05 < changed[0] and changed[-1] < stop + 0.05
    assert changed[-1] - changed[0] > 0.5 * (stop - start)
    seconds = band.arrange(given, ["bass"], start=start + 0.1, stop=stop - 0.1, options=QUICK)
    np.testing.assert_array_equal(seconds.stems["bass"], result.stems["bass"])


def test_bars_of_notes_are_replayed(band: msgld.Msgld) -> None:
    rng = np.random.default_rng(0)
    onset = np.sort(rng.integers(0, 128, 60)) / 4
    notes = Notes.of(onset, 0 * onset + 0.25, rng.integers(40, 80, 60), 0 * onset + 90)
    piece = band.generate(bars=8, make=["bass"], conditions=msgld.Conditions(bpm=120), options=QUICK).score
    assert piece is not None
    score: Score = replace(piece, notes={"bass": notes, "piano": notes})
    result = band.arrange({"bass": score, "piano": score}, ["piano"], replay=(3, 4), options=QUICK)
    assert result.score is not None and result.info["settings"]["replay"] == [3, 4]
    after = result.score.notes["piano"]
    for low, high in ((0.0, 7.8), (16.0, 40.0)):
        assert after.between(low, high).pitch.tolist() == notes.between(low, high).pitch.tolist()
    assert after.between(7.9, 15.8).pitch.tolist() != notes.between(7.9, 15.8).pitch.tolist()


@pytest.mark.parametrize("gain", [0.05, 1.0])
def test_made_stems_are_as_loud_as_their_places_in_a_mix_with_the_given_ones(gain: float) -> None:
    """A drum that is rendered as in a mix, as the given stem, makes a bass as loud as in that mix."""
    onset = np.arange(0.0, 32.0)
    notes = {stem: Notes.of(onset, 0 * onset + 0.9, 0 * onset + pitch, 0 * onset + 90, program)
             for stem, pitch, program in (("drums", 38, 0), ("bass", 40, 33), ("piano", 60, 0))}  # fmt: skip
    time, length = Timeline.steady(120), 17 * 44_100
    alone = render_beside(notes, time, {}, 44_100, length)
    again = render_beside(notes, time, {"drums": gain * alone["drums"]}, 44_100, length)
    for stem in ("bass", "piano"):
        wanted = lufs(alone[stem]) + 20 * np.log10(gain)
        assert lufs(again[stem]) == pytest.approx(wanted, abs=0.3)
    quiet = {"drums": alone["drums"], "other": 1e-4 * alone["piano"]}
    assert mix_loudness(quiet, 44_100) == pytest.approx(mix_loudness({"drums": quiet["drums"]}, 44_100))
    half = render_beside(notes, time, {}, 22_050, length // 2)
    assert lufs(half["piano"][:, :1]) <= lufs(alone["piano"]) and half["piano"].shape == (2, length // 2)


def test_sound_is_varied_through_notes(band: msgld.Msgld, given: dict[str, tuple[np.ndarray, int]]) -> None:
    same, new = (band.vary(given, noise, options=QUICK) for noise in (0.0, 0.9))
    assert same.score is not None and new.score is not None
    for stem, (wave, _) in given.items():
        np.testing.assert_array_equal(same.stems[stem], wave)
        assert new.stems[stem].shape[1] == wave.shape[1] and not np.array_equal(new.stems[stem], wave)
    assert band.vary(given, 0.5, latent="sound", options=QUICK).score is None


def test_sound_goes_on_in_notes_from_the_next_bar_line(
    band: msgld.Msgld, given: dict[str, tuple[np.ndarray, int]]
) -> None:
    result = band.extend(given, 3.0, options=QUICK)
    assert result.score is not None
    lines = result.score.timeline.at(result.score.bars.start)
    for stem, (wave, rate) in given.items():
        length, made = wave.shape[1], result.stems[stem]
        assert made.shape[1] == length + 3 * rate
        np.testing.assert_array_equal(made[:, :length], np.broadcast_to(wave, (len(made), length)))
        begins = result.score.timeline.at(result.score.notes[stem].onset)
        first = lines[lines > length / rate - 0.25][0]
        assert (begins > first - 0.1).any(), "there is a continuation"
    assert band.extend(given, 1.0, latent="sound", options=QUICK).score is None


def test_faults_of_arranging_to_sound_are_one_line_each(
    band: msgld.Msgld, given: dict[str, tuple[np.ndarray, int]], tmp_path: Path
) -> None:
    sound_only = msgld.Msgld(load_model(save_tiny_model(tmp_path / "model")))
    score = band.transcribe(given).score
    for call, text in (
        (lambda: band.arrange(given, ["piano"], replay=(3, 2)), "later"),
        (lambda: band.arrange(given, ["piano"], replay=(0, 2)), "bar"),
        (lambda: band.arrange(given, ["piano"], replay="3-4"), "replay"),
        (lambda: band.arrange(given, ["piano"], replay=(900, 901)), "no bar 900"),
        (lambda: band.arrange(given, ["piano"], replay=(1, 2), start=3.0), "not in both"),
        (lambda: band.arrange(given, ["piano"], notes={"guitar": score}), "guitar"),
        (lambda: band.arrange(given, ["piano"], notes={"bass": tmp_path / "none.mid"}), "none.mid"),
        (lambda: band.arrange({"bass": score}, ["piano"], notes={"bass": score}), "instead"),
        (lambda: band.arrange(given, ["bass"]), "both given"),
        (lambda: sound_only.arrange(given, ["piano"], replay=(1, 2)), "ears"),
        (lambda: sound_only.arrange(given, ["piano"], notes={"bass": score}), "ears"),
        (lambda: sound_only.arrange(given, ["piano"], latent="score"), "ears"),
        (lambda: band.arrange(3, ["piano"]), "given is a song"),
    ):
        with pytest.raises(msgld.MsgldError, match=text) as error:
            call()
        assert "\n" not in str(error.value)
