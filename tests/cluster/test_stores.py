"""Songs and results in stores that fsspec knows, seen in one in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from msgld.api.naming import Names
from msgld.cluster import stores
from msgld.errors import AudioReadError, AudioWriteError, UsageError


@pytest.fixture
def store() -> Iterator[Any]:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for name in ("b.wav", "a/c.FLAC", "a/notes.txt", "a/.hidden.wav", "out/m/b/bass.wav"):
        memory.pipe_file(f"/songs/{name}", name.encode())
    yield memory
    memory.store.clear()


def test_songs_are_found_but_not_among_results(store: Any) -> None:
    found = stores.songs_at("memory://songs", "memory://songs/out")
    assert [song.rpartition("songs/")[2] for song in found] == ["a/c.FLAC", "b.wav"]
    assert len(stores.songs_at("memory://songs/*.wav", "out")) == 1
    assert stores.songs_at("memory://songs/a/notes.txt", "out") == ["memory://songs/a/notes.txt"]
    with pytest.raises(AudioReadError, match="no songs at memory://none"):
        stores.songs_at("memory://none", "out")
    with pytest.raises(UsageError, match="cannot be opened"):
        stores.songs_at("nosuchstore://songs", "out")


def test_a_song_is_a_file_for_as_long_as_it_is_needed(store: Any) -> None:
    with stores.fetched("memory://songs/a/c.FLAC") as file:
        assert (file.name, file.read_bytes()) == ("c.FLAC", b"a/c.FLAC")
    assert not file.exists()
    with (
        pytest.raises(AudioReadError, match="cannot read memory://songs/z"),
        stores.fetched("memory://songs/z"),
    ):
        pass


def result(folder: Path, names: Names) -> Path:
    folder.mkdir(parents=True)
    (folder / "bass.wav").write_bytes(b"12345")
    (folder / names.record).write_text(json.dumps({"files": {"bass": "bass.wav"}}))
    return folder


def test_a_result_appears_with_its_record_last_and_nothing_beside_it(store: Any, tmp_path: Path) -> None:
    names, moved = Names(), []
    here = result(tmp_path / "here", names)
    move = store.mv
    store.mv = lambda source, target: (moved.append(target), move(source, target))
    try:
        stores.publish(here, "memory://out/m/song", names)
    finally:
        del store.mv
    assert [Path(target).name for target in moved] == ["bass.wav", "run.json"]
    assert sorted(store.find("/out")) == ["/out/m/song/bass.wav", "/out/m/song/run.json"]
    assert stores.holds("memory://out/m/song", "run.json")
    with stores.mirrored("memory://out/m/song", names) as mirror:
        assert (mirror / "bass.wav").read_bytes() == bytes(5)
        assert (mirror / "run.json").read_bytes() == (here / "run.json").read_bytes()


def test_a_store_that_is_full_keeps_nothing(store: Any, tmp_path: Path) -> None:
    names = Names()
    here = result(tmp_path / "here", names)

    def full(source: str, target: str) -> None:
        if target.endswith(".part") and "run.json" in target:
            raise OSError(28, "No space left on device")
        store.pipe_file(target, Path(source).read_bytes())

    store.put_file = full
    try:
        with pytest.raises(AudioWriteError, match="No space left"):
            stores.publish(here, "memory://out/m/song", names)
    finally:
        del store.put_file
    assert store.find("/out") == []


def test_a_change_of_a_song_is_seen(store: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"1")
    before = stores.state_of(str(file)), stores.state_of("memory://songs/b.wav")
    file.write_bytes(b"22")
    store.pipe_file("/songs/b.wav", b"longer")
    after = stores.state_of(str(file)), stores.state_of("memory://songs/b.wav")
    assert all(before) and before[0] != after[0] and before[1] != after[1]
    assert stores.state_of("memory://songs/none") == ""
