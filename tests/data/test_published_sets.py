"""MUSDB18 and MoisesDB are read as they are published, from small sets in their layouts."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from inprocess import Decoding

from msgld.data.stem_folders.folder import StemFolder
from msgld.data.stem_folders.musdb import streams
from msgld.data.stem_folders.rules import parse_map
from msgld.errors import DataError
from msgld.stems import RATE

SIX = ("bass", "drums", "guitar", "piano", "vocals", "other")
FIVE = tuple(stem for stem in SIX if stem != "vocals")
PITCHES = {"drums": 3000, "bass": 60, "other": 600, "vocals": 1500}


def tone(hertz: float, seconds: float = 1.5) -> np.ndarray:
    wave = 0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, 0.5 * wave])


def loudest(x: np.ndarray) -> float:
    """The frequency of a sound's strongest partial, in Hz."""
    return float(np.abs(np.fft.rfft(x[0])).argmax() * RATE / x.shape[1])


def stem_file(path: Path, waves: list[np.ndarray], names: list[str] | None = None) -> Path:
    """An MP4 with an AAC stream for each wave, and the names of all but the first in ``moov/udta/stem``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as out:
        tracks: list[Any] = [out.add_stream("aac", rate=RATE, layout="stereo") for _ in waves]
        for start in range(0, waves[0].shape[1], 1024):
            for track, wave in zip(tracks, waves, strict=True):
                block = np.ascontiguousarray(wave[:, start : start + 1024], np.float32)
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
                out.mux(track.encode(frame))
        for track in tracks:
            out.mux(track.encode(None))
    if names is not None:
        _describe(path, names)
    return path


def _describe(path: Path, names: list[str]) -> None:
    text = json.dumps({"version": 1, "stems": [{"name": name} for name in names]}).encode()
    stem = (len(text) + 8).to_bytes(4, "big") + b"stem" + text
    udta = (len(stem) + 8).to_bytes(4, "big") + b"udta" + stem
    data = path.read_bytes()
    at = data.rindex(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    assert at + size == len(data)  # the last box, so that nothing moves
    # PyAV writes a box udta of its own at the end; the description comes before it.
    head, first = (
        (size + len(udta)).to_bytes(4, "big") + b"moov",
        int.from_bytes(data[at + 8 : at + 12], "big"),
    )
    path.write_bytes(data[:at] + head + data[at + 8 : at + 8 + first] + udta + data[at + 8 + first :])


def musdb_song(path: Path, order: tuple[str, ...] = tuple(PITCHES), **kwargs: Any) -> Path:
    waves = [tone(PITCHES[stem]) for stem in order]
    return stem_file(path, [sum(waves, np.zeros_like(waves[0])), *waves], **kwargs)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are decoded in this process."""
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)


@pytest.fixture
def musdb(tmp_path: Path) -> Path:
    musdb_song(tmp_path / "musdb18" / "train" / "A - One.stem.mp4")
    musdb_song(tmp_path / "musdb18" / "test" / "B - Two.stem.mp4", names=["Drums", "Bass", "Other", "Vox"])
    return tmp_path / "musdb18"


def test_each_stream_of_musdb18_is_its_stem(musdb: Path) -> None:
    folder = StemFolder(musdb, SIX)
    assert [song.name for song in folder.songs] == ["B - Two", "A - One"]
    for song in folder.songs:
        assert song.seconds == pytest.approx(1.5) and song.pooled == ("guitar", "piano")
        clip = folder.read(song, 0.25, 1.0)
        assert clip.present.tolist() == [True, True, False, False, True, True]
        for stem, hertz in PITCHES.items():
            x = clip.stems[SIX.index(stem)]
            assert loudest(x) == pytest.approx(hertz, abs=2)
            # Decoded to the sample: AAC's delay is cut off.
            true = tone(hertz)[:, round(0.25 * RATE) : round(1.25 * RATE)]
            assert np.abs(x - true).max() < 0.03


@pytest.mark.usefixtures("quick")
def test_without_vocals_they_are_part_of_other(musdb: Path) -> None:
    folder = StemFolder(musdb / "test", FIVE)
    clip, six = folder.read(folder.songs[0], 0.0, 1.0), StemFolder(musdb / "test", SIX)
    parts = six.read(six.songs[0], 0.0, 1.0).stems
    assert np.allclose(clip.stems[FIVE.index("other")], parts[4] + parts[5], atol=1e-6)
    assert np.allclose(clip.stems.sum(0), parts.sum(0), atol=1e-6)


@pytest.mark.usefixtures("quick")
def test_the_names_in_a_stem_file_count_and_unknown_ones_are_said(tmp_path: Path) -> None:
    order = ("vocals", "bass", "other", "drums")
    musdb_song(tmp_path / "set" / "A.stem.mp4", order, names=["Vocals", "Bass Line", "Tune", "Kick"])
    folder = StemFolder(tmp_path / "set", SIX)
    clip = folder.read(folder.songs[0], 0.0, 1.0)
    assert {stem: round(loudest(clip.stems[SIX.index(stem)])) for stem in PITCHES} == PITCHES
    (finding,) = folder.findings
    assert finding.file == "A.stem.mp4" and "'Tune'" in finding.what and finding.then == "used as other"


