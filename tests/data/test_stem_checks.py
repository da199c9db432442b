"""Folders of stems are looked through before work begins: what is set aside, left out, passed over or refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile

import msgld.data.stem_folders.check as check
from msgld.cli.checking import report
from msgld.data.stem_folders.folder import FolderClips, StemFolder, open_folders
from msgld.data.stem_folders.rules import parse_map
from msgld.errors import DataError, UsageError
from msgld.stems import STEMS

RATE = 16_000
FOUR = ("bass", "drums", "vocals", "other")


def write(path: Path, x: np.ndarray | None = None, subtype: str | None = "FLOAT", rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sine = 0.2 * np.sin(2 * np.pi * 110 * np.arange(3 * rate) / rate)
    soundfile.write(path, sine if x is None else x, rate, subtype if path.suffix == ".wav" else None)
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A song with a good stem, and a bass that a test spoils."""
    write(tmp_path / "set" / "song" / "drums.wav")
    return tmp_path / "set" / "song"


def spoiled(kind: str, song: Path) -> None:
    x = 0.2 * np.sin(2 * np.pi * 110 * np.arange(3 * RATE) / RATE)
    bass = song / "bass.wav"
    if kind in ("nan", "infinite", "absurd"):
        x[RATE] = {"nan": np.nan, "infinite": np.inf, "absurd": 1e9}[kind]
        write(bass, x)
    elif kind == "noise":
        write(bass, np.random.default_rng(0).uniform(-1, 1, 3 * RATE), "PCM_16")
    elif kind == "text":
        bass.write_bytes(b"not audio")
    elif kind == "empty":
        bass.write_bytes(b"")
    else:
        bass = write(song / f"bass.{kind.split()[1]}", subtype=kind.split()[-1])
        bass.write_bytes(bass.read_bytes()[: bass.stat().st_size // 3])


@pytest.mark.parametrize(
    "kind",
    ["nan", "infinite", "absurd", "noise", "text", "empty", "cut wav FLOAT", "cut wav PCM_16", "cut flac"],
)
def test_a_spoiled_file_is_set_aside_by_name_and_its_stem_is_absent(song: Path, kind: str) -> None:
    spoiled(kind, song)
    folder = StemFolder(song.parent, rate=RATE)
    (aside,) = folder.findings_of("set aside")
    assert aside.file.startswith("song/bass.") and aside.what
    clip = folder.read(folder.songs[0], 0.5, 1.0)
    assert clip.present.tolist() == [stem == "drums" for stem in STEMS]
    assert np.isfinite(clip.stems).all() and not clip.stems[0].any() and clip.stems[1].any()
    assert report(folder)[-1].endswith(": 1 song, 1 file used; 1 file set aside")
    assert any("song/bass." in line and "set aside" in line for line in report(folder))


def test_nothing_that_can_be_used_is_one_error(song: Path) -> None:
    spoiled("nan", song)
    (song / "drums.wav").unlink()
    with pytest.raises(DataError, match=r"no file .* can be used: song/bass\.wav: .*not numbers"):
        StemFolder(song.parent)


def test_other_programs_notes_are_no_stems(song: Path) -> None:
    write(song / "bass.wav")
    (song / "._bass.wav").write_bytes(b"\0\5\x16\7" + bytes(4092))
    for hidden in ("__MACOSX", ".trash"):
        (song.parent / hidden / "song").mkdir(parents=True)
        (song.parent / hidden / "song" / "bass.wav").write_bytes(b"\0\5\x16\7")
    folder = StemFolder(song.parent, rate=RATE)
    assert (len(folder), folder.files) == (1, 2) and all("kHz" in one.what for one in folder.findings)


def test_lengths_and_rates_that_differ_are_said_and_loud_music_is_no_noise(song: Path) -> None:
    rng = np.random.default_rng(0)
    loud = np.clip(np.cumsum(rng.standard_normal(3 * RATE)) / 20, -1, 1)
    write(song / "bass.wav", loud)
    write(song / "guitar.wav", np.zeros(RATE))
    write(song / "piano.wav", rate=8000)
    folder = StemFolder(song.parent, rate=RATE)
    said = {(finding.file, finding.then) for finding in folder.findings if "kHz" not in finding.what}
    assert said == {("song/guitar.wav", "used, silent from there"), ("song/piano.wav", "used, resampled")}
    assert folder.files == 4


def test_a_check_is_remembered_until_the_file_changes(song: Path, tmp_path: Path, monkeypatch) -> None:
    write(song / "bass.flac")
    seen: list[str] = []
    examine = check.examine
    monkeypatch.setattr(check, "examine", lambda place: seen.append(place.path.name) or examine(place))
    cache = tmp_path / "cache"
    first = StemFolder(song.parent, rate=RATE, cache=cache)
    again = StemFolder(song.parent, rate=RATE, cache=cache)
    assert sorted(seen) == ["bass.flac", "drums.wav"] and again.songs == first.songs
    (song / "bass.flac").write_bytes(b"broken")
    assert StemFolder(song.parent, rate=RATE, cache=cache).findings_of("set aside")
    (file,) = cache.rglob("*.json")
    file.write_text("{")
    assert StemFolder(song.parent, rate=RATE, cache=cache).files == 1
    (tmp_path / "no").write_text("a file where the cache would be")
    assert StemFolder(song.parent, rate=RATE, cache=tmp_path / "no").files == 1


def test_progress_is_told_and_ends(song: Path) -> None:
    reports = []
    StemFolder(song.parent, rate=RATE, on_progress=reports.append)
    assert reports[-1].done == reports[-1].total > 0 and reports[-1].stage == "checking stems"


def test_a_file_that_changes_after_the_check_is_an_error_and_no_silence(song: Path) -> None:
    folder = StemFolder(song.parent, rate=RATE)
    write(song / "drums.wav", np.zeros(RATE))
    with pytest.raises(DataError, match="has changed"):
        folder.read(folder.songs[0], 1.5, 1.0)
    (song / "drums.wav").unlink()
    with pytest.raises(DataError, match=r"drums\.wav"):
        folder.read(folder.songs[0], 0.0, 1.0)


def test_workers_get_a_folder_that_reads_the_same(song: Path) -> None:
    folder = StemFolder(song.parent, rate=RATE, rules=parse_map(["drums.wav=bass"], STEMS))
    copy = pickle.loads(pickle.dumps(folder))
    assert np.array_equal(copy.clip(3, 1.0).stems, folder.clip(3, 1.0).stems)


def test_what_cannot_be_told_is_asked_for_and_can_be_said(song: Path) -> None:
    write(song / "Audio 3_01.wav")
    write(song / "bass and drums.wav")
    with pytest.raises(
        DataError, match=r"Audio 3_01\.wav, song/bass and drums\.wav \(bass or drums\): .*--map"
    ):
        StemFolder(song.parent)
    maps = ["Audio*=piano", "bass and drums=mixture"]
    (said,), rules = open_folders([song.parent], STEMS, maps), parse_map(maps, STEMS)
    assert sorted(said.songs[0].files) == ["drums", "piano"]
    (song / "stems.json").write_text(json.dumps({"audio 3_01.WAV": "guitar", "bass and *": "ignore"}))
    assert sorted(StemFolder(song.parent).songs[0].files) == ["drums", "guitar"]
    assert sorted(StemFolder(song.parent, rules=rules).songs[0].files) == ["drums", "piano"]
    (song / "stems.json").rename(song.parent / "stems.json")
    assert sorted(StemFolder(song.parent).songs[0].files) == ["drums", "guitar"]


@pytest.mark.parametrize("text", ["x", "=bass", "x=", "x.wav=basss", "x.wav=bass and drums", "x=tuba player"])
def test_maps_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--map"):
        parse_map([text], STEMS)


def test_maps_that_match_nothing_or_contradict_each_other_are_refused(song: Path) -> None:
    with pytest.raises(DataError, match=r"no\.wav matches no file"):
        open_folders([song.parent], STEMS, ["no.wav=bass"])
    with pytest.raises(UsageError, match="more closely"):
        StemFolder(song.parent, rules=parse_map(["d*=bass", "*s.wav=piano"], STEMS))
    for content in ("{", "[]", '{"a": 1}', '{"a": "nonsense"}'):
        (song / "stems.json").write_text(content)
        with pytest.raises(DataError, match=r"stems\.json"):
            StemFolder(song.parent)


def test_a_file_whose_name_holds_a_bracket_or_an_equals_sign_can_be_named(song: Path) -> None:
    write(song / "take [1]=a.wav")
    folder = StemFolder(song.parent, rules=parse_map(["song/take [1]=a.wav=bass"], STEMS))
    assert sorted(folder.songs[0].files) == ["bass", "drums"]


def test_mixtures_are_left_out_and_those_that_lack_something_are_said(song: Path) -> None:
    for name in ("mixture", "mix 2", "no_bass", "instrumental"):
        write(song / f"{name}.wav")
    folder = StemFolder(song.parent)
    assert folder.files == 1
    assert {finding.file for finding in folder.findings_of("left out")} == {
        "song/no_bass.wav", "song/instrumental.wav"
    }  # fmt: skip


def test_folders_without_a_stem_beside_songs_are_said(song: Path) -> None:
    write(song.parent / "notes" / "holiday.wav")
    (passed,) = StemFolder(song.parent).findings_of("passed over")
    assert passed.file == "notes"


def test_a_folder_for_each_stem_is_refused(tmp_path: Path) -> None:
    for stem in ("bass", "drums"):
        write(tmp_path / "own" / "song" / stem / "kick.wav")
    with pytest.raises(DataError, match="a folder for each stem"):
        StemFolder(tmp_path / "own")


def test_linked_songs_are_found_once_and_circles_end(song: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    for target, name in ((song, "one"), (song, "two"), (linked, "circle")):
        (linked / name).symlink_to(target, target_is_directory=True)
    assert [one.name for one in StemFolder(linked).songs] == ["one"]


def test_a_sets_other_holds_what_the_set_has_no_name_for(tmp_path: Path) -> None:
    for stem in FOUR:
        write(tmp_path / "musdb" / "song" / f"{stem}.wav")
        write(tmp_path / "known" / "song" / f"{stem.replace('other', 'strings')}.wav")
    clip = FolderClips(StemFolder(tmp_path / "musdb", rate=RATE), 1.0)[0]
    assert clip.pooled == ("guitar", "piano")
    assert FolderClips(StemFolder(tmp_path / "known", rate=RATE), 1.0)[0].pooled == ()
    assert FolderClips(StemFolder(tmp_path / "musdb", FOUR, RATE), 1.0)[0].pooled == ()
    write(tmp_path / "musdb" / "second" / "guitar.wav")
    assert StemFolder(tmp_path / "musdb", rate=RATE).songs[1].pooled == ("piano",)
    more = (*STEMS[:4], "vocals", "other")
    write(tmp_path / "three" / "song" / "drums.wav")
    write(tmp_path / "three" / "song" / "other.wav")
    assert StemFolder(tmp_path / "three", more).songs[0].pooled == ("bass", "guitar", "piano", "vocals")


def test_files_that_would_count_twice_or_not_at_all_are_said(song: Path) -> None:
    write(song / "bass.wav")
    write(song / "bass.flac")
    write(song / "kick.wav")
    (song / "guitar.sd2").write_bytes(b"x")
    (song / "drums.mid").write_bytes(b"x")
    (song / "piano.wav").symlink_to(song / "nowhere.wav")
    folder = StemFolder(song.parent, rate=44_100)
    said = {one.file: one.then for one in folder.findings if "kHz" not in one.what}
    assert said == {
        "song/bass.wav": "left out", "song/guitar.sd2": "passed over", "song/piano.wav": "set aside",
        "song/drums.wav": "used",
    }  # fmt: skip
    assert {stem: len(files) for stem, files in folder.songs[0].files.items()} == {"bass": 1, "drums": 2}


def test_a_flac_that_does_not_state_its_length_is_read(song: Path) -> None:
    data = bytearray(write(song / "bass.flac").read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (song / "bass.flac").write_bytes(data)
    folder = StemFolder(song.parent, rate=RATE)
    assert folder.songs[0].seconds == 3 and folder.files == 2
    assert folder.read(folder.songs[0], 1.0, 1.0).stems[0].any()


def test_results_of_this_program_are_no_true_stems_beside_songs(song: Path) -> None:
    made = song.parent / "separated" / "song"
    write(made / "bass.wav")
    record = {"task": "separate", "model": "small", "versions": {}, "files": {"bass": "bass.wav"}}
    (made / "run.json").write_text(json.dumps(record))
    folder = StemFolder(song.parent)
    assert [one.name for one in folder.songs] == ["song"]
    assert [one.file for one in folder.findings_of("passed over")] == ["separated/song"]
    alone = StemFolder(made.parent)
    assert len(alone) == 1 and "this program made" in alone.findings_of("used")[0].what


@pytest.mark.parametrize("names", ["A - {}", "song1_{}", "{} (My Song)|{} (Your Song)", "Intro {}"])
def test_stems_of_several_songs_in_one_folder_are_not_added_up(tmp_path: Path, names: str) -> None:
    first, _, second = names.partition("|")
    second = second or first.replace("A", "B").replace("1", "2").replace("Intro", "Outro")
    for name in (first, second):
        for stem in ("bass", "drums"):
            write(tmp_path / f"{name.format(stem)}.wav")
    with pytest.raises(DataError, match="seems to hold several songs"):
        StemFolder(tmp_path)
    rules = parse_map(["*bass*=bass", "*drums*=drums"], STEMS)
    assert len(StemFolder(tmp_path, rules=rules)) == 1


@pytest.mark.parametrize("pairs", ["{} L|{} R", "{} 1|{} 2", "{} Take 1|{} Take 2", "{} In|{} Out"])
def test_recordings_of_one_instrument_are_one_song(tmp_path: Path, pairs: str) -> None:
    for name in pairs.split("|"):
        for stem in ("Bass", "Drums"):
            write(tmp_path / f"{name.format(stem)}.wav")
    assert StemFolder(tmp_path).files == 4


def test_channels_that_are_not_used_are_said(tmp_path: Path) -> None:
    write(tmp_path / "bass.wav", np.full((48_000, 6), 0.1), rate=48_000)
    (finding,) = StemFolder(tmp_path).findings
    assert (finding.what, finding.then) == ("6 channels", "used, the first two of them")
