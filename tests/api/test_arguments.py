"""Wrong arguments of ``msgld.train`` and ``msgld.evaluate`` are one clear line, before anything is computed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from command import contents, write_noise
from tiny import save_tiny_model

import msgld
from msgld.cli.errors import guarded
from msgld.cli.main import app
from msgld.evaluation.subsets import named_subsets
from msgld.stems import STEMS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    return msgld.load(save_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny"), device="cpu")


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    write_noise(tmp_path / "songs" / "one" / "bass.wav")
    (tmp_path / "file").write_text("precious")
    return tmp_path / "songs"


@pytest.mark.parametrize(
    "wrong",
    [
        {"part": 3}, {"part": ["denoiser"]}, {"recipe": 3}, {"recipe": "nope"}, {"out": 3}, {"stems": 3},
        {"stems": [3]}, {"midi": 3}, {"band": "no"}, {"soundfont": 3}, {"stem_names": 3}, {"stem_names": [3]},
        {"maps": [3]}, {"maps": "a=b"}, {"source": 3}, {"minutes": -1}, {"minutes": 0}, {"minutes": "x"}, {"seed": -1},
        {"seed": "x"}, {"device": 3}, {"on_progress": 3}, {"on_folder": 3}, {"out": "file"}, {"out": "file/below"},
    ],
    ids=str,
)  # fmt: skip
def test_train_refuses(songs: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict):
    monkeypatch.chdir(songs.parent)
    before = contents(songs.parent)
    with pytest.raises((msgld.UsageError, msgld.AudioWriteError)):
        msgld.train(**{"recipe": "tiny", "out": "run", "stems": songs} | wrong)
    assert contents(songs.parent) == before


def test_errors_of_the_folder_for_results_name_the_argument(
    model: msgld.Msgld, songs: Path, capsys: pytest.CaptureFixture[str]
):
    for call in (partial(msgld.train, recipe="tiny"), partial(msgld.evaluate, model)):
        with pytest.raises(msgld.AudioWriteError, match=r"file is a file; choose another out$"):
            call(out=songs.parent / "file", stems=songs)
    command = ["train", "--recipe", "tiny", "--out", str(songs.parent / "file")]
    assert guarded(lambda: app(command, standalone_mode=False)) == 1
    assert capsys.readouterr().err.strip().endswith("choose another --out")


def test_clips_are_clips(model: msgld.Msgld):
    with pytest.raises(msgld.UsageError, match=r"each of clips is given as .*Clip, not as 1"):
        msgld.evaluate(model, clips=[1, 2])


def test_a_path_alone_is_no_row_of_letters():
    with pytest.raises(msgld.DataError, match="there is no folder nowhere"):
        msgld.train(recipe="tiny", out="run", stems="nowhere")
    with pytest.raises(msgld.UsageError, match="the stems vocals, choir are in songs of your own"):
        msgld.train(recipe="tiny", out="run", stem_names="vocals,choir")


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "small"}, {"task": 3}, {"clips": 3}, {"clips": []}, {"stems": 3}, {"midi": 3, "stems": None},
        {"soundfont": 3, "stems": None}, {"limit": 0}, {"out": 3}, {"out": "file"}, {"options": {"steps": 1}},
        {"options": None}, {"measure": 3}, {"protocol": 3}, {"subsets": 3, "task": "arrange"},
        {"subsets": ["banjo"], "task": "arrange"}, {"networks": "x", "task": "arrange"},
        {"networks": ["x"], "task": "arrange"}, {"networks": 3, "task": "arrange"}, {"on_progress": 3},
    ],
    ids=str,
)  # fmt: skip
def test_evaluate_refuses(model: msgld.Msgld, songs: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict):
    monkeypatch.chdir(songs.parent)
    with pytest.raises((msgld.UsageError, msgld.AudioWriteError)):
        msgld.evaluate(**{"model": model, "stems": songs} | wrong)
    assert (songs.parent / "file").read_text() == "precious"


@pytest.mark.parametrize(
    "subsets", ["bass,piano+guitar", ["bass", "guitar+piano"], [["bass"], ("piano", "guitar")]]
)
def test_subsets_are_given_as_stems_or_as_text(subsets: object):
    assert named_subsets(subsets, STEMS) == [("bass",), ("guitar", "piano")]


def test_a_plan_refuses_what_a_separation_does(model: msgld.Msgld):
    for song, more in (
        (3, {}),
        (msgld.Excerpt(3), {}),
        ("song.wav", {"two_stems": "bass", "stems": ["bass"]}),
    ):
        with pytest.raises(msgld.UsageError):
            model.plan(song, **more)
