"""``msgld finetune``: what it prints, and how it fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from bands_of_tones import shorten, write_band
from tiny import save_tiny_model

from msgld.cli.errors import guarded
from msgld.cli.main import app


def command(*arguments: object) -> int:
    return guarded(lambda: app([str(one) for one in arguments], prog_name="msgld", standalone_mode=False))


@pytest.fixture
def band(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Songs beside a tiny model, in the working folder."""
    shorten(monkeypatch)
    monkeypatch.chdir(tmp_path)
    save_tiny_model(tmp_path / "tiny")
    return write_band(tmp_path / "songs")


def test_it_prints_figures_and_how_the_model_is_used(band: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("finetune", "songs", "--start", "tiny", "--minutes", 0.02)
    assert command(*options) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["stem", "before", "after", "gain"] and "finetune.html" in out
    assert lines[-1] == "model in tuned/songs/model: use it with --name tuned/songs/model"
    assert "songs: 3 songs, 9 files used" in err
    assert command(*options, "--json") == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert record["task"] == "finetune" and record["rows"][-1]["stem"] == "all"
    assert Path(record["page"]).is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["none"], 1, "none"),
        (["songs", "--start", "nowhere"], 1, "no model 'nowhere'"),
        (["songs", "--stem-names", "mixture"], 2, "a stem cannot be called"),
        (["songs", "--minutes", "0"], 2, "minutes"),
        (["songs", "--out", "songs/song-0/bass.wav"], 1, "is a file; choose another --out"),
        (["songs", "--out", "songs"], 2, "holds other files"),
        (["songs", "--map", "x=bass"], 1, "matches no file"),
        (["one"], 1, "one song to learn from"),
        (["songs", "--midi", "nothing"], 1, "there is no folder nothing"),
    ],
)
def test_every_mistake_is_one_line_and_leaves_nothing(
    band: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, line: str
) -> None:
    shutil.copytree(band / "song-0", "one/song-0")
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*") if path.is_file()}
    start = [] if "--start" in arguments else ["--start", "tiny"]
    assert command("finetune", *arguments, *start) == code
    said = [text for text in capsys.readouterr().err.splitlines() if text.startswith("msgld: ")]
    assert len(said) == 1 and line in said[0]
    after = {
        path: path.stat().st_mtime_ns
        for path in Path().rglob("*")
        if path.is_file() and path.name != "run.lock"
    }
    assert after == before
