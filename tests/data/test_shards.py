"""Shards: what goes in comes out, faults are named, any break loses little, and damage is noticed."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from contracts import verify_source

import msgld
from msgld.data.shards import BLOCK
from msgld.data.shards.audit import StemAudit, SumAudit
from msgld.data.shards.blocks import decode, encode
from msgld.data.shards.container import ShardWriter, read_item
from msgld.data.shards.source import Shards
from msgld.data.source import missing_file, music_seconds
from msgld.data.stem_folders.folder import StemFolder, open_folders, open_set
from msgld.errors import AudioWriteError, Cancelled, DataError, TrainingError, UsageError
from msgld.stems import STEMS

RATE = 44_100
SECONDS = 7.3


def music(hertz: float, seconds: float = SECONDS, gain: float = 0.2) -> np.ndarray:
    """A stereo tone (L, 2) that swells, on whole numbers of 16 bits."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave = gain * np.sin(2 * np.pi * hertz * t) * (0.6 + 0.4 * np.sin(0.7 * t))
    return np.rint(np.stack([wave, 0.5 * wave], 1) * 32768) / 32768


def write(path: Path, x: np.ndarray, subtype: str = "PCM_16", rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = path.suffix[1:].upper()
    with path.open("wb") as file:  # soundfile itself takes no name that is not UTF-8
        soundfile.write(file, x, rate, subtype if kind == "WAV" else None, format=kind)
    return path


def song(folder: Path, **stems: np.ndarray) -> Path:
    for name, x in (stems or {"bass": music(80), "drums": music(900), "other": music(300)}).items():
        write(folder / f"{name}.wav", x)
    return folder


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    for number in range(3):
        song(tmp_path / "set" / f"Song {number}", bass=music(60 + number), drums=music(900 + 10 * number))
    return tmp_path / "set"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "songs.jsonl").read_text("utf-8").splitlines()]


def said(folder: Path) -> list[tuple[str, str, str]]:
    return [
        (Path(file).name, what, then) for one in lines(folder) for file, what, then in one.get("findings", ())
    ]


