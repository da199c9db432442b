"""Odd arguments, links, closed pipes, names that are no text, and what dead processes leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from command import contents, environment, leftovers, write_noise
from tiny import save_tiny_model

from msgld.api.folder import _temporary, new_folder
from msgld.api.result import Result
from msgld.cli.errors import guarded, message
from msgld.cli.main import app
from msgld.errors import AudioWriteError

posix = pytest.mark.skipif(os.name != "posix", reason="links and processes are looked at as POSIX has them")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_noise(tmp_path / "song.wav")
    return tmp_path


def ended(*arguments: str) -> int:
    return guarded(partial(app, [*arguments], standalone_mode=False))


def result() -> Result:
    samples = np.full((1, 900), 0.1, np.float32)
    return Result({"bass": samples}, samples, 0 * samples, 8000)


@pytest.mark.parametrize(
    "arguments",
    [
        ["separate", ""],
        ["separate", "song.wav", "--stems="],
        ["separate", "song.wav", "--stems", " , "],
        ["separate", "song.wav", "--two-stems", ""],
        ["separate", "song.wav", "-o", ""],
        ["separate", "song.wav", "-n", ""],
        ["separate", "song.wav", "--filename", ""],
        ["separate", "song.wav", "--known", ""],
        ["separate", "song.wav", "--known", "bass="],
        ["separate", "song.wav", "--known", "=song.wav"],
        ["separate", "song.wav", "--known", "bass=song.wav", "--known", "Bass=song.wav"],
        ["separate", "song.wav", "--seed", "1", "--seed", "2"],
        ["separate", "song.wav", "-o", "x", "--out", "y"],
        ["separate", "song.wav", "-j", "0"],
        ["separate", "song.wav", "-j", "many"],
        ["separate", "song.wav", "-d", ""],
        ["separate", "song.wav", "--mp3", "--mp3-bitrate", "100"],
        ["generate", "--make", ""],
        ["generate", "--style", ""],
        ["generate", "--key", " "],
        ["generate", "--instrument", ""],
        ["generate", "--instrument", "piano="],
        ["generate", "--instrument", "piano=rhodes,"],
        ["generate", "--instrument", "piano=128"],
        ["generate", "--seed", str(2**63 - 1), "--count", "2"],
        ["arrange", "--given", "bass="],
        ["arrange", ""],
    ],
)
def test_odd_arguments_are_refused_in_one_line(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert ended(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("msgld: ")
    assert [path.name for path in folder.iterdir()] == ["song.wav"]


def test_flags_may_be_repeated(model: str):
    assert ended("separate", "song.wav", "-n", model, "--flac", "--flac", "--dry-run") == 0


def test_more_threads_than_cores_are_reduced_and_it_is_said(model: str, capsys: pytest.CaptureFixture[str]):
    import torch

    before = torch.get_num_threads()
    try:
        assert ended("separate", "song.wav", "-n", model, "-j", "10" * 9, "--dry-run") == 0
        assert torch.get_num_threads() <= (os.cpu_count() or 1)
    finally:
        torch.set_num_threads(before)
    assert "the number of cores" in capsys.readouterr().err


@posix
@pytest.mark.parametrize("command", [["separate", "song.wav"], ["generate"], ["demo"]])
def test_a_link_to_nothing_is_said_at_once(
    folder: Path, model: str, command: list[str], capsys: pytest.CaptureFixture[str]
):
    (folder / "out").symlink_to("gone")
    for out in ("out", "out/below"):
        assert ended(*command, "-n", model, "-o", out) == 1
        (line,) = capsys.readouterr().err.splitlines()[-1:]
        assert "out is a link to gone, which is not there" in line
    assert {path.name for path in folder.iterdir()} == {"song.wav", "out"}


@posix
def test_a_linked_folder_stays_a_link(folder: Path):
    for aim in ("empty", "full"):
        (folder / aim).mkdir()
        (folder / f"to {aim}").symlink_to(aim)
    (folder / "full" / "mine.txt").write_text("mine")
    result().save(folder / "to empty")
    assert (folder / "to empty").is_symlink() and (folder / "empty" / "run.json").is_file()
    with pytest.raises(AudioWriteError, match="exists already"):
        result().save(folder / "to full")
    result().save(folder / "to full", overwrite=True)
    result().save(folder / "to empty", encoding="flac", overwrite=True)
    assert {path.name for path in (folder / "full").iterdir()} == {
        "mine.txt", "bass.wav", "run.json", "spectrograms.png"
    }  # fmt: skip
    assert (folder / "empty" / "bass.flac").is_file() and not (folder / "empty" / "bass.wav").exists()
    assert leftovers(folder) == []


@posix
def test_what_dead_processes_left_is_swept_and_nothing_else(folder: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    own = _temporary("other song")
    dead, elsewhere = own.replace(f"-{os.getpid()}-", f"-{gone.pid}-"), _temporary("far")
    machine = elsewhere.split("-")[1]
    elsewhere = elsewhere.replace(machine, "0" * 8 if machine != "0" * 8 else "1" * 8).replace(
        f"-{os.getpid()}-", f"-{gone.pid}-"
    )
    kept = [own, elsewhere, ".mine.part", "x-0-0.part", dead.removeprefix(".")]
    for name in (dead, *kept):
        (folder / name).mkdir()
        (folder / name / "bass.spool").write_text("half")
    (folder / f".file-{dead.split('-', 1)[1]}").write_text("a file, no folder")
    result().save(folder / "song")
    assert not (folder / dead).exists()
    assert all((folder / name / "bass.spool").exists() for name in kept)
    old = folder / elsewhere
    for path in (old / "bass.spool", old):
        os.utime(path, (0, 0))
    result().save(folder / "song", overwrite=True)
    assert not old.exists()


def test_an_unfinished_folder_of_a_running_process_is_left_alone(folder: Path):
    with new_folder(folder / "one", False) as first:
        result().save(folder / "two")
        assert first.is_dir()
        (first / "x").write_text("x")
    assert (folder / "one" / "x").exists()


@posix
def test_a_reader_that_left_ends_the_command_quietly(folder: Path, model: str):
    command = [
        sys.executable,
        "-m",
        "msgld",
        "separate",
        "song.wav",
        "song.wav",
        "-n",
        model,
        "--quality",
        "draft",
        "--json",
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment()
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=100) == 1
    assert "msgld:" not in err and "Error" not in err and "Exception" not in err, err
    assert (folder / "separated" / "tiny" / "song" / "run.json").exists()


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
def test_a_name_that_is_not_utf8_is_separated_or_said_in_one_line(folder: Path, model: str):
    os.link("song.wav", b"caf\xe9.wav")
    songs, rest = [b"caf\xe9.wav", b"song.wav"], ["-n", model, "--quality", "draft", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "msgld", "separate", *songs, *rest],
        cwd=folder, env=environment(), capture_output=True, check=False,
    )  # fmt: skip
    records = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [record["status"] for record in records][-1] == "done", "the other song"
    assert b"unexpected" not in done.stderr and b"Traceback" not in done.stderr
    complaints = [line for line in done.stderr.splitlines() if line.startswith(b"msgld: ")]
    if done.returncode:
        assert len(complaints) == 1 and b"rename it" in complaints[0]
    else:
        assert (folder / "separated" / "tiny" / "caf%E9" / "run.json").exists()


def test_records_with_names_that_are_not_utf8_are_json(folder: Path):
    odd = replace(result(), info={"input": "caf\udce9.wav"})
    saved = odd.save(folder / "out")
    text = (saved.folder / "run.json").read_bytes().decode()
    assert json.loads(text)["input"] == "caf\udce9.wav"
    assert "rename it" in message(UnicodeEncodeError("utf-8", "x\udce9", 1, 2, "surrogates not allowed"))


def test_a_song_that_fails_does_not_stop_the_others(
    folder: Path, model: str, capsys: pytest.CaptureFixture[str]
):
    (folder / "bad.wav").write_text("no music")
    before = contents(folder)
    asked = ("separate", "bad.wav", "song.wav", "gone.wav", "-n", model, "--quality", "draft", "--json")
    assert ended(*asked, "--skip-existing") == 1
    told = [json.loads(line)["status"] for line in capsys.readouterr().out.splitlines()]
    assert sorted(told) == ["done", "failed", "failed"]
    assert before.items() <= contents(folder).items()
