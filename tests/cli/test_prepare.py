"""``msgld prepare``: what it prints, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msgld.cli.errors import guarded
from msgld.cli.main import app

RATE = 44_100


def command(*arguments: object) -> int:
    return guarded(lambda: app([str(one) for one in arguments], prog_name="msgld", standalone_mode=False))


def song(folder: Path) -> Path:
    folder.mkdir(parents=True)
    wave = 0.2 * np.sin(np.arange(2 * RATE) * 0.02)
    for name in ("bass", "drums"):
        soundfile.write(folder / f"{name}.wav", wave, RATE)
    return folder


def test_it_says_what_there_is_what_is_wrong_and_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (song(tmp_path / "set" / "A") / "piano.wav").write_bytes(b"RIFF")
    assert command("prepare", tmp_path / "set") == 0
    out, err = capsys.readouterr()
    first, second, third = out.splitlines()
    assert first.startswith("1 song, 2 s, ") and first.endswith(": bass (1), drums (1)")
    assert second.startswith("1 finding; 1 file set aside, 0 songs or files left out: see ")
    assert third.endswith(f"msgld train --stems {tmp_path / 'set-shards'}") and "preparing 100%" in err
    assert command("prepare", tmp_path / "set", "--json") == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (record["songs"], record["stems"], record["task"]) == (1, {"bass": 1, "drums": 1}, "prepare")


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["none"], 1, "no folder of songs and no manifest"),
        (["set", "--out", "set"], 2, "holds the songs: choose another --out"),
        (["set", "--out", "set/A/bass.wav"], 1, "is a file; choose another --out"),
        (["set", "--stem-names", "mixture"], 2, "a stem cannot be called"),
        (["set", "--map", "x=bass"], 1, "matches no file"),
    ],
)
def test_every_mistake_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    line: str,
) -> None:
    song(tmp_path / "set" / "A")
    monkeypatch.chdir(tmp_path)
    assert command("prepare", *arguments) == code
    complaints = [one for one in capsys.readouterr().err.splitlines() if one.startswith("msgld: ")]
    assert len(complaints) == 1 and line in complaints[0]
    assert not (tmp_path / "set-shards" / "set.json").exists()
