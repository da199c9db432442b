"""Transcribing through the public calls: notes lie on the sound, bars on its beats, and a song is its stems."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from clicks import PITCH, RATE, ClickListener, ClickTracker, clicks, on_frames
from tiny import save_tiny_model, song

import msgld
from msgld.checkpoint import load_model
from msgld.music.listen import stem as listening
from msgld.music.midi.perform import read_midi


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    """A model that separates at random and finds clicks without an error."""
    model = load_model(save_tiny_model(tmp_path_factory.mktemp("model")))
    model.listener, model.beat_tracker = ClickListener().eval(), ClickTracker().eval()  # type: ignore[assignment]
    return msgld.Msgld(model)


def drifting(beats: int, begin: float) -> np.ndarray:
    """Beats whose tempo goes from 100 to 130 a minute."""
    return on_frames(begin + np.concatenate([[0], np.cumsum(60 / np.linspace(100, 130, beats - 1))]))


@pytest.mark.parametrize("begin", [0.0, 0.4, 3.1])
def test_files_lie_on_the_sound_and_bars_on_its_beats(
    listener: msgld.Msgld, tmp_path: Path, begin: float
) -> None:
    beats = drifting(33, begin)
    sound = clicks(beats, beats[-1] + 1)
    found = listener.transcribe({"piano": (sound, RATE), "bass": (sound, RATE)})
    saved = found.save(tmp_path / "out")
    for stem in ("piano", "bass", "mix"):
        read = read_midi(saved.files[stem].read_bytes(), stem)
        assert read.timeline is not None
        for part in read.parts:
            assert set(part.pitch.tolist()) == {PITCH}
            np.testing.assert_allclose(part.onset, beats, atol=2e-3)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    bars = [
        second for second in record["downbeats"] if second > begin - 0.1
    ]  # others lie in the silence before
    np.testing.assert_allclose(bars, beats[::4], atol=0.02)
    lines = found.score.timeline.at(found.score.bars.start)
    assert all(np.abs(lines - line).min() < 0.02 for line in beats[::4])
    assert len(record["chords"]) == len(found.score.bars) and record["signatures"][-1] == "4/4"
    assert (tmp_path / "out" / "notes.png").stat().st_size > 1000
    assert not list((tmp_path / "out").glob("*.wav"))


def test_stems_of_several_rates_and_lengths_begin_together(listener: msgld.Msgld) -> None:
    beats = drifting(17, 0.5)
    short, long = clicks(beats, beats[-1] + 1), np.repeat(clicks(beats, beats[-1] + 3), 2, axis=1)
    found = listener.transcribe({"bass": (short, RATE), "piano": (long, 2 * RATE)})
    bass, piano = (found.score.timeline.at(found.score.notes[stem].onset) for stem in ("bass", "piano"))
    np.testing.assert_allclose(bass, piano, atol=0.03)
    assert found.info["seconds"] == pytest.approx(beats[-1] + 3, abs=0.01)


def test_stretches_change_nothing(listener: msgld.Msgld, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = drifting(40, 0.2)
    given = {"bass": (clicks(beats, beats[-1] + 1), RATE)}
    whole = listener.transcribe(given).score.notes["bass"]
    monkeypatch.setattr(listening, "STRETCH", 3.7)
    monkeypatch.setattr(listening, "TAIL", 1.0)
    pieces = listener.transcribe(given).score.notes["bass"]
    assert len(whole) == 40
    for name, value in vars(whole).items():
        np.testing.assert_allclose(value, vars(pieces)[name], atol=1e-6)


def test_a_tempo_settles_how_the_music_is_counted(listener: msgld.Msgld) -> None:
    beats = on_frames(0.5 + 0.4 * np.arange(60))
    given = {"drums": (clicks(beats, beats[-1] + 1), RATE)}
    fast, slow = (listener.transcribe(given, bpm=bpm) for bpm in (140, 80))
    assert (fast.info["bpm"], slow.info["bpm"]) == pytest.approx((150, 75), rel=0.02)
    assert not fast.remarks and "bpm" in listener.transcribe(given).remarks[0]


def test_free_time_is_written_at_a_steady_tempo_and_said(listener: msgld.Msgld) -> None:
    onsets = on_frames(np.array([0.3, 7.9]))
    found = listener.transcribe({"piano": (clicks(onsets, 12.0), RATE)}, bpm=90)
    assert found.info["beats"] == [] and found.info["bpm"] == 90
    assert "no beat was found" in found.remarks[0]
    np.testing.assert_allclose(found.score.timeline.at(found.score.notes["piano"].onset), onsets, atol=1e-6)


def test_silence_has_no_notes(listener: msgld.Msgld, tmp_path: Path) -> None:
    found = listener.transcribe({"piano": (np.zeros((2, RATE), np.float32), RATE)})
    assert not len(found.score.notes["piano"]) and "no notes were found in piano" in found.remarks
    assert found.save(tmp_path / "out").files["piano"].is_file()


def test_a_song_is_its_separated_stems(listener: msgld.Msgld) -> None:
    sound, seen = (song(4.0, RATE, 2), RATE), list[float]()
    whole = listener.transcribe(sound, on_progress=lambda progress: seen.append(progress.fraction))
    stems = listener.separate(sound).stems
    parts = listener.transcribe({stem: (wave, RATE) for stem, wave in stems.items()})
    assert set(whole.score.notes) == set(listener.stems)
    for stem, notes in whole.score.notes.items():
        assert notes.pitch.tolist() == parts.score.notes[stem].pitch.tolist()
    assert seen == sorted(seen) and seen[-1] == 1 and len({*seen}) > 2


def test_faults_of_listening_are_one_line_each(listener: msgld.Msgld, tmp_path: Path) -> None:
    deaf = msgld.Msgld(load_model(save_tiny_model(tmp_path / "model")))
    sound = (np.zeros((1, RATE), np.float32), RATE)
    for call, text in (
        (lambda: deaf.transcribe({"bass": sound}), "no ears"),
        (lambda: listener.transcribe({}), "at least one stem"),
        (lambda: listener.transcribe({"tuba": sound}), "tuba"),
        (lambda: listener.transcribe({"bass": sound}, bpm=3), "bpm"),
        (lambda: listener.transcribe(tmp_path / "none.wav"), "none.wav"),
        (lambda: listener.transcribe({"bass": tmp_path / "none.wav"}), "none.wav"),
    ):
        with pytest.raises(msgld.MsgldError, match=text) as error:
            call()
        assert "\n" not in str(error.value)
