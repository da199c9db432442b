"""Whatever a user hands over: one clear line, the right exit code, nothing half-written, nothing harmed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command import contents, environment, leftovers, run, write_noise
from encoded import encode
from tiny import save_tiny_model

from msgld.stems import STEMS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def write_bad(folder: Path) -> dict[str, str]:
    """Files that are no songs, with a word of what has to be said of each."""
    folder.mkdir(parents=True)
    (folder / "text.mp3").write_text("these are words\n" * 100)
    (folder / "empty.wav").touch()
    whole = write_noise(folder / "cut.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    soundfile.write(folder / "nan.wav", np.full((1000, 2), np.nan), 44100, "FLOAT")
    (folder / "holiday pictures").mkdir()
    return {
        "text.mp3": "cannot|not audio", "empty.wav": "empty", "cut.wav": "cut short", "nan.wav": "not numbers",
        "holiday pictures": "no songs in the folder", "missing.wav": "there is no file",
    }  # fmt: skip


def write_odd(folder: Path) -> list[Path]:
    """Songs that are unusual, but songs."""
    folder.mkdir(parents=True)
    soundfile.write(folder / "silent.wav", np.zeros((4410, 2)), 44100)
    return [
        folder / "silent.wav",
        write_noise(folder / "one sample.wav", 0),
        write_noise(folder / "eight channels.wav", 0.1, channels=8),
        write_noise(folder / "low rate.wav", 0.2, rate=8000, channels=1),
        write_noise(folder / "high rate.wav", 0.2, rate=192_000),
        write_noise(folder / "04 絆 ü.wav", 0.2),
    ]


def test_bad_files_are_named_with_their_fault_and_the_odd_ones_are_separated(
    tmp_path: Path, model: Path
) -> None:
    bad, odd = write_bad(tmp_path / "bad"), write_odd(tmp_path / "odd ones")
    before = contents(tmp_path)
    named = [tmp_path / "bad" / name for name in bad]
    done = run(["separate", *named, tmp_path / "odd ones", "-n", model, "-o", "out", "--json"], tmp_path)
    assert done.code == 1
    assert len(done.complaints) == len(bad), done.err
    for name, fault in bad.items():
        (line,) = [line for line in done.complaints if name in line]
        assert any(word in line.lower() for word in fault.split("|")), line
    status = {Path(record["input"]).name: record["status"] for record in done.records}
    assert status == dict.fromkeys(bad, "failed") | {path.name: "done" for path in odd}
    for path in odd:
        song, stems = soundfile.info(path), tmp_path / "out" / "tiny" / path.stem
        assert {file.name for file in stems.glob("*.wav")} == {f"{stem}.wav" for stem in STEMS}
        for stem in STEMS:
            made = soundfile.info(stems / f"{stem}.wav")
            assert (made.samplerate, made.channels, made.frames) == (
                song.samplerate,
                song.channels,
                song.frames,
            )
    assert leftovers(tmp_path) == []
    assert {name: data for name, data in contents(tmp_path).items() if not name.startswith("out")} == before


def test_silence_stays_silent_and_every_song_nulls(tmp_path: Path, model: Path) -> None:
    songs = write_odd(tmp_path / "songs")[:2]
    done = run(["separate", *songs, "-n", model, "--json", "--float32", "--residual"], tmp_path)
    assert done.code == 0
    assert all(record["run"]["null_db"] < -100 for record in done.records)
    for file in done.records[0]["files"].values():
        assert not soundfile.read(tmp_path / file)[0].any()


def test_an_unknown_stem_is_wrong_usage(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.wav")
    done = run(["separate", song, "-n", model, "--stems", "bass,banjo"], tmp_path)
    assert done.code == 2
    (line,) = done.complaints
    assert "banjo" in line and all(stem in line for stem in STEMS)
    assert list(tmp_path.iterdir()) == [song]


def test_given_stems_of_other_lengths_and_rates_go_together_and_it_is_said(
    tmp_path: Path, model: Path
) -> None:
    bass, drums = write_noise(tmp_path / "b.wav", 1.0), write_noise(tmp_path / "d.wav", 0.6, rate=48_000)
    given = ["--given", f"bass={bass}", "--given", f"drums={drums}"]
    done = run(["arrange", *given, "-n", model, "--quality", "draft", "--json"], tmp_path)
    assert done.code == 0, done.err
    (record,) = done.records
    assert len(record["run"]["remarks"]) >= 2
    assert all(note in done.err for note in record["run"]["remarks"])
    lengths = {soundfile.info(tmp_path / file).frames for file in record["files"].values()}
    assert lengths == {44100}


def test_damage_is_said_and_put_on_record(tmp_path: Path, model: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 3 * 44100))
    song = encode(tmp_path / "song.m4a", noise, 44100, "aac")
    data = bytearray(song.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1500] = bytes(1500)
    song.write_bytes(data)
    done = run(["separate", song, "-n", model, "--quality", "draft", "--json"], tmp_path)
    assert done.code == 0, done.err
    (record,) = done.records
    (note,) = [note for note in record["run"]["remarks"] if "damaged from" in note]
    assert note in done.err and record["run"]["length"] == 3 * 44100
    given = ["--given", f"bass={song}", "-n", model, "--quality", "draft", "--json"]
    (record,) = run(["arrange", *given], tmp_path).records
    assert any(note.startswith("bass: damaged from") for note in record["run"]["remarks"])


def test_a_file_where_the_folder_should_be(tmp_path: Path, model: Path) -> None:
    song, target = write_noise(tmp_path / "song.wav"), tmp_path / "separated"
    target.write_text("precious")
    for command in (["separate", song], ["generate", "-o", target], ["demo", "-o", target]):
        done = run([*command, "-n", model], tmp_path)
        assert done.code == 1 and len(done.complaints) == 1, done.err
        assert str(target.name) in done.complaints[0] and "file" in done.complaints[0]
    assert target.read_text() == "precious"
    assert sorted(tmp_path.iterdir()) == sorted([song, target])


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is one of POSIX")
def test_a_full_disk_leaves_the_former_result_alone(tmp_path: Path, model: Path) -> None:
    import resource

    song, folder = write_noise(tmp_path / "song.wav", 2.0), tmp_path / "separated" / "tiny" / "song"
    folder.mkdir(parents=True)
    (folder / "bass.wav").write_bytes(b"a former result")
    before = contents(tmp_path)
    done = run(
        ["separate", song, "-n", model, "--overwrite"], tmp_path,
        preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )  # fmt: skip
    assert done.code == 1
    (line,) = done.complaints
    assert "song" in line and "too large" in line.lower()
    assert contents(tmp_path) == before and leftovers(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.parametrize("full", ["stdout", "stderr"])
def test_a_full_stream_costs_no_result(tmp_path: Path, model: Path, full: str) -> None:
    write_noise(tmp_path / "song.wav")
    write_noise(tmp_path / "tune.wav")
    command = [sys.executable, "-m", "msgld", "separate", "song.wav", "tune.wav", "-n", str(model)]
    with open("/dev/full", "wb") as sink:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, full: sink}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), text=True, check=False, timeout=300, **streams
        )
    saved = sorted(path.parent.name for path in tmp_path.rglob("run.json"))
    if full == "stdout":
        complaints = [line for line in done.stderr.splitlines() if line.startswith("msgld: ")]
        assert done.returncode == 1 and saved == ["song"]
        assert len(complaints) == 1 and "standard output" in complaints[0] and "Traceback" not in done.stderr
    else:
        assert done.returncode == 0 and saved == ["song", "tune"] and "2 separated" in done.stdout
    assert leftovers(tmp_path) == []


def test_a_damaged_or_missing_model_is_named(tmp_path: Path, model: Path) -> None:
    song, damaged = write_noise(tmp_path / "song.wav"), save_tiny_model(tmp_path / "damaged")
    weights = bytearray((damaged / "denoiser.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (damaged / "denoiser.safetensors").write_bytes(weights)
    for name, word in ((damaged, "damaged"), ("no-such-model", "no-such-model")):
        done = run(["separate", song, "-n", name], tmp_path)
        assert done.code == 1 and len(done.complaints) == 1, done.err
        assert word in done.complaints[0]
    assert not (tmp_path / "separated").exists()
