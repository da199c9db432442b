"""Manifests in CSV and JSONL are read like folders of songs; splits and omitted tracks of published sets are kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msgld.data.stem_folders.folder import FolderClips, StemFolder, open_folders
from msgld.data.stem_folders.manifest import stem_names_in
from msgld.data.stem_folders.rules import parse_map
from msgld.data.stem_folders.whole import whole_songs
from msgld.errors import DataError
from msgld.stems import STEMS

RATE = 16_000
OWN = ("bass", "strings", "theremin")


def wav(path: Path, value: float = 0.1, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(
        path, np.full(round(seconds * RATE), value), RATE, "FLOAT" if path.suffix == ".wav" else None
    )
    return path


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    for number, name in enumerate(("b.wav", "s.wav", "t.wav", "s2.wav")):
        wav(tmp_path / "audio" / name, 0.1 * (number + 1))
    return tmp_path


def table(folder: Path, text: str, name: str = "songs.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


CSV = """id,bass,strings,theremin,mixture,split,licence,bpm
One,audio/b.wav,audio/s.wav,,audio/b.wav,train,CC0,120
Two,audio/b.wav,,audio/t.wav,,TEST,CC-BY,
"""


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_says_where_stems_are_and_an_empty_cell_is_an_absent_stem(sounds: Path, mark: str) -> None:
    path = table(sounds, "\ufeff" + CSV.replace(",", mark))
    assert stem_names_in(path) == OWN
    made = StemFolder(path, OWN, RATE)
    assert [(song.name, song.split) for song in made.songs] == [("One", "train"), ("Two", "test")]
    one, two = (made.read(song, 0, 1.0) for song in made.songs)
    assert one.present.tolist() == [True, True, False] and two.present.tolist() == [True, False, True]
    np.testing.assert_allclose(one.stems[:, 0, 100], [0.1, 0.2, 0])


def test_lines_of_json_take_stems_at_the_top_or_together_and_several_paths(sounds: Path) -> None:
    rows = [
        {"id": "One", "bass": "audio/b.wav", "strings": ["audio/s.wav", "audio/s2.wav"], "mood": "calm",
         "split": "val"},
        {"id": "Two", "stems": {"theremin": str(sounds / "audio" / "t.wav")}, "license": "CC0"},
    ]  # fmt: skip
    made = StemFolder(table(sounds, "\n".join(map(json.dumps, rows)), "songs.jsonl"), OWN, RATE)
    one, two = (made.read(song, 0, 1.0).stems[:, 0, 100] for song in made.songs)
    np.testing.assert_allclose(one, [0.1, 0.6, 0], rtol=1e-6)
    np.testing.assert_allclose(two, [0, 0, 0.3], rtol=1e-6)
    assert made.songs[0].split == "validation"


def test_bad_rows_are_left_out_by_line_and_the_rest_goes_on(sounds: Path) -> None:
    rows = ['{"id": "One", "bass": "audio/b.wav"}', "{", "[1]", '{"id": "One", "bass": "audio/b.wav"}', '{"id": "No"}',
            '{"id": "Two", "bass": "audio/gone.wav", "strings": "audio/s.wav"}']  # fmt: skip
    made = StemFolder(table(sounds, "\n".join(rows), "songs.jsonl"), OWN, RATE)
    assert [song.name for song in made.songs] == ["One", "Two"]
    said = [(one.file, one.then) for one in made.findings if "Hz" not in one.what]
    places = [(f"songs.jsonl, line {n}", "left out") for n in (2, 3, 4, 5)]
    assert said == [*places, ("Two: gone.wav", "absent")]


def test_columns_are_read_as_words_and_those_that_are_not_clear_refused(sounds: Path) -> None:
    path = table(sounds, "song,Bass DI,Kick,Take 2\nA,audio/b.wav,audio/s.wav,audio/t.wav\n")
    with pytest.raises(DataError, match=r"no stem called Take 2 among bass.*--stem-names"):
        StemFolder(path, STEMS, RATE)
    made = StemFolder(path, STEMS, RATE, parse_map(["t.wav=other"], STEMS))
    assert sorted(made.songs[0].files) == ["bass", "drums", "other"]
    for text in ("", "bass\n", "id,\n"):
        with pytest.raises(DataError, match="line of column names"):
            StemFolder(table(sounds, text))
    with pytest.raises(DataError, match="no stems in"):
        StemFolder(table(sounds, "id,bass\n"))
    (sounds / "bad.csv").write_bytes(b"id,bass\n\xff\xfe,x.wav\n")
    with pytest.raises(DataError, match="UTF-8"):
        StemFolder(sounds / "bad.csv")


def test_sets_with_different_stems_are_trained_on_together(sounds: Path) -> None:
    stems = ("bass", "strings", "vocals", "other")
    csv = table(sounds, "id,bass,strings\nA,audio/b.wav,audio/s.wav\n")
    wav(sounds / "band" / "song" / "vocals.wav")
    wav(sounds / "band" / "song" / "keys.wav")
    sets = open_folders([csv, sounds / "band"], stems)
    present = [one.read(one.songs[0], 0, 1.0).present.tolist() for one in sets]
    assert present == [[True, True, False, False], [False, False, True, True]]


SLAKH = "UUID: {uuid}\nstems:\n  S00: {{audio_rendered: true, inst_class: Bass, is_drum: false, program_num: 33}}\n"


def slakh_track(folder: Path, uuid: str) -> None:
    wav(folder / "stems" / "S00.flac")
    wav(folder / "mix.flac")
    (folder / "metadata.yaml").write_text(SLAKH.format(uuid=uuid))


def test_slakh_redux_keeps_its_splits_and_omits_its_omitted_tracks(tmp_path: Path) -> None:
    for place, uuid in (("train/Track00001", "a"), ("validation/Track01501", "b"), ("test/Track01876", "c"),
                        ("omitted/Track00049", "a")):  # fmt: skip
        slakh_track(tmp_path / place, uuid)
    made = StemFolder(tmp_path, rate=RATE)
    splits = {song.name: song.split for song in made.songs}
    assert splits == {"Track00001": "train", "Track01501": "validation", "Track01876": "test"}
    assert {made.clip(seed, 0.5).name.split("@")[0] for seed in range(8)} == {"Track00001"}
    assert {made.origin(seed) for seed in range(8)} == {"Track00001"}
    assert [FolderClips(made, 1.0)[i].name for i in range(1)] == ["Track01876@0.00"]
    assert [song.name for song in whole_songs(made, False)] == ["Track01876"]
    assert [one.file for one in made.findings_of("left out")] == ["Track00049"]
    alone = StemFolder(tmp_path / "omitted", rate=RATE)
    assert [song.name for song in alone.songs] == ["Track00049"]


def test_the_original_slakh_is_reduced_to_each_music_once(tmp_path: Path) -> None:
    for place, uuid in (("test/Track01939", "a"), ("train/Track00004", "a"), ("train/Track00005", "b")):
        slakh_track(tmp_path / place, uuid)
    made = StemFolder(tmp_path, rate=RATE)
    assert [song.name for song in made.songs] == ["Track00004", "Track00005"]
    (said,) = made.findings_of("left out")
    assert (said.file, said.what) == ("Track01939", "the same music as Track00004")
