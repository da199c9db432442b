"""Fine-tuning: what is set aside is not learned, the line between weights, resuming, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bands_of_tones import RATE, shorten, write_band
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model
from msgld.errors import DataError, ModelError, UsageError
from msgld.finetuning.finetune import with_new
from msgld.finetuning.songs import excerpts, open_own
from msgld.finetuning.tuning import rows_of
from msgld.stems import STEMS
from msgld.training.more_stems import with_stems


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_band(tmp_path_factory.mktemp("band") / "songs")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny", refined=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)


def test_a_tuned_model_keeps_its_stems_gets_new_ones_and_has_a_page(
    band: Path, tiny: Path, tmp_path: Path
) -> None:
    reports: list[msgld.Progress] = []
    tuned = msgld.finetune(
        band,
        out=tmp_path / "t",
        minutes=0.05,
        start=tiny,
        stem_names="bass,drums,strings",
        on_progress=reports.append,
    )
    model = msgld.load(tuned.folder)
    assert model.stems == (*STEMS[:-1], "strings", "other")
    assert model.model.refiner is not None and model.model.refiner.config.stems == 7
    assert [row["stem"] for row in tuned.rows] == ["bass", "drums", "strings", "all"]
    assert all(np.isclose(row["after"] - row["before"], row["gain"], atol=0.011) for row in tuned.rows)
    page = tuned.page.read_text("utf-8")
    assert "strings, before" in page and "strings, after" in page
    assert all((tmp_path / "t" / source).is_file() for source in _sources(page))
    stems = model.separate((soundfile.read(band / "song-0" / "bass.wav", dtype="float32")[0].T, RATE)).stems
    assert set(stems) == set(model.stems)
    done = [report.done for report in reports if report.stage != "checking stems"]
    assert done == sorted(done) and reports[-1].done == reports[-1].total


def _sources(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('src="')[1:] if not part.startswith("data:")]


def test_the_song_that_is_set_aside_is_never_drawn(band: Path) -> None:
    own = open_own(band, STEMS)
    drawn = {own.folder.origin(seed) for seed in range(200)}
    assert own.aside.name == "song-1"  # of middling length
    assert drawn == {"song-0", "song-2"} == {song.name for song in own.learned}
    assert all(clip.name.startswith("song-1@") for clip in own.aside_clips())


def test_excerpts_have_two_stems_that_sound(tmp_path: Path) -> None:
    band = write_band(tmp_path / "band", seconds=30.0)
    silence = np.zeros((20 * RATE, 2), np.float32)
    for stem in ("bass", "strings"):
        place = band / "song-0" / f"{stem}.wav"
        soundfile.write(
            place, np.concatenate([silence, soundfile.read(place, dtype="float32")[0][20 * RATE :]]), RATE
        )
    own = open_own(band, STEMS)
    song = next(song for song in own.folder.songs if song.name == "song-0")
    starts = [clip.meta["start"] for clip in excerpts(own.folder, song)]
    assert starts and all(float(start) + 12 > 20 for start in starts)


def test_a_model_with_further_stems_separates_the_others_as_before(tiny: Path) -> None:
    model = load_model(tiny)
    larger = with_stems(model, (*STEMS[:-1], "strings", "other"))
    assert with_stems(model, STEMS) is model
    sound = np.random.default_rng(0).normal(0, 0.1, (2, RATE)).astype(np.float32)
    before, after = (msgld.Msgld(one).separate((sound, RATE)).stems for one in (model, larger))
    assert set(after) == {*before, "strings"}
    assert np.abs(sum(after.values()) - sound).max() < 1e-3


def test_the_same_call_goes_on_and_another_one_is_refused(band: Path, tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "t"
    first = msgld.finetune(band, out=out, minutes=0.02, start=tiny)
    steps = {part: (out / part / "log.jsonl").read_bytes() for part in ("denoiser", "refiner")}
    again = msgld.finetune(band, out=out, minutes=0.02, start=tiny)
    assert again.rows == first.rows and again.ways == first.ways
    assert steps == {part: (out / part / "log.jsonl").read_bytes() for part in steps}
    with pytest.raises(UsageError, match="holds an evening of other minutes"):
        msgld.finetune(band, out=out, minutes=1, start=tiny)
    with pytest.raises(UsageError, match="holds an evening of other seeds"):
        msgld.finetune(band, out=out, minutes=0.02, start=tiny, seed=1)
    fewer = band.rename(band.with_name("away"))
    write_band(band, songs=2)
    with pytest.raises(UsageError, match="holds an evening of other songs"):
        msgld.finetune(band, out=out, minutes=0.02, start=tiny)
    shutil.rmtree(band)
    fewer.rename(band)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="other files"):
        msgld.finetune(band, out=tmp_path / "mine", minutes=0.02, start=tiny)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_what_cannot_be_tuned_is_said_in_one_line(band: Path, tiny: Path, tmp_path: Path) -> None:
    one = write_band(tmp_path / "one", songs=1)
    with pytest.raises(DataError, match="one song to learn from"):
        msgld.finetune(one, out=tmp_path / "o", minutes=0.02, start=tiny)
    two = save_tiny_model(tmp_path / "two", stems=("bass", "drums"))
    with pytest.raises(UsageError, match="taken out of other"):
        msgld.finetune(band, out=tmp_path / "o", minutes=0.02, start=two, stem_names=["strings"])
    with pytest.raises(ModelError, match="no model"):
        msgld.finetune(band, out=tmp_path / "o", minutes=0.02, start="nowhere")
    with pytest.raises(DataError):
        msgld.finetune(tmp_path / "nothing", out=tmp_path / "o", minutes=0.02, start=tiny)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no usable MIDI file"):
        msgld.finetune(band, out=tmp_path / "o", minutes=0.02, start=tiny, midi=[tmp_path / "empty"])
    assert not (tmp_path / "o").exists()


def test_new_stems_come_before_other() -> None:
    assert with_new(("bass", "other"), ()) == ("bass", "other")
    assert with_new(("bass", "other"), ("Bass", "strings")) == ("bass", "strings", "other")
    assert with_new(("bass", "other"), ("bass",)) == ("bass", "other")
    with pytest.raises(UsageError):
        with_new(("bass", "other"), ("mixture",))


def test_rows_leave_out_what_does_not_sound() -> None:
    before = np.array([[1.0, np.nan, 3.0], [3.0, np.nan, np.nan]])
    rows = rows_of(("bass", "drums", "other"), before, before + 2)
    assert [row["stem"] for row in rows] == ["bass", "other", "all"]
    assert rows[0] == {"stem": "bass", "before": 2.0, "after": 4.0, "gain": 2.0}
    assert rows[2]["before"] == 2.5


def test_the_model_says_where_it_comes_from(band: Path, tiny: Path, tmp_path: Path) -> None:
    tuned = msgld.finetune(band, out=tmp_path / "mine", minutes=0.02, start=tiny)
    about = json.loads((tuned.folder / "model.json").read_text("utf-8"))
    assert about["info"]["name"] == "mine"
    assert about["info"]["tuned"] == {"from": "tiny", "songs": 2, "minutes": 0.02, "ways": list(tuned.ways)}
