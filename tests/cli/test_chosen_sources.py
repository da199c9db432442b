"""What ``msgld train`` learns from: stems of any names, with and without the band."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import run, write_noise
from tiny import save_tiny_model

import msgld.data.fonts as fonts
import msgld.data.scores as scores
from msgld.cli.console import Talk
from msgld.cli.sources import Chosen, chosen_source, chosen_stems
from msgld.errors import DataError, UsageError
from msgld.stems import STEMS


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    for stem in ("bass", "drums", "vocals", "other"):
        write_noise(tmp_path / "songs" / "one" / f"{stem}.wav")
    return tmp_path / "songs"


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> list[Path]:
        raise DataError("no soundfont in the system's folders")

    for module in (fonts, scores):
        monkeypatch.setattr(module, "find_soundfonts", none)


@pytest.mark.usefixtures("no_fonts")
@pytest.mark.parametrize("band", [None, False])
def test_songs_of_ones_own_need_no_soundfont(songs: Path, band: bool | None, capsys) -> None:
    source = chosen_source(Chosen(stems=(songs,), band=band), Talk())
    assert source.stems == STEMS and source.clip(0, 0.2).stems.any()
    said = capsys.readouterr().err
    assert "1 song, 4 files used" in said
    with pytest.raises(DataError, match="no soundfont"):
        chosen_source(Chosen(stems=(songs,), band=True), Talk())


@pytest.mark.usefixtures("no_fonts")
def test_a_soundfont_that_nothing_is_played_with_is_refused(songs: Path) -> None:
    with pytest.raises(UsageError, match="--soundfont goes with"):
        chosen_source(Chosen(stems=(songs,), soundfont=Path("nowhere.sf2")), Talk())


def test_stems_have_the_names_that_the_user_gives_them(songs: Path) -> None:
    named = Chosen(stems=(songs,), stem_names=("Bass", "drums", "vocals", "other"))
    clip = chosen_source(named, Talk()).clip(0, 0.2)
    assert clip.present.all() and clip.stems.shape[0] == 4
    mapped = Chosen(
        stems=(songs,), stem_names=("low", "rest"), maps=("bass=low", "vocals.wav=ignore", "*=rest")
    )
    assert chosen_source(mapped, Talk()).stems == ("low", "rest")


def test_the_stems_of_the_model_to_begin_with_are_the_default(tmp_path: Path) -> None:
    model = save_tiny_model(tmp_path / "model")
    text = (model / "model.json").read_text().replace('"other"', '"vocals"')
    (model / "model.json").write_text(text)
    assert chosen_stems(Chosen(stems=(tmp_path,), start=model)) == (*STEMS[:4], "vocals")
    assert chosen_stems(Chosen(start=Path("small"))) == STEMS
    with pytest.raises(UsageError, match="5 stems"):
        chosen_stems(Chosen(stems=(tmp_path,), start=model, stem_names=("a", "b")))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"stem_names": ("bass", "bass")}, "two stems"),
        ({"stem_names": ("bass", "../x")}, "cannot be"),
        ({"stem_names": ("mixture",)}, "other tracks"),
        ({"stem_names": ("bass", "vocals")}, "--stems FOLDER"),
        ({"stem_names": ("bass", "vocals"), "stems": (Path(),), "band": True}, "--band"),
        ({"stem_names": ("bass", "vocals"), "stems": (Path(),), "midi": (Path(),)}, "--midi"),
        ({"maps": ("a=bass",), "band": False}, "--stems FOLDER"),
    ],
)
def test_what_does_not_go_together_is_said(chosen: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        chosen_source(Chosen(**chosen), Talk())


def test_the_command_line_refuses_in_one_line_before_any_work(songs: Path, tmp_path: Path) -> None:
    write_noise(songs / "one" / "take2.wav")
    told = run(["train", "--stems", songs, "--no-band", "--out", "r"], tmp_path)
    assert told.code == 1 and len(told.complaints) == 1 and "one/take2.wav" in told.complaints[0]
    told = run(["evaluate", "--stems", songs, "--map", "take2.wav=basss"], tmp_path)
    assert told.code == 2 and "no stem 'basss'" in told.complaints[0]
    assert not (tmp_path / "r").exists()
