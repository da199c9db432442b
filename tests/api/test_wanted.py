"""Sums of stems, and songs without some: what is written is what the stems say, under the name that was used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from nulls import null_db
from tiny import save_tiny_model, song

import msgld
from msgld.api.wanted import select

DRAFT = msgld.Options(quality="draft")
SIX = ("bass", "drums", "guitar", "piano", "vocals", "other")
RATE = 22_050


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    return msgld.load(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", stems=SIX), device="cpu")


@pytest.fixture(scope="module")
def mixture() -> np.ndarray:
    return song(0.4, RATE, 2)


@pytest.fixture(scope="module")
def every(model: msgld.Msgld, mixture: np.ndarray) -> msgld.Result:
    return model.separate((mixture, RATE), options=DRAFT)


NAMES = {
    "drums,bass": ("bass", "drums"),
    "drums+bass , bass": ("bass", "drums+bass"),
    "no_vocals": ("no_vocals",),
    "vocals,no_vocals": ("vocals", "no_vocals"),
    "no_bass + drums": ("no_bass+drums",),
    "all": SIX,
    "no_vocals,all": (*SIX, "no_vocals"),
    "all but vocals": ("bass", "drums", "guitar", "piano", "other"),
    "all  but other, vocals": ("bass", "drums", "guitar", "piano"),
}


@pytest.mark.parametrize("text", NAMES)
def test_a_text_names_what_a_list_does(text: str) -> None:
    assert select(text, SIX).names == NAMES[text] == select(text.split(","), SIX).names
    assert select(NAMES[text], SIX) == select(text, SIX)


WRONG = {
    "vox": "no stem 'vox'; it has: bass, drums",
    "bass+vox": "no stem 'vox'",
    "no_vox": "no stem 'vox'",
    "bass+": "no stem ''",
    "bass+bass": "twice",
    "no_bass+drums+bass": "twice",
    "bass+drums,drums+bass": "the same",
    "no_bass+drums+guitar+piano+vocals+other": "nothing of the song",
    "all but": "but what",
    "all but vox": "no stem 'vox'",
    "all but no_bass": "no stem 'no_bass'",
    "all but bass+drums": "no_bass",
    "all but bass,drums,guitar,piano,vocals,other": "leaves no stem",
    ",": "at least one",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_written_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(msgld.UsageError, match=WRONG[text]) as caught:
        select(text, SIX)
    assert "\n" not in str(caught.value)


def test_a_stem_of_that_very_name_comes_first() -> None:
    stems = ("all", "a+b", "a", "b", "no_x", "all but a")
    assert select(["a+b", "all", "no_x", "all but a"], stems).names == ("all", "a+b", "no_x", "all but a")
    assert select(["no_a+b"], stems).tracks[0].stems == {1}


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ({"two_stems": "no_vocals"}, "other side, vocals"),
        ({"two_stems": "bass+bass"}, "twice"),
        ({"two_stems": "vocals", "names": ["bass"]}, "one of"),
        ({"two_stems": "vocals", "residual": True}, "nothing is left"),
        ({"names": ["bass", "no_bass"], "residual": True}, "nothing is left"),
        ({"names": [3]}, "no stem 3"),
        ({"two_stems": 3}, "no stem 3"),
    ],
)
def test_two_stems_and_a_residual_that_make_no_sense_are_refused(request_: dict, word: str) -> None:
    with pytest.raises(msgld.UsageError, match=word):
        select(**{"names": None, "stems": SIX, **request_})


def test_sums_are_sums_and_the_residual_is_in_none_of_them(
    model: msgld.Msgld, mixture: np.ndarray, every: msgld.Result
) -> None:
    found = model.separate((mixture, RATE), stems=("bass+drums", "drums", "no_vocals+other"), options=DRAFT)
    assert tuple(found.stems) == ("drums", "bass+drums", "no_vocals+other") and found.overlap
    stems = every.stems
    np.testing.assert_array_equal(found.stems["drums"], stems["drums"])
    np.testing.assert_allclose(found.stems["bass+drums"], stems["bass"] + stems["drums"], atol=1e-6)
    rest = mixture - stems["vocals"] - stems["other"]
    np.testing.assert_allclose(found.stems["no_vocals+other"], rest, atol=1e-6)
    assert found.residual is not None
    np.testing.assert_allclose(found.residual, stems["vocals"] + stems["other"], atol=1e-6)
    assert np.abs(rest).max() > 1e-3 < np.abs(found.residual).max()


def test_a_pair_is_two_named_tracks_and_sums_to_the_song(
    model: msgld.Msgld, mixture: np.ndarray, tmp_path: Path
) -> None:
    sound = mixture, RATE
    pair = model.separate_to(sound, tmp_path / "pair", two_stems="vocals", options=DRAFT)
    named = model.separate_to(sound, tmp_path / "named", stems=["no_vocals", "vocals"], options=DRAFT)
    assert list(pair.files) == list(named.files) == ["vocals", "no_vocals"]
    assert all(pair.files[name].read_bytes() == named.files[name].read_bytes() for name in pair.files)
    assert null_db(np.stack([soundfile.read(path)[0].T for path in pair.files.values()]), mixture) < -80
    assert pair.run["null_db"] < -80
    sums = model.separate_to(sound, tmp_path / "sums", two_stems="bass+drums", options=DRAFT)
    assert [path.name for path in sums.files.values()] == ["bass+drums.wav", "no_bass+drums.wav"]
    assert sums.run["null_db"] < -80 and sums.run["settings"]["stems"] == ["bass+drums", "no_bass+drums"]


@pytest.mark.parametrize("consistency", ["mask", "residual", "none"])
@pytest.mark.parametrize("residual", [False, True])
def test_overlapping_tracks_are_written_as_they_are(
    model: msgld.Msgld, mixture: np.ndarray, tmp_path: Path, consistency: str, residual: bool
) -> None:
    options = msgld.Options(quality="draft", consistency=consistency)
    wanted = {"stems": ["bass", "bass+drums", "drums+guitar"], "options": options}
    saved = model.separate_to(
        (mixture, RATE), tmp_path / "a", encoding=msgld.Encoding(subtype="FLOAT"), residual=residual, **wanted
    )
    found = model.separate((mixture, RATE), **wanted)
    again = found.save(tmp_path / "b", encoding=msgld.Encoding(subtype="FLOAT"))
    assert ("residual" in saved.files) == (residual or consistency == "residual")
    for name, samples in found.stems.items():
        for files in (saved.files, again.files):
            np.testing.assert_array_equal(soundfile.read(files[name], dtype="float32")[0].T, samples)
    assert max(saved.run["null_db"], again.run["null_db"]) < -100
    assert {path.name for path in saved.folder.iterdir()} == {
        *(path.name for path in saved.files.values()), "run.json", "spectrograms.png"
    }  # fmt: skip


def test_a_sum_with_a_known_stem_holds_it(model: msgld.Msgld, mixture: np.ndarray) -> None:
    bass = song(0.4, RATE, 2, seed=1)
    known = {"bass": (bass, RATE)}
    found = model.separate((mixture, RATE), stems=["drums", "bass+drums"], known=known, options=DRAFT)
    np.testing.assert_allclose(found.stems["bass+drums"] - found.stems["drums"], bass, atol=1e-6)
    without = model.separate((mixture, RATE), stems=["no_bass"], known=known, options=DRAFT)
    np.testing.assert_allclose(without.stems["no_bass"], mixture - bass, atol=1e-6)


def test_a_stream_has_the_same_names(model: msgld.Msgld, mixture: np.ndarray, every: msgld.Result) -> None:
    pieces = list(model.separate_stream((mixture, RATE), stems=["all but vocals", "bass"], options=DRAFT))
    assert set(pieces[0]) == {"drums", "guitar", "piano", "other", "residual", "mixture"}
    pieces = list(model.separate_stream((mixture, RATE), stems="no_vocals", options=DRAFT))
    whole = np.concatenate([piece["no_vocals"] for piece in pieces], axis=1)
    np.testing.assert_allclose(whole, mixture - every.stems["vocals"], atol=1e-6)
