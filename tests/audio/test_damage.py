"""Damage in a file keeps the time of what follows, and is said; joined and cut files are no silent halves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from encoded import encode
from inprocess import Decoding
from whole import Whole, read

from msgld.audio import ffmpeg
from msgld.audio.read import open_file
from msgld.audio.sound import Excerpt, Remarked, read_all
from msgld.audio.write import write
from msgld.errors import AudioReadError

RATE = 44_100


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)


def song(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Noise below 3 kHz, (channels, n)."""
    samples = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal((channels, samples)))
    spectrum[:, np.fft.rfftfreq(samples, 1 / rate) > 3000] = 0
    noise = np.fft.irfft(spectrum, samples)
    return (0.4 * noise / np.abs(noise).max()).astype(np.float32)


def hole(path: Path, place: float = 0.5, size: int = 2000) -> Path:
    """Zero some bytes."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * place)
    data[at : at + size] = bytes(size)
    path.write_bytes(data)
    return path


def changed(got: Whole, whole: Whole) -> tuple[float, float]:
    """Where the first and the last differing samples lie, in seconds."""
    differing = np.flatnonzero(np.abs(got.samples - whole.samples).max(axis=0) > 0.05)
    return differing[0] / got.rate, differing[-1] / got.rate


HOLED: list[tuple[str, str, dict[str, Any]]] = [
    ("x.m4a", "aac", {}),
    ("x.mp3", "libmp3lame", {}),
    ("bare.mp3", "libmp3lame", {"muxer": {"write_xing": "0"}}),
    ("x.mka", "aac", {"muxer": {"cluster_time_limit": "500"}}),
    ("x.wma", "wmav2", {"bit_rate": 128_000}),
    ("x.flac", "flac", {}),
    ("x.ts", "aac", {}),
]


@pytest.mark.parametrize(("name", "codec", "options"), HOLED, ids=[case[0] for case in HOLED])
def test_what_follows_a_hole_keeps_its_time(tmp_path: Path, name: str, codec: str, options: dict[str, Any]):
    path = encode(tmp_path / name, song(4.0), RATE, codec, **options)
    before, after = read(path), read(hole(path))
    assert after.samples.shape == before.samples.shape
    first, last = changed(after, before)
    assert 1.0 < first < last < first + 1.3
    assert last < 3.5


def test_damage_is_told_where_it_lies(tmp_path: Path):
    path = hole(encode(tmp_path / "x.m4a", song(4.0), RATE, "aac"))
    with open_file(path) as file:
        assert file.damage == () and file.remarks == ()
        samples = file.read(10 * RATE)
        ((start, stop),) = file.damage
        (note,) = file.remarks
    assert not samples[:, round(start * RATE) : round(stop * RATE)].any()
    assert f"{start:.2f} to {stop:.2f} s" in note and "silence" in note


def test_notes_follow_a_sound_through_excerpts(tmp_path: Path):
    path = hole(encode(tmp_path / "x.m4a", song(4.0), RATE, "aac"))
    sound = Remarked(Excerpt(path, 1.0, 3.5))
    assert read_all(sound)[0].shape == (1, round(2.5 * RATE))
    assert len(sound.remarks) == 1 and "damaged from" in sound.remarks[0]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("x.aac", "aac"), ("x.ac3", "ac3"), ("x.wv", "wavpack"), ("x.avi", "libmp3lame"), ("x.webm", "libopus")],
)
def test_where_time_cannot_be_kept_the_file_is_refused(tmp_path: Path, name: str, codec: str):
    path = hole(encode(tmp_path / name, song(4.0, 48_000), 48_000, codec))
    with pytest.raises(AudioReadError, match=r"is (damaged|cut short)"):
        read(path)


@pytest.mark.parametrize(
    ("name", "codec"), [("x.m4a", "aac"), ("x.mka", "aac"), ("x.aac", "aac"), ("x.mp3", "libmp3lame")]
)
@pytest.mark.parametrize("left", [0.3, 0.5, 0.93])
def test_a_cut_file_is_refused(tmp_path: Path, name: str, codec: str, left: float):
    path = encode(
        tmp_path / name, song(2.0), RATE, codec, muxer={"movflags": "+faststart"} if "m4a" in name else {}
    )
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
    with pytest.raises(AudioReadError, match="cut short"):
        read(path)


@pytest.mark.parametrize("ending", ["mp3", "ogg", "opus", "aac"])
def test_joined_files_are_read_whole(tmp_path: Path, ending: str):
    path, rate = tmp_path / f"x.{ending}", 48_000
    if ending == "ogg":
        write(path, song(1.0, rate), rate)
    else:
        encode(path, song(1.0, rate), rate, {"mp3": "libmp3lame", "opus": "libopus", "aac": "aac"}[ending])
    one = read(path).samples
    path.write_bytes(3 * path.read_bytes())
    joined = read(path).samples
    assert joined.shape[1] == 3 * one.shape[1]
    for part in np.split(joined, 3, axis=1):
        assert np.abs(part[:, 3000:] - one[:, 3000:]).max() < (0.05 if ending == "aac" else 1e-4)


CODECS = {"m4a": "aac", "mka": "aac", "flv": "aac", "wv": "wavpack", "tta": "tta", "voc": "pcm_s16le"}


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac", *CODECS])
def test_joined_files_that_no_program_reads_on_are_refused(tmp_path: Path, ending: str):
    path = tmp_path / f"x.{ending}"
    if ending in CODECS:
        encode(path, song(1.0), RATE, CODECS[ending])
    else:
        soundfile.write(path, song(1.0).T, RATE)
    path.write_bytes(2 * path.read_bytes())
    with pytest.raises(AudioReadError, match="several files"):
        read(path)


@pytest.mark.parametrize("ending", ["mp3", "ogg", "aac"])
def test_a_rate_that_changes_on_the_way_is_refused(tmp_path: Path, ending: str):
    data = b""
    for rate in (44_100, 48_000):
        path = tmp_path / f"{rate}.{ending}"
        if ending == "ogg":
            write(path, song(1.0, rate), rate)
        else:
            encode(path, song(1.0, rate), rate, "aac" if ending == "aac" else "libmp3lame")
        data += path.read_bytes()
    path.write_bytes(data)
    with pytest.raises(AudioReadError, match=r"changes (its rate|from)"):
        read(path)


def test_tags_and_rubbish_around_an_mp3_change_nothing(tmp_path: Path):
    path = encode(tmp_path / "x.mp3", song(1.0), RATE, "libmp3lame")
    one, data = read(path), path.read_bytes()
    tag = b"ID3\x03\0\0" + bytes([0, 0, 2, 0]) + bytes(256)
    ape = b"APETAGEX" + bytes([208, 7, 0, 0]) + (32).to_bytes(4, "little") + bytes(16)
    path.write_bytes(tag + tag + data + ape + b"TAG" + bytes(125) + np.random.default_rng(0).bytes(5000))
    got = read(path)
    np.testing.assert_array_equal(got.samples, one.samples)
    assert got.remarks == ()


@pytest.mark.parametrize("byte", [b"\0", b"\x5a"])
def test_what_follows_a_stream_without_a_tag_is_left_out_and_said(tmp_path: Path, byte: bytes):
    path = encode(tmp_path / "x.aac", song(1.0), RATE, "aac")
    one, data = read(path), path.read_bytes()
    path.write_bytes(data + 5000 * byte)
    got = read(path)
    np.testing.assert_array_equal(got.samples, one.samples)
    assert got.remarks == ("the last 5000 bytes are not sound and were left out",)


@pytest.mark.parametrize("count", [0, 1, 3, 76, 1 << 31])
def test_a_tag_that_counts_wrongly_takes_no_sound(tmp_path: Path, count: int):
    """Some encoders count the frame of the tag itself, too."""
    path = encode(tmp_path / "x.mp3", song(2.0), RATE, "libmp3lame")
    one, data = read(path), bytearray(path.read_bytes())
    at = max(data.find(b"Xing"), data.find(b"Info")) + 8
    true = int.from_bytes(data[at : at + 4], "big")
    data[at : at + 4] = (true + 1 if count == 1 else count).to_bytes(4, "big")
    path.write_bytes(data)
    got = read(path)
    assert 0 <= got.samples.shape[1] - one.samples.shape[1] < 2 * 1152
    np.testing.assert_array_equal(got.samples[:, : one.samples.shape[1]], one.samples)


@pytest.mark.parametrize(("ending", "codec"), [("flac", "flac"), ("wv", "wavpack"), ("tta", "tta")])
def test_a_wrong_bit_is_silence_and_no_noise_where_there_is_a_checksum(
    tmp_path: Path, ending: str, codec: str
):
    path = encode(tmp_path / f"x.{ending}", song(3.0), RATE, codec)
    one, data = read(path), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    with open_file(path) as file:
        got = file.read(1 << 20)
        ((start, stop),) = file.damage
    assert got.shape == one.samples.shape
    wrong = np.flatnonzero((got != one.samples).any(axis=0))
    assert start <= wrong[0] / RATE <= wrong[-1] / RATE < stop < start + 1.1


# ---- FLAC


def test_a_flac_of_unknown_length_is_read_whole(tmp_path: Path):
    path = tmp_path / "x.flac"
    soundfile.write(path, song(2.0).T, RATE)
    before, data = read(path).samples, bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    np.testing.assert_array_equal(read(path).samples, before)


def test_a_broken_flac_is_read_on_by_the_other_decoder_from_the_same_sample(tmp_path: Path):
    path = tmp_path / "x.flac"
    soundfile.write(path, song(3.0).T, RATE)
    before = read(path).samples
    hole(path, size=100)
    with open_file(path) as file:
        blocks = [file.read(5000)]
        while blocks[-1].shape[1]:
            blocks.append(file.read(5000))
        ((start, stop),) = file.damage
    after = np.concatenate(blocks, axis=1)
    assert after.shape == before.shape
    outside = np.r_[0 : round(start * RATE), round(stop * RATE) : after.shape[1]]
    np.testing.assert_array_equal(after[:, outside], before[:, outside])


# ---- the process


def test_only_the_named_file_is_opened(tmp_path: Path):
    encode(tmp_path / "a.ts", song(1.0), RATE, "aac")
    playlists = {
        "x.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n",
        "x.ffconcat": "ffconcat version 1.0\nfile a.ts\n",
        "x.mp3": "ffconcat version 1.0\nfile a.ts\n",
    }
    for name, text in playlists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(AudioReadError) as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("death", ["os.abort()", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_decoder_that_dies_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, death: str):
    path = encode(tmp_path / "x.m4a", song(1.0), RATE, "aac")
    monkeypatch.undo()
    popen = subprocess.Popen

    def dying(command: list[str], **options: Any) -> Any:
        return popen([sys.executable, "-c", f"import os; {death}"], **options)

    monkeypatch.setattr(ffmpeg.subprocess, "Popen", dying)
    with pytest.raises(AudioReadError, match="made its decoder stop") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_a_module_in_the_current_folder_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()
    path = encode(tmp_path / "x.m4a", song(0.2), RATE, "aac")
    (tmp_path / "av.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert read(path.name).samples.shape == song(0.2).shape


# ---- the bench


def test_a_sample_of_damaged_files_keeps_time_or_is_refused():
    damage = pytest.importorskip("damage", reason="bench/ is not part of this copy")
    figures = damage.run(84, seed=3)
    assert figures["failures"] == [] and figures["passed"]
    assert min(figures["outcomes"][kind] for kind in ("kept", "refused")) > 20


def test_the_judge_of_damage_sees_a_shift():
    damage = pytest.importorskip("damage", reason="bench/ is not part of this copy")
    sound = damage.source(22_050)[0]
    late = np.concatenate([sound[:40_000], np.zeros(1024, np.float32), sound[40_000:]])
    shifts = [shift for _, shift in damage.lags(late, sound, 22_050)]
    assert shifts[:5] == [0.0] * 5 and shifts[-1] == pytest.approx(1024 / 22_050)
