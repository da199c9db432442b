"""What ``msgld train`` learns from: stems of any names, with and without the band."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command import run, write_noise
from fonts import save_soundfont
from inprocess import Decoding
from typer.testing import CliRunner

import msgld.data.fonts as fonts
import msgld.data.scores as scores
from msgld.cli.checking import report
from msgld.cli.main import app
from msgld.errors import DataError, UsageError
from msgld.stems import STEMS
from msgld.training.data import Data


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
def test_songs_of_ones_own_need_no_soundfont(songs: Path, band: bool | None) -> None:
    told: list[str] = []
    source = Data(stems=(songs,), band=band).source(on_folder=lambda folder: told.extend(report(folder)))
    assert source.stems == STEMS and source.clip(0, 0.2).stems.any()
    assert "1 song, 4 files used" in told[-1]
    with pytest.raises(DataError, match="no soundfont"):
        Data(stems=(songs,), band=True).source()


@pytest.mark.usefixtures("no_fonts")
def test_a_soundfont_that_nothing_is_played_with_is_refused(songs: Path) -> None:
    with pytest.raises(UsageError, match="--soundfont goes with"):
        Data(stems=(songs,), soundfont=Path("nowhere.sf2")).source()


def test_stems_have_the_names_that_the_user_gives_them(songs: Path) -> None:
    named = Data(stems=(songs,), stem_names=("Bass", "drums", "vocals", "other"))
    clip = named.source().clip(0, 0.2)
    assert clip.present.all() and clip.stems.shape[0] == 4
    mapped = Data(
        stems=(songs,), stem_names=("low", "rest"), maps=("bass=low", "vocals.wav=ignore", "*=rest")
    )
    assert mapped.source().stems == ("low", "rest")


def test_the_stems_of_the_model_to_begin_with_are_the_default(songs: Path) -> None:
    model = (*STEMS[:4], "vocals")
    assert Data(stems=(songs,)).names(model) == model
    assert Data().names(STEMS) == STEMS
    with pytest.raises(UsageError, match="5 stems"):
        Data(stems=(songs,), stem_names=("a", "b")).names(model)


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
        Data(**chosen).source()


def test_the_command_line_refuses_in_one_line_before_any_work(songs: Path, tmp_path: Path) -> None:
    write_noise(songs / "one" / "take2.wav")
    told = run(["train", "--stems", songs, "--no-band", "--out", "r"], tmp_path)
    assert told.code == 1 and len(told.complaints) == 1 and "one/take2.wav" in told.complaints[0]
    told = run(["evaluate", "--stems", songs, "--map", "take2.wav=basss"], tmp_path)
    assert told.code == 2 and "no stem 'basss'" in told.complaints[0]
    assert not (tmp_path / "r").exists()


def test_a_recipe_may_still_be_called_a_preset(tmp_path: Path) -> None:
    told = run(["train", "--preset", "nothing", "--out", "r"], tmp_path)
    assert told.code == 2 and "there are: small" in told.complaints[-1] and "--recipe" in told.err


SINGERS = Path(__file__).parent.parent / "files" / "singing"


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return save_soundfont(tmp_path / "tones.sf2")


def test_singers_sing_to_rendered_music_and_not_to_songs_of_ones_own(
    songs: Path, font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)
    sung = Data(band=True, soundfont=font, singing=SINGERS)
    assert "singing" in sung.record() and "singing" not in Data().record()
    source = sung.source()
    assert source.stems == STEMS
    clips = [source.clip(seed, 2.0) for seed in range(8)]
    assert any(clip.meta.get("sung") for clip in clips) and not all(clip.meta.get("sung") for clip in clips)
    both = Data(stems=(songs,), band=True, soundfont=font, singing=SINGERS).source()
    own = [clip for clip in (both.clip(seed, 0.2) for seed in range(8)) if "style" not in clip.meta]
    assert own and not any("sung" in clip.meta for clip in own)
    with pytest.raises(UsageError, match="--singing goes with --midi or --band"):
        Data(stems=(songs,), singing=SINGERS).source()
    for without_phrases in (Data(singing=SINGERS).scores, Data(singing=SINGERS).played):
        with pytest.raises(UsageError, match="leave out --singing"):
            without_phrases()
    with pytest.raises(UsageError, match="singers belong to the stem vocals"):
        Data(band=True, soundfont=font, singing=SINGERS, stem_names=("bass", "other")).source()


@pytest.mark.parametrize("names", [("bass", "drums", "other"), ("vocals", "other"), STEMS])
def test_rendered_music_has_any_of_its_stems_if_other_takes_the_rest(
    font: Path, names: tuple[str, ...]
) -> None:
    source = Data(band=True, soundfont=font, stem_names=names).source()
    assert source.stems == names
    clip = source.clip(3, 1.0)
    assert clip.stems.shape[0] == len(names) and clip.present.all() and clip.stems[-1].any()


def test_the_command_line_takes_a_folder_of_phrases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def train(part: str, recipe: str, out: Path, **settings: Any) -> Path:
        asked.update(settings)
        return Path(out)

    monkeypatch.setattr("msgld.train", train)
    monkeypatch.setattr("msgld.cli.train._announce", lambda folder, console: None)
    done = CliRunner().invoke(app, ["train", "--singing", str(SINGERS), "--out", str(tmp_path / "r")])
    assert done.exit_code == 0, done.output
    assert Path(asked["singing"]) == SINGERS


@pytest.mark.parametrize(
    ("phrases", "band", "word"),
    [
        ("nowhere", "--band", "no folder"),
        (".", "--band", "manifest.jsonl"),
        (str(SINGERS), "--no-band", "--singing"),
    ],
)
def test_phrases_that_cannot_sing_are_refused_in_one_line(
    songs: Path, font: Path, tmp_path: Path, phrases: str, band: str, word: str
) -> None:
    asked = ["train", "--stems", songs, "--singing", phrases, band, "--soundfont", font]
    told = run([*(asked[:-2] if band == "--no-band" else asked), "--out", "r"], tmp_path)
    assert told.code in (1, 2) and len(told.complaints) == 1 and word in told.complaints[0]
    assert not (tmp_path / "r").exists()