def test_a_stem_file_can_be_left_out_and_damage_is_said(musdb: Path) -> None:
    folder = StemFolder(musdb, SIX, rules=parse_map(["B*=ignore"], SIX))
    assert [song.name for song in folder.songs] == ["A - One"]
    path = musdb / "train" / "A - One.stem.mp4"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    folder = StemFolder(musdb, SIX)
    assert [song.name for song in folder.songs] == ["B - Two"]
    assert {one.file for one in folder.findings_of("set aside")} == {"train/A - One.stem.mp4"}
    path.write_bytes(b"x")
    assert [name for name, _, _ in streams(path, SIX)] == list(PITCHES)


@pytest.mark.usefixtures("quick")
def test_a_checked_stream_is_remembered(musdb: Path, tmp_path: Path) -> None:
    first = StemFolder(musdb, SIX, cache=tmp_path / "cache")
    again = StemFolder(musdb, SIX, cache=tmp_path / "cache")
    assert again.songs == first.songs and {file.number for file in again.songs[0].every} == {1, 2, 3, 4}


TRACKS = {
    "bass": [("bass guitar", 60), ("bass synthesizer (moog etc)", 90)],
    "drums": [("kick drum", 50)],
    "percussion": [("a-tonal percussion (claps, ...)", 5000), ("pitched percussion (mallets, ...)", 900)],
    "guitar": [("acoustic guitar", 300)],
    "piano": [("grand piano", 400)],
    "other_keys": [("synth pad", 500)],
    "bowed_strings": [("violin (solo)", 700)],
    "vocals": [("lead female singer", 1000), ("background vocals", 1200)],
}


def moises_song(folder: Path) -> Path:
    stems = []
    for stem, tracks in TRACKS.items():
        listed = []
        for number, (kind, hertz) in enumerate(tracks):
            name = f"{stem[:4]}000{number}-83cd-4c4a"
            (folder / stem).mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / stem / f"{name}.wav", tone(hertz).T, RATE, "PCM_24")
            listed.append({"id": name, "trackType": kind, "extension": "wav", "has_bleed": False})
        stems.append({"stemName": stem, "tracks": listed})
    (folder / "data.json").write_text(json.dumps({"song": "Two", "artist": "B", "stems": stems}))
    return folder


def pitches_of(x: np.ndarray) -> set[int]:
    """Frequencies of the sines in a sound of a second, in Hz."""
    spectrum = np.abs(np.fft.rfft(x[0]))
    return set(np.flatnonzero(spectrum > 0.5 * spectrum.max()).tolist())


def test_the_tracks_of_moisesdb_are_summed_by_stem(tmp_path: Path) -> None:
    moises_song(tmp_path / "moisesdb" / "moisesdb_v0.1" / "0a1b-2c")
    folder = StemFolder(tmp_path / "moisesdb", SIX)
    (song,) = folder.songs
    assert (song.name, folder.files, folder.findings) == ("0a1b-2c", 11, [])
    stems = folder.read(song, 0.0, 1.0).stems
    found = {stem: pitches_of(x) for stem, x in zip(SIX, stems, strict=True)}
    assert found == {
        "bass": {60, 90}, "drums": {50, 5000}, "guitar": {300}, "piano": {400}, "vocals": {1000, 1200},
        "other": {500, 700, 900},
    }  # fmt: skip
    ruled = StemFolder(tmp_path / "moisesdb", FIVE, rules=parse_map(["percussion/*=other"], FIVE))
    other = ruled.read(ruled.songs[0], 0.0, 1.0).stems[FIVE.index("other")]
    assert pitches_of(other) == {500, 700, 900, 1000, 1200, 5000}


def test_what_moisesdb_lists_and_lacks_is_said(tmp_path: Path) -> None:
    song = moises_song(tmp_path / "moisesdb" / "0a1b")
    (song / "guitar" / "guit0000-83cd-4c4a.wav").rename(song / "guitar" / "unlisted.wav")
    folder = StemFolder(tmp_path / "moisesdb", SIX)
    assert {(one.file, one.then) for one in folder.findings} == {
        ("0a1b/guitar/guit0000-83cd-4c4a.wav", "absent"), ("0a1b/guitar/unlisted.wav", "left out")
    }  # fmt: skip
    assert "guitar" not in folder.songs[0].files


@pytest.mark.parametrize("track", [{"id": "../../x"}, {"id": "a", "extension": "wav/.."}, {}])
def test_a_description_that_names_no_file_of_its_folder_is_refused(
    tmp_path: Path, track: dict[str, str]
) -> None:
    (tmp_path / "song").mkdir()
    description = {"stems": [{"stemName": "bass", "tracks": [{"extension": "wav", **track}]}]}
    (tmp_path / "song" / "data.json").write_text(json.dumps(description))
    with pytest.raises(DataError, match=r"data\.json is no description"):
        StemFolder(tmp_path)
