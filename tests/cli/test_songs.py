"""Which files in a folder are songs: all that can be decoded, and never results of this program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run, write_noise

from msgld.api.naming import Names
from msgld.cli.inputs import stems_in
from msgld.cli.songs import find_songs
from msgld.errors import AudioReadError

RECORD = {"task": "separate", "model": "small", "versions": {}, "input": "x.wav"}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def result(folder: Path, pattern: str = "{stem}.{ext}") -> None:
    """An earlier run's result, as it lies on the disk."""
    names = Names(pattern)
    files = {stem: names.file(stem, "wav") for stem in ("bass", "drums")}
    touch(folder, *files.values(), names.record)
    (folder / names.record).write_text(json.dumps({**RECORD, "files": files}))


def names(folder: Path, argument: str | Path | None = None, out: Path = Path("nowhere")) -> list[str]:
    found = find_songs([str(argument or folder)], out)
    assert not found.missing
    return [song.relative_to(folder).as_posix() for song in found.songs]


def test_all_kinds_of_sound_are_songs_and_nothing_else(tmp_path: Path) -> None:
    endings = [
        "wav",
        "wv",
        "ape",
        "mka",
        "ac3",
        "m4b",
        "mp2",
        "tta",
        "dsf",
        "mp3",
        "flac",
        "opus",
        "m4a",
        "stem.mp4",
        "AIFF",
    ]
    touch(tmp_path, *(f"song.{ending}" for ending in endings), "._song.wav", "__MACOSX/song.wav", ".x/song.wav",
          "cover.jpg", "notes.txt", "song.mid")  # fmt: skip
    assert sorted(names(tmp_path)) == sorted(f"song.{ending}" for ending in endings)


@pytest.mark.parametrize(
    "pattern", ["{stem}.{ext}", "{stem}/song.{ext}", "deep/er/{stem}.{ext}", "song - {stem}.{ext}"]
)
def test_results_are_no_songs_wherever_they_lie_and_whatever_they_are_called(
    tmp_path: Path, pattern: str
) -> None:
    touch(tmp_path, "bass.wav", "music/separated.wav", "music/run.json")
    result(tmp_path / "music" / "stems", pattern)
    assert names(tmp_path) == ["bass.wav", "music/separated.wav"]
    found = find_songs([str(tmp_path)], tmp_path / "out")
    assert len(found.passed_over) == 2
    inside = find_songs(
        [str((tmp_path / "music" / "stems" / pattern).parent.parent.parent)], tmp_path / "out"
    )
    assert not {"bass.wav", "drums.wav"} & {song.name for song in inside.songs if "stems" in song.parts}
    assert names(tmp_path, tmp_path / "**" / "*.wav") == ["bass.wav", "music/separated.wav"]


def test_a_folder_of_results_alone_is_said_and_a_file_named_by_itself_is_taken(tmp_path: Path) -> None:
    result(tmp_path / "song")
    ((_, error),) = find_songs([str(tmp_path / "song")], tmp_path).missing
    assert "only 2 results of earlier runs" in str(error)
    assert names(tmp_path, tmp_path / "song" / "bass.wav") == ["song/bass.wav"]


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"files": {"bass": "bass.wav"}}', '{"files": 1}', "[" * 100_000]
)
def test_other_json_files_make_no_results(tmp_path: Path, content: str) -> None:
    touch(tmp_path, "bass.wav")
    (tmp_path / "run.json").write_text(content)
    assert names(tmp_path) == ["bass.wav"]


def test_linked_folders_are_searched_once(tmp_path: Path) -> None:
    touch(tmp_path / "far", "song.wav")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link").symlink_to(tmp_path / "far", target_is_directory=True)
    (tmp_path / "music" / "circle").symlink_to(tmp_path / "music", target_is_directory=True)
    assert names(tmp_path, tmp_path / "music") == ["music/link/song.wav"]


def test_two_files_of_one_stem_are_not_chosen_from(tmp_path: Path) -> None:
    touch(tmp_path, "bass.wav", "bass.flac", "._bass.mp3")
    with pytest.raises(AudioReadError, match=r"bass\.flac and bass\.wav"):
        stems_in(tmp_path, ("bass", "drums"))


def test_results_are_passed_over_with_a_word(tmp_path: Path) -> None:
    write_noise(tmp_path / "song.wav")
    result(tmp_path / "old")
    done = run(["separate", ".", "--dry-run", "-o", "new"], tmp_path)
    assert done.code == 0 and "passed over: 2 results of earlier runs" in done.err
    assert "bass" not in done.out