def contents(folder: Path) -> dict[str, str]:
    """Checksums of what a preparation leaves, but for the settings, which name the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in ("run.lock", "set.json"):
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_a_crop_from_shards_is_that_of_the_files_to_the_sample(songs: Path) -> None:
    made = msgld.prepare(songs)
    assert made.folder == songs.parent / "set-shards" and (made.songs, made.findings) == (3, 0)
    shards, files = open_set(made.folder), StemFolder(songs)
    assert isinstance(shards, Shards) and len(shards) == 3 and shards.findings == []
    for one, other in zip(shards.songs, files.songs, strict=True):
        assert (one.name, one.seconds, one.pooled) == (other.name, pytest.approx(SECONDS), other.pooled)
        for start, seconds in (
            (0.0, SECONDS),
            (BLOCK / RATE - 0.001, 0.01),
            (2.9, 3.3),
            (6.0, 4.0),
            (9.0, 1.0),
        ):
            a, b = shards.read(one, start, seconds), files.read(other, start, seconds)
            assert np.array_equal(a.stems, b.stems) and np.array_equal(a.present, b.present)
    for seed in range(4):
        a, b = shards.clip(seed, 2.0), files.clip(seed, 2.0)
        assert a.name == b.name and np.array_equal(a.stems, b.stems)
    verify_source(shards, 1.0)
    assert music_seconds(shards) == pytest.approx(3 * SECONDS) and missing_file(shards) is None


def test_a_copy_in_another_process_gives_the_same_clips(songs: Path) -> None:
    shards = open_set(msgld.prepare(songs).folder)
    before = shards.clip(5, 2.0)
    copy = pickle.loads(pickle.dumps(shards))
    assert np.array_equal(copy.clip(5, 2.0).stems, before.stems) and copy.origin(5) == shards.origin(5)


def test_stems_of_the_set_find_their_place_in_a_model_of_other_stems(songs: Path) -> None:
    song(songs / "More", bass=music(70), strings=music(440), guitar=music(500))
    names = ("bass", "drums", "strings", "guitar", "other")
    made = msgld.prepare(songs, stem_names=names)
    assert made.stems == {"bass": 4, "drums": 3, "strings": 1, "guitar": 1}
    few = open_set(made.folder, ("bass", "other"))
    clip = few.read(few.songs[0], 0, 2.0)
    assert clip.present.tolist() == [True, True]  # More: strings and guitar are other
    np.testing.assert_allclose(clip.stems[1, 0], (music(440) + music(500))[: 2 * RATE, 0], atol=1e-6)
    bass = open_set(made.folder, ("bass",))
    assert {one.file for one in bass.findings_of("left out")} == {"drums", "strings", "guitar"}
    with pytest.raises(DataError, match=r"the stems of .* are bass, .*: none of them is one of theremin"):
        open_set(made.folder, ("theremin",))


def test_shards_and_folders_are_trained_on_together_whatever_their_stems(songs: Path, tmp_path: Path) -> None:
    made = msgld.prepare(songs)
    song(tmp_path / "voices" / "A", vocals=music(500))
    sets = open_folders([made.folder, tmp_path / "voices"], STEMS)
    assert [one.read(one.songs[0], 0, 1.0).present.tolist() for one in sets] == [
        [True, True, False, False, False, False], [False, False, False, False, True, False]
    ]  # fmt: skip


def test_what_is_wrong_is_said_by_file_and_the_rest_goes_on(songs: Path) -> None:
    rng = np.random.default_rng(0)
    write(songs / "Song 0" / "vocals.wav", rng.uniform(-1, 1, (8 * RATE, 2)))
    bad = music(500)
    bad[5 * RATE] = np.nan
    write(songs / "Song 0" / "piano.wav", bad, "FLOAT")
    cut = write(songs / "Song 1" / "guitar.flac", music(440))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    write(songs / "Song 1" / "vocals.wav", np.zeros((8 * RATE, 2)))
    write(songs / "Song 1" / "other.wav", np.clip(8 * music(300), -1, 32767 / 32768))
    write(songs / "Song 2" / "other.wav", music(300, 2.0), rate=22_050)
    write(songs / "Song 2" / "piano.wav", music(300)[:, [0, 1, 0]])
    (songs / "Song 3").mkdir()
    (songs / "Song 3" / "bass.wav").write_bytes(b"no sound")
    made = msgld.prepare(songs)
    found = said(made.folder)
    expected = [
        ("piano.wav", "has samples that are not numbers", "set aside"),
        ("vocals.wav", "is white noise at full scale", "set aside"),
        ("guitar.flac", "", "set aside"),
        ("other.wav", "is clipped at ", "used"),
        ("vocals.wav", "is silent from beginning to end", "used"),
        ("other.wav", "22050 Hz: nothing above 11.025 kHz", "used"),
        ("other.wav", "ends 3.3 s before the song does", "used, silent from there"),
        ("piano.wav", "has 3 channels", "used, the first two of them"),
        ("bass.wav", "", "set aside"),
        ("Song 3", "has no stem that can be used", "left out"),
    ]
    assert len(found) == len(expected)
    for name, what, then in expected:
        assert [one for one in found if one[0] == name and one[1].startswith(what) and one[2] == then]
    assert (made.songs, made.left_out) == (3, 1) and made.set_aside == 4
    shards = open_set(made.folder)
    assert [sorted(one.files) for one in shards.songs] == [
        ["bass", "drums"], ["bass", "drums", "other", "vocals"], ["bass", "drums", "other", "piano"]
    ]  # fmt: skip
    page = (made.folder / "report.html").read_text("utf-8")
    assert "is white noise at full scale" in page and "Song 0/vocals.wav" in page
    assert sorted(path.stem for path in (made.folder / "report").iterdir()) == ["000000", "000001", "000002"]


@pytest.mark.parametrize(
    ("mixture", "what"),
    [(1.0, ""), (0.5, "is the sum of the stems at a gain of -6.0 dB"), (None, "is not the sum of the stems")],
)
def test_the_sum_of_the_stems_is_compared_with_the_mixture(
    tmp_path: Path, mixture: float | None, what: str
) -> None:
    stems = {"bass": music(80), "drums": music(900)}
    whole = sum(stems.values()) * mixture if mixture else music(80) + music(400)
    write(song(tmp_path / "set" / "A", **stems) / "mixture.wav", whole, "FLOAT")
    folder = msgld.prepare(tmp_path / "set").folder
    found = said(folder)
    assert [one[:2] for one in found] == [] if not what else found[0][1].startswith(what)
    if mixture == 1.0:
        assert lines(folder)[0]["difference_db"] < -90


def test_measures_in_closed_form() -> None:
    measure, both = StemAudit(), SumAudit()
    x = np.zeros((2, BLOCK), np.float32)
    x[:, ::2] = 0.5
    x[0, 100:103] = x[0, 200:300] = x[1, 400:402] = 1.0
    measure.add(x)
    assert measure.peak == 1.0 and measure._clipped == 2 and measure._first_clipped == 100
    assert measure.rms == pytest.approx(np.sqrt(np.mean(x**2)), rel=1e-6)
    a = np.random.default_rng(0).standard_normal((2, 50_000)).astype(np.float32)
    b = np.random.default_rng(1).standard_normal((2, 50_000)).astype(np.float32)
    both.add(a, a + 0.1 * b)
    assert both.difference == pytest.approx(-20, abs=0.2)
    assert SumAudit().remark == "is silent from beginning to end"


@pytest.mark.parametrize("gain", [0.3, 1.0, 1.5, 40.0])
def test_a_block_keeps_16_bits_of_its_peak(gain: float) -> None:
    x = gain * np.random.default_rng(0).uniform(-1, 1, (2, 5000)).astype(np.float32)
    data, factor = encode(x, RATE)
    back = decode(data, 0, 5000, factor)
    assert np.abs(back - x).max() <= max(1.0, 2 * gain) / 32768 and back.dtype == np.float32
    assert np.array_equal(decode(data, 1000, 1100, factor), back[:, 1000:1100])


def test_a_stem_beyond_full_scale_comes_back_as_loud(tmp_path: Path) -> None:
    write(tmp_path / "set" / "A" / "bass.wav", 12 * music(80), "FLOAT")
    shards = open_set(msgld.prepare(tmp_path / "set").folder)
    x = shards.read(shards.songs[0], 1.0, 5.0).stems[0]
    np.testing.assert_allclose(x, 12 * music(80)[RATE : 6 * RATE].T, atol=2e-4)


def test_items_of_a_shard_lie_where_its_table_says(tmp_path: Path) -> None:
    writer, items = ShardWriter(tmp_path, "chunk-000000", full=100), [bytes([n]) * (30 + n) for n in range(7)]
    for item in items:
        writer.add(item)
    writer.finish()
    assert [shard.items for shard in writer.shards] == [3, 3, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [shard.name for shard in writer.shards]
    read = []
    for shard in writer.shards:
        data = (tmp_path / shard.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (shard.size, shard.sha256)
        # As litdata documents it: n, n + 1 places, and items that begin with their length.
        count, *places = np.frombuffer(data, "<u4", 2 + shard.items).tolist()
        assert count == shard.items and places[-1] == len(data)
        read += [data[a + 4 : b] for a, b in itertools.pairwise(places)]
        with (tmp_path / shard.name).open("rb") as file:
            assert read_item(file, count - 1) == read[-1]
    assert read == items


def test_splits_are_kept_and_only_train_is_trained_on(tmp_path: Path) -> None:
    for name in ("train/A", "test/B", "validation/C"):
        song(tmp_path / "set" / name)
    shards = open_set(msgld.prepare(tmp_path / "set").folder)
    assert {one.name: one.split for one in shards.songs} == {"A": "train", "B": "test", "C": "validation"}
    assert {shards.origin(seed) for seed in range(8)} == {"A"}
    assert shards.clips(2.0)[0].name == "B@0.00"


def test_a_manifest_is_prepared_with_its_own_stems_and_licences(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.wav", music(80))
    write(tmp_path / "a" / "y.wav", music(800))
    (tmp_path / "songs.csv").write_text("id,bass,theremin,licence\nOne,a/x.wav,a/y.wav,CC0\nTwo,a/x.wav,,\n")
    made = msgld.prepare(tmp_path / "songs.csv")
    assert made.folder == tmp_path / "songs-shards" and made.stems == {"bass": 2, "theremin": 1}
    assert [one.get("licence") for one in lines(made.folder)] == ["CC0", None]


def test_unclear_names_leave_out_their_song_alone(songs: Path) -> None:
    write(songs / "Song 1" / "take2.wav", music(200))
    made = msgld.prepare(songs)
    assert made.songs == 2 and made.left_out == 1
    assert "cannot tell the stem of Song 1/take2.wav" in (made.folder / "report.html").read_text("utf-8")


def many(folder: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> Path:
    for number in range(6):
        song(folder / f"S{number}", bass=music(60 + number, 3.5), drums=music(900, 3.5))
    if monkeypatch:
        monkeypatch.setattr("msgld.data.shards.plan.GROUP_SONGS", 1)
    return folder


def test_a_full_disk_is_one_line_and_the_same_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(tmp_path / "set", monkeypatch)
    whole = msgld.prepare(tmp_path / "set", tmp_path / "whole").folder
    add, left = ShardWriter.add, [5]

    def until_full(self: ShardWriter, item: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        add(self, item)

    monkeypatch.setattr(ShardWriter, "add", until_full)
    with pytest.raises(AudioWriteError, match=r"^cannot write to .*No space left.*what is done stays"):
        msgld.prepare(tmp_path / "set", tmp_path / "out")
    assert not (tmp_path / "out" / "set.json").exists()
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix in (".part", ".payload")]
    monkeypatch.setattr(ShardWriter, "add", add)
    done = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("chunk*")}
    msgld.prepare(tmp_path / "set", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(whole)
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == at for name, at in done.items())


def test_a_stop_on_request_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(tmp_path / "set", monkeypatch)
    token = msgld.CancelToken()

    def stop(progress: msgld.Progress) -> None:
        if progress.stage == "preparing":
            token.cancel()

    with pytest.raises(Cancelled):
        msgld.prepare(tmp_path / "set", on_progress=stop, cancel=token)
    assert msgld.prepare(tmp_path / "set").songs == 6


def test_an_interruption_does_not_wait_for_the_songs_in_work(
    songs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def interrupted(*args: Any, **kwargs: Any) -> None:
        while not begun:
            time.sleep(0.01)
        raise KeyboardInterrupt

    def pack(song: Any, rate: int, spool: Any, cancel: msgld.CancelToken) -> None:
        begun.append(song.name)
        while True:  # a song without end
            cancel.check()
            time.sleep(0.01)

    monkeypatch.setattr("msgld.data.shards.work.pack", pack)
    monkeypatch.setattr("msgld.data.shards.work.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        msgld.prepare(songs)
    assert begun == ["Song 0"]


PREPARE = """
import sys, msgld, msgld.data.shards.plan as plan
plan.GROUP_SONGS = 1
if __name__ == "__main__":
    msgld.prepare(sys.argv[1], sys.argv[2])
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    many(tmp_path / "set")
    script = tmp_path / "run.py"
    script.write_text(PREPARE)
    command = [sys.executable, str(script), str(tmp_path / "set")]
    subprocess.run([*command, str(tmp_path / "whole")], check=True)
    rng, kills = np.random.default_rng(0), 0
    for _ in range(30):
        process = subprocess.Popen([*command, str(tmp_path / "out")])
        place = tmp_path / "out"
        while process.poll() is None and not place.exists():
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0, 0.15)))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        if (place / "set.json").exists():
            break
    subprocess.run([*command, str(tmp_path / "out")], check=True)
    assert kills and contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_shard_that_is_not_right_is_set_aside_and_the_rest_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = msgld.prepare(many(tmp_path / "set", monkeypatch)).folder
    cache = tmp_path / "cache"
    assert len(open_set(folder, cache=cache)) == 6
    path = folder / "chunk-000002-00.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (folder / "chunk-000004-00.bin").unlink()
    (folder / "chunk-000005-00.bin").write_bytes(b"short")
    shards = open_set(folder, cache=cache)
    assert [one.name for one in shards.songs] == ["S0", "S1", "S3"]
    aside = {one.file: one.what.split(":")[0] for one in shards.findings_of("set aside")}
    assert aside["chunk-000002-00.bin"] == "has a wrong checksum"
    assert aside["chunk-000004-00.bin"] == "is missing" and "instead of" in aside["chunk-000005-00.bin"]
    (folder / "songs.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match=r"songs\.jsonl has a wrong checksum"):
        open_set(folder)


def test_a_checksum_is_compared_once_until_the_file_changes(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import msgld.data.shards.seal as seal

    folder, seen, digest = msgld.prepare(songs).folder, list[str](), seal.digest_of
    monkeypatch.setattr(seal, "digest_of", lambda path: seen.append(path.name) or digest(path))
    for _ in range(3):
        open_set(folder, cache=tmp_path / "cache")
    assert seen == ["chunk-000000-00.bin"]
    os.utime(folder / "chunk-000000-00.bin", (1, 1))
    open_set(folder, cache=tmp_path / "cache")
    assert len(seen) == 2


def test_a_shard_that_changes_during_a_run_is_an_error_and_no_silence(songs: Path) -> None:
    shards = open_set(msgld.prepare(songs).folder)
    os.utime(shards.root / "chunk-000000-00.bin", (1, 1))
    with pytest.raises(DataError, match="has changed since it was checked"):
        shards.clip(0, 1.0)
    (shards.root / "chunk-000000-00.bin").unlink()
    assert missing_file(shards) == shards.root / "chunk-000000-00.bin"
    with pytest.raises(DataError, match="cannot be read any more"):
        shards.clip(0, 1.0)


def test_wrong_places_are_refused_before_work(songs: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder of songs and no manifest"):
        msgld.prepare(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no stems in"):
        msgld.prepare(tmp_path / "empty", tmp_path / "out0")
    with pytest.raises(UsageError, match="holds the songs"):
        msgld.prepare(songs, songs)
    with pytest.raises(UsageError, match="holds other files"):
        msgld.prepare(songs, song(tmp_path / "mine"))
    folder = msgld.prepare(songs).folder
    with pytest.raises(UsageError, match="shards of other stems"):
        msgld.prepare(songs, stem_names=["bass", "other"])
    with pytest.raises(UsageError, match="holds shards already"):
        msgld.prepare(folder)
    with pytest.raises(DataError, match=r"no\.wav matches no file"):
        msgld.prepare(songs, tmp_path / "out1", maps=["no.wav=bass"])
    (folder / "set.json").write_text("{")
    with pytest.raises(DataError, match=r"set\.json is damaged"):
        Shards(folder)


@pytest.mark.parametrize("change", ["removed", "added", "written anew"])
def test_shards_of_songs_that_have_changed_are_not_taken_for_theirs(tmp_path: Path, change: str) -> None:
    for name in "AB":
        song(tmp_path / "set" / name, bass=music(80, 2.0))
    made = msgld.prepare(tmp_path / "set", tmp_path / "set" / "shards")
    assert msgld.prepare(tmp_path / "set", tmp_path / "set" / "shards") == made
    if change == "removed":
        shutil.rmtree(tmp_path / "set" / "A")
    else:
        song(tmp_path / "set" / ("C" if change == "added" else "B"), bass=music(90, 3.0))
    with pytest.raises(UsageError, match="as it was before: its files have changed since"):
        msgld.prepare(tmp_path / "set", tmp_path / "set" / "shards")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", [b"\xff\xfe", b"Mr. Blue <b>&", "Ünder \u202e".encode()])
def test_titles_may_be_anything(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / "set" / os.fsdecode(name)
    song(folder, bass=music(80, 3.0)).joinpath("drums.wav").write_bytes(b"RIFF")
    made = msgld.prepare(tmp_path / "set")
    assert open_set(made.folder).songs[0].name == os.fsdecode(name)
    assert "<b>" not in (made.folder / "report.html").read_text("utf-8")


def test_one_process_at_a_time_prepares_into_a_folder(songs: Path, tmp_path: Path) -> None:
    from msgld.training.lock import alone

    with alone(tmp_path / "out"), pytest.raises(TrainingError, match="another run is preparing songs in"):
        msgld.prepare(songs, tmp_path / "out")


def test_nothing_usable_at_all_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "set" / "A" / "bass.wav", np.random.default_rng(0).uniform(-1, 1, (8 * RATE, 2)))
    with pytest.raises(DataError, match=r"no song of .*set can be used: .*bass\.wav: is white noise"):
        msgld.prepare(tmp_path / "set")
