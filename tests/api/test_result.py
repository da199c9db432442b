"""Saving: whole folders or nothing, one gain for all, and a null test of what was really written."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import save_tiny_model, song

import msgld
from msgld.api.folder import ABANDONED
from msgld.api.result import Result
from msgld.cli.outputs import choose_encoding
from msgld.errors import AudioWriteError, UsageError

RATE = 44100


def separation(peak: float = 0.5, channels: int = 2, samples: int = 4000) -> Result:
    """Two stems of which one is loud, and a residual."""
    drums, bass, rest = (song(samples / RATE, RATE, channels, seed=i) for i in range(3))
    drums *= peak / np.abs(drums).max()
    mix = drums.astype(np.float64) + bass + rest
    info = {"task": "separate", "model": "tiny"}
    return Result({"bass": bass, "drums": drums}, mix.astype(np.float32), rest, RATE, info, ("a note",))


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float64", always_2d=True)[0].T


def null_of(files: dict[str, Path], result: Result, gain: float) -> float:
    left = sum(read(path) for path in files.values()) - gain * result.mix
    return 10 * np.log10((left**2).mean() / ((gain * result.mix) ** 2).mean())


def test_a_folder_holds_the_stems_a_picture_and_the_record(tmp_path: Path):
    saved = separation().save(tmp_path / "a" / "b")
    names = {"bass.wav", "drums.wav", "run.json", "spectrograms.png"}
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == names
    assert json.loads((saved.folder / "run.json").read_text("utf-8")) == saved.run
    assert saved.run["files"] == {"bass": "bass.wav", "drums": "drums.wav"}
    assert saved.run["remarks"] == ["a note"]
    assert (saved.run["gain"], saved.run["subtype"]) == (1.0, "PCM_24")
    assert soundfile.info(saved.files["bass"]).subtype == "PCM_24"


def test_the_record_says_the_null_that_the_files_have(tmp_path: Path):
    result = separation()
    saved = result.save(tmp_path / "out", residual=True)
    assert saved.run["null_db"] == pytest.approx(null_of(saved.files, result, 1.0), abs=0.2)
    assert saved.run["null_db"] < -80
    without = result.save(tmp_path / "without")
    assert without.run["null_db"] == pytest.approx(saved.run["null_db"], abs=3)


def test_the_null_is_measured_and_not_taken_for_granted(tmp_path: Path):
    result = separation()
    result.mix[:] *= np.float32(0.9)
    assert result.save(tmp_path / "out").run["null_db"] == pytest.approx(20 * np.log10(0.1 / 0.9), abs=0.2)


@pytest.mark.parametrize(
    "encoding", ["flac", msgld.Encoding(clip="rescale"), msgld.Encoding(subtype="PCM_16")]
)
def test_what_would_clip_is_turned_down_alike_and_said(tmp_path: Path, encoding: str | msgld.Encoding):
    result = separation(peak=2.5)
    saved = result.save(tmp_path / "out", residual=True, encoding=encoding)
    gain = saved.run["gain"]
    assert gain == pytest.approx(1 / 2.5)
    for name, samples in {**result.stems, "residual": result.residual}.items():
        np.testing.assert_allclose(read(saved.files[name]), gain * samples, atol=2**-14)
    assert null_of(saved.files, result, gain) < -70
    assert saved.run["null_db"] < -70
    assert any("8.0 dB" in note for note in saved.run["remarks"])


def test_wav_becomes_float_where_a_stem_would_clip(tmp_path: Path):
    result = separation(peak=2.5)
    saved = result.save(tmp_path / "out", residual=True)
    assert (saved.run["gain"], saved.run["subtype"], saved.run["mix_gain"]) == (1.0, "FLOAT", None)
    for name, samples in {**result.stems, "residual": result.residual}.items():
        np.testing.assert_array_equal(read(saved.files[name]), samples)
    assert null_of(saved.files, result, 1.0) < -120
    assert any("8.0 dB above full scale" in note and "float" in note for note in saved.run["remarks"])
    clamped = result.save(tmp_path / "clamped", encoding=msgld.Encoding(clip="clamp"))
    assert (clamped.run["gain"], clamped.run["subtype"]) == (1.0, "PCM_24")
    assert any("cut off" in note for note in clamped.run["remarks"])


def test_a_depth_that_was_asked_for_is_kept():
    assert choose_encoding().clip == "auto"
    for flags in ({"int24": True}, {"int16": True}):
        assert choose_encoding(**flags).clip == "rescale"
    assert choose_encoding(clip_mode="clamp", int24=True).clip == "clamp"


def made(peak: float) -> Result:
    """Two stems of 16 bits whose sum reaches a peak."""
    stem = np.rint(song(0.2, RATE, 2) * 2**15).astype(np.float32) / 2**15
    stem[:, 5] = np.rint(peak / 2 * 2**15) / 2**15
    return Result({"bass": stem, "drums": stem}, 2 * stem, None, RATE)


@pytest.mark.parametrize("encoding", ["wav", "flac", msgld.Encoding(subtype="PCM_16")])
def test_the_mix_alone_is_turned_down_and_stems_keep_every_bit(
    tmp_path: Path, encoding: str | msgld.Encoding
):
    result = made(1.6)
    saved = result.save(tmp_path / "out", encoding=encoding)
    assert saved.run["gain"] == 1
    assert saved.run["mix_gain"] == pytest.approx(1 / 1.6, rel=1e-3)
    for name in ("bass", "drums"):
        np.testing.assert_array_equal(read(saved.files[name]), result.stems[name])
    np.testing.assert_allclose(read(saved.files["mix"]), saved.run["mix_gain"] * result.mix, atol=2**-14)
    assert any("mix alone" in note and "4.1 dB" in note for note in saved.run["remarks"])
    assert made(0.9).save(tmp_path / "soft", encoding=encoding).run["mix_gain"] == 1


def test_floats_are_kept_as_they_are(tmp_path: Path):
    result = separation(peak=2.5)
    saved = result.save(tmp_path / "out", encoding=msgld.Encoding(subtype="FLOAT"))
    assert saved.run["gain"] == 1.0
    np.testing.assert_array_equal(read(saved.files["drums"]), result.stems["drums"])


@pytest.mark.parametrize("ext", ["flac", "ogg", "mp3", ".FLAC"])
def test_other_formats(tmp_path: Path, ext: str):
    saved = separation(samples=RATE).save(tmp_path / "out", encoding=ext)
    assert saved.files["bass"].suffix == "." + ext.strip(".").lower()
    assert read(saved.files["bass"]).shape[0] == 2
    assert saved.run["null_db"] < (-80 if "flac" in ext.lower() else 0)


def test_silence_is_saved_and_its_record_is_json(tmp_path: Path):
    silence = np.zeros((1, 100), np.float32)
    saved = Result({"bass": silence}, silence, silence, RATE).save(tmp_path / "out")
    assert not read(saved.files["bass"]).any()
    assert saved.run["null_db"] == -200


def test_an_existing_result_is_left_alone(tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(AudioWriteError, match="exists already"):
        separation().save(tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine.txt"]
    with pytest.raises(AudioWriteError, match="is a file"):
        separation().save(tmp_path / "out" / "mine.txt", overwrite=True)


def test_a_result_is_not_saved_over_what_it_is_made_from(tmp_path: Path):
    source = tmp_path / "bass.wav"
    source.write_bytes(b"a song")
    for info in (
        {"input": str(source)},
        {"input": {"bass": str(source)}},
        {"settings": {"known": {"bass": str(source)}}},
    ):
        with pytest.raises(AudioWriteError, match="made from it"):
            replace(separation(), info=info).save(tmp_path, overwrite=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"a song"]


def test_overwriting_replaces_the_former_result_and_nothing_else(tmp_path: Path):
    separation().save(tmp_path / "out", residual=True)
    (tmp_path / "out" / "mine.txt").write_text("mine")
    separation(peak=0.25).save(tmp_path / "out", overwrite=True, encoding="flac")
    names = {"bass.flac", "drums.flac", "run.json", "spectrograms.png", "mine.txt"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_forged_record_deletes_nothing_elsewhere(tmp_path: Path):
    (tmp_path / "precious.txt").write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(json.dumps({"files": {"bass": "../precious.txt"}}))
    separation().save(tmp_path / "out", overwrite=True)
    assert (tmp_path / "precious.txt").read_text() == "precious"


def test_a_failing_write_leaves_nothing(tmp_path: Path):
    result = separation()
    result.stems["drums"][0, -1] = np.nan
    with pytest.raises(msgld.AudioError):
        result.save(tmp_path / "a" / "b" / "out")
    assert not list(tmp_path.iterdir())


def test_a_failing_overwrite_leaves_the_former_result(tmp_path: Path):
    before = separation().save(tmp_path / "out").files["bass"].read_bytes()
    with pytest.raises(AudioWriteError):
        separation(channels=8).save(tmp_path / "out", overwrite=True, encoding="mp3")
    assert (tmp_path / "out" / "bass.wav").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_place_that_cannot_hold_a_folder_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioWriteError, match="cannot write"):
        separation().save(tmp_path / "file" / "out")


def test_formats_that_do_not_exist_are_refused(tmp_path: Path):
    for bad in ("xyz", msgld.Encoding(subtype="PCM_U8"), msgld.Encoding("flac", "FLOAT")):
        with pytest.raises(UsageError):
            separation().save(tmp_path / "out", encoding=bad)
    assert not list(tmp_path.iterdir())


def test_separating_to_files_records_everything(tmp_path: Path):
    model = msgld.load(save_tiny_model(tmp_path / "tiny"), device="cpu")
    source = tmp_path / "song ü.wav"
    soundfile.write(source, 40 * song(0.5, 48000, 2).T, 48000, "FLOAT")
    options = msgld.Options(quality="draft", seed=3)
    run = model.separate_to(source, tmp_path / "out", options=options).run
    assert run["input"] == str(source)
    assert (run["task"], run["model"], run["seed"]) == ("separate", "tiny", 3)
    assert (run["rate"], run["channels"], run["length"]) == (48000, 2, 24000)
    assert set(run["weights"]) == {"codec", "denoiser", "vocoder"}
    assert all(len(digest) == 64 for digest in run["weights"].values())
    assert {"msgld", "python", "torch", "numpy"} <= set(run["versions"])
    assert run["settings"]["quality"] == "draft"
    assert run["took_seconds"] > 0
    assert run["null_db"] < -80
    assert (run["gain"], run["subtype"]) == (1.0, "FLOAT"), "louder than full scale, so it is kept as floats"
    assert len(run["remarks"]) == 1


def test_what_killed_runs_left_behind_is_swept_away_a_day_later(tmp_path: Path):
    names = {
        ".out-0123456789ab.part": 2 * ABANDONED,
        ".out-00000000000b.part": 0.0,  # a run that goes on beside this one
        ".out-01234567-99-01234567.part": 0.0,  # of another machine
        ".other-0123456789.part": 2 * ABANDONED,  # not ours
    }
    for name, age in names.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "bass.spool").write_bytes(b"samples")
        for path in (tmp_path / name / "bass.spool", tmp_path / name):
            os.utime(path, (time.time() - age, time.time() - age))
    separation().save(tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", *list(names)[1:]}


def test_an_empty_folder_becomes_the_result(tmp_path: Path):
    (tmp_path / "out").mkdir()
    separation().save(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "run.json").exists()
