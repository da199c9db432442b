"""``--daw`` and ``msgld daw``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import rpp
import soundfile
from tiny import save_tiny_model

from msgld.cli.errors import guarded
from msgld.cli.main import app


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", ears=True)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    noise = 0.1 * np.random.default_rng(0).standard_normal((44_100, 2))
    soundfile.write(tmp_path / "song.wav", noise, 44_100)
    return tmp_path / "song.wav"


def call(*arguments: object) -> int:
    return guarded(lambda: app([str(one) for one in arguments], standalone_mode=False))


def test_separated_stems_come_with_projects(tiny: Path, song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("separate", song, "-n", tiny, "--quality", "draft", "--out", out, "--daw") == 0
    folder = out / "tiny" / "song"
    root = rpp.loads((folder / "song.rpp").read_text())
    names = [track.find("NAME")[1] for track in root.findall("TRACK")]
    assert set(json.loads((folder / "run.json").read_text())["files"]) <= set(names)
    assert (folder / "song.dawproject").stat().st_size > (folder / "bass.wav").stat().st_size


def test_a_result_that_is_there_gets_projects_once(
    tiny: Path, song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call("separate", song, "-n", tiny, "--quality", "draft", "--out", out) == 0
    folder = out / "tiny" / "song"
    assert not list(folder.glob("*.rpp"))
    assert call("daw", folder, "-n", tiny) == 0 and (folder / "song.rpp").exists()
    assert call("daw", folder, "-n", tiny) == 1
    assert "exists" in capsys.readouterr().err
    assert call("daw", folder, "-n", tiny, "--overwrite", "--stem-mp4") == 0
    assert (folder / "song.stem.mp4").exists()


def test_notes_alone_are_a_project_too(tiny: Path, song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("transcribe", "--given", f"bass={song}", "-n", tiny, "--out", out, "--daw") == 0
    (project,) = out.rglob("*.rpp")
    assert {
        one.find("ITEM").find("SOURCE").attrib[0] for one in rpp.loads(project.read_text()).findall("TRACK")
    } == {"MIDI"}


def test_made_stems_come_with_projects(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("generate", "--seconds", "1", "-n", tiny, "--quality", "draft", "--out", out, "--daw") == 0
    assert (out / "tiny" / "seed0" / "seed0.dawproject").exists()


def test_the_script_for_reaper_runs_this_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "msgld.lua"
    assert call("daw", "--reaper-script", path) == 0
    assert "Load ReaScript" in capsys.readouterr().out
    assert f'local PYTHON = "{sys.executable}"' in path.read_text()
    path.write_text("mine")
    assert call("daw", "--reaper-script", path) == 1 and path.read_text() == "mine"
    assert call("daw", "--reaper-script", path, "--overwrite") == 0 and path.read_text() != "mine"
    assert call("daw", "--reaper-script", tmp_path / "none" / "x.lua") == 1
    assert call("daw") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["separate", "SONG", "--daw", "--filename", "{track}-{stem}.{ext}"], 2, "leave --filename out"),
        (["daw", "EMPTY"], 2, "is no result"),
    ],
)
def test_mistakes_are_one_line(
    tiny: Path, song: Path, tmp_path: Path, arguments: list[str], code: int, text: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "empty").mkdir()
    places = {"SONG": str(song), "EMPTY": str(tmp_path / "empty")}
    assert call(*(places.get(one, one) for one in arguments), "-n", tiny) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("msgld: ")]
    assert len(lines) == 1 and text in lines[0]
