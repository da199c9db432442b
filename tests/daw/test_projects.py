"""Projects for workstations, read back by other readers."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import av
import numpy as np
import pytest
import rpp
import soundfile
from daw.dawproject_format import faults
from tiny import save_tiny_model

import msgld
from msgld.api.daw import score_of
from msgld.api.notes import save_notes
from msgld.audio.stream import ArrayStream
from msgld.daw.dawproject import METADATA, PROJECT, project_element, write_dawproject
from msgld.daw.project import Project, Recording, printable, project_of
from msgld.daw.reaper import TICKS, quoted, reaper_text
from msgld.daw.stem_mp4 import BLOCK, FULL, with_child, write_stem_mp4
from msgld.errors import AudioWriteError, UsageError
from msgld.music.bars import COMMON, Signature, Timeline, bars_of
from msgld.music.notes import Notes
from msgld.music.score import Score

RATE, FRAMES = 44_100, 44_100 * 5 + 7
TIMELINE = Timeline(np.array([0.0, 4.0, 7.0, 11.0]), np.array([0.0, 2.0, 4.1, 5.9]))
SIGNATURES = (Signature(0.0, 4, 4), Signature(4.0, 3, 4))


def notes(seed: int) -> Notes:
    rng = np.random.default_rng(seed)
    onset = np.sort(np.rint(rng.uniform(0, 9, 40) * TICKS) / TICKS)
    duration = np.rint(rng.uniform(0.1, 2, 40) * TICKS) / TICKS
    # A pitch for each note: one that is struck again while it sounds has no single reading.
    return Notes.of(onset, duration, np.arange(30, 70), rng.integers(1, 128, 40))


SCORE = Score(
    bars_of(SIGNATURES, 10.0), TIMELINE, {"bass": notes(0), "piano": notes(1), "drums": Notes.of(*np.zeros((4, 0)))},
    SIGNATURES,
)  # fmt: skip


def project(
    name: str = "a song", markers: tuple[tuple[float, str], ...] = ((0.0, "A"), (4.0, 'the "B" part'))
) -> Project:
    recordings = {
        stem: Recording(PurePosixPath(f"{stem}.wav"), RATE, channels, FRAMES / RATE)
        for stem, channels in (("bass", 1), ("no_bass", 2))
    }
    return project_of("a song", recordings, SCORE, markers)


def parsed(one: Project) -> rpp.Element:
    return rpp.loads(reaper_text(one))


def events(source: rpp.Element) -> Iterator[tuple[int, int, int, int]]:
    """Tick, status, pitch and velocity of a source of notes."""
    tick = 0
    for row in source.findall("E"):
        tick += int(row[1])
        yield (tick, *(int(part, 16) for part in row[2:5]))


def test_reaper_has_a_track_for_each_stem_and_for_its_notes() -> None:
    tracks = parsed(project()).findall("TRACK")
    assert [one.find("NAME")[1] for one in tracks] == ["bass", "no_bass", "bass notes", "piano notes"]
    for one, file in zip(tracks, ("bass.wav", "no_bass.wav"), strict=False):
        item = one.find("ITEM")
        source = item.find("SOURCE")
        assert source.attrib == ["WAVE"] and source.find("FILE")[1] == file
        assert float(item.find("POSITION")[1]) == 0
        assert round(float(item.find("LENGTH")[1]) * RATE) == FRAMES


def test_reaper_reads_back_the_notes() -> None:
    tracks = parsed(project()).findall("TRACK")
    for one, truth in zip(tracks[2:], (notes(0), notes(1)), strict=True):
        source = one.find("ITEM").find("SOURCE")
        assert source.attrib == ["MIDI"] and source.find("HASDATA")[1:] == ["1", str(TICKS), "QN"]
        found = list(events(source))
        struck = {pitch: (tick, velocity) for tick, status, pitch, velocity in found if status == 0x90}
        ended = {pitch: tick for tick, status, pitch, _ in found if status == 0x80}
        for onset, duration, pitch, velocity in zip(
            truth.onset, truth.duration, truth.pitch.tolist(), truth.velocity.tolist(), strict=True
        ):
            assert struck[pitch] == (round(onset * TICKS), velocity)
            assert ended[pitch] == round((onset + duration) * TICKS)


def test_reaper_has_the_tempo_and_the_metre_at_their_seconds() -> None:
    root = parsed(project())
    points = [[float(part) for part in row[1:]] for row in root.find("TEMPOENVEX").findall("PT")]
    beats = [0.0, 4.0, 7.0]
    assert [point[0] for point in points] == pytest.approx(TIMELINE.at(np.array(beats)).tolist())
    assert [point[1] for point in points] == pytest.approx([120.0, 60 * 3 / 2.1, 60 * 4 / 1.8])
    assert [int(point[3]) for point in points[:2]] == [4 << 16 | 4, 4 << 16 | 3] and len(points[2]) == 3
    markers = root.findall("MARKER")
    assert [(float(one[2]), one[3]) for one in markers] == [(0.0, "A"), (2.0, 'the "B" part')]


@pytest.mark.parametrize(
    "text", ["plain", "two words", 'a "quote"', "it's", 'it\'s a "quote"', "a\nline", "", "ünï"]
)
def test_names_with_quotes_stay_one_value(text: str) -> None:
    root = rpp.loads(f"<A\n  NAME {quoted(text)} 7\n>")
    assert root.find("NAME")[1:] == [" ".join(text.split()), "7"]


def test_every_element_is_one_of_the_public_format() -> None:
    assert faults(project_element(project(), "1")) == []
    assert faults(project_element(project(markers=()), "1")) == []
    broken = project_element(project(), "1")
    broken.find("Structure/Track").set("mood", "blue")
    broken.find("Arrangement").append(ElementTree.Element("Lanes"))
    broken.find("Arrangement/Lanes/Lanes").set("track", "nobody")
    assert len(faults(broken)) == 4, "the table finds faults"


def test_dawproject_reads_back_sounds_notes_and_time(tmp_path: Path) -> None:
    one = project()
    for stem in ("bass", "no_bass"):
        (tmp_path / f"{stem}.wav").write_bytes(stem.encode() * 99)
    path = tmp_path / "a.dawproject"
    write_dawproject(one, tmp_path, path, "1")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and set(archive.namelist()) == {
            PROJECT, METADATA, "audio/bass.wav", "audio/no_bass.wav"
        }  # fmt: skip
        assert archive.read("audio/bass.wav") == b"bass" * 99
        root = ElementTree.fromstring(archive.read(PROJECT))
        assert ElementTree.fromstring(archive.read(METADATA)).findtext("Title") == "a song"
    names = {lane.get("id"): lane.get("name") for lane in root.iter("Track")}
    lanes = {names[lane.get("track")]: lane for lane in root.findall("Arrangement/Lanes/Lanes")}
    audio = lanes["bass"].find("Clips/Clip/Audio")
    assert round(float(audio.get("duration")) * RATE) == FRAMES and audio.get("channels") == "1"
    clip = lanes["no_bass"].find("Clips/Clip")
    assert float(clip.get("duration")) == pytest.approx(float(TIMELINE.beat_at(np.array([FRAMES / RATE]))[0]))
    found = [[float(note.get(key)) for key in ("time", "duration", "key", "vel")]
             for note in lanes["piano notes"].iter("Note")]  # fmt: skip
    truth = notes(1)
    np.testing.assert_allclose(
        found, np.stack([truth.onset, truth.duration, truth.pitch, truth.velocity / 127], 1), atol=1e-6
    )
    tempo = root.findall("Arrangement/TempoAutomation/RealPoint")
    assert [float(point.get("time")) for point in tempo] == [0.0, 4.0, 7.0]
    metres = root.findall("Arrangement/TimeSignatureAutomation/TimeSignaturePoint")
    assert [point.get("numerator") for point in metres] == ["4", "3"]


def pickup(fraction: float) -> Project:
    """Bars after an upbeat: tempo changes at beats that no decimal number is equal to."""
    beats = np.array([0.0, fraction, 4 + fraction, 8 + fraction])
    timeline = Timeline(beats, np.array([0.0, 0.3, 2.3, 3.9]))
    return Project(
        "x", (), timeline, (Signature(0.0, 1, 4), Signature(fraction, 4, 4), Signature(6 + fraction, 3, 4))
    )


@pytest.mark.parametrize("fraction", [1 / 3, 2 / 3, 0.1234567891, 1.0])
def test_after_an_upbeat_every_tempo_is_at_its_own_beat(fraction: float) -> None:
    """Played by REAPER's rule, a tempo until the next point, each beat comes at its second."""
    one = pickup(fraction)
    points = [[float(part) for part in row[1:]] for row in parsed(one).find("TEMPOENVEX").findall("PT")]
    seconds, bpm = np.array([point[:2] for point in points]).T
    beats = np.concatenate(([0.0], np.cumsum(np.diff(seconds) * bpm[:-1] / 60)))
    np.testing.assert_allclose(beats, [0, fraction, 4 + fraction, 6 + fraction], atol=1e-8)
    np.testing.assert_allclose(seconds, one.timeline.at(beats), atol=1e-8)
    assert bpm[-1] == pytest.approx(150) and [len(point) for point in points] == [6, 6, 3, 6]
    tempo = project_element(one, "1").findall("Arrangement/TempoAutomation/RealPoint")
    assert [float(point.get("value")) for point in tempo] == pytest.approx([60 * fraction / 0.3, 120, 150])


def with_notes(*rows: tuple[float, float, int, int]) -> Project:
    """Onset, duration, pitch, velocity of the notes."""
    score = Score(bars_of(COMMON, 8.0), Timeline.steady(120.0), {"bass": Notes.of(*np.array(rows).T)}, COMMON)
    return project_of("x", {}, score)


def test_notes_of_one_pitch_do_not_end_each_other() -> None:
    one = with_notes((0, 4, 40, 90), (1, 1, 40, 80), (1, 2, 40, 70), (3, 1, 40, 60), (0.5, 3, 41, 50))
    (track,) = parsed(one).findall("TRACK")
    found, sounding, ended = [], {}, []
    for tick, status, pitch, velocity in events(track.find("ITEM").find("SOURCE")):
        if status == 0x90:
            assert pitch not in sounding
            sounding[pitch] = (tick, velocity)
        elif status == 0x80:
            start, loud = sounding.pop(pitch)
            found.append((start / TICKS, tick / TICKS, pitch, loud))
        else:
            ended.append(tick)
    assert (
        sorted(found) == [(0, 1, 40, 90), (0.5, 3.5, 41, 50), (1, 3, 40, 70), (3, 4, 40, 60)]
        and len(ended) == 1
    )


def test_notes_at_odd_places_are_valid_in_both() -> None:
    one = with_notes((-0.25, 1, 40, 90), (2, 0, 41, 1), (7.9999999, 3, 127, 127))
    (track,) = parsed(one).findall("TRACK")
    ticks = [row[:3] for row in events(track.find("ITEM").find("SOURCE"))]
    assert ticks[0] == (0, 0x90, 40) and (1921, 0x80, 41) in ticks and ticks[-1][1] == 0xB0
    root = project_element(one, "1")
    found = {
        note.get("key"): (float(note.get("time")), float(note.get("duration"))) for note in root.iter("Note")
    }
    assert found["40"] == (0, 0.75) and found["41"][1] > 0 and faults(root) == []


@pytest.mark.parametrize(
    ("rate", "channels", "frames"),
    [
        (96_000, 1, 96_000 * 3 + 1),
        (44_100, 2, 44_100 * 3 + 7),
        (8_000, 1, 1),
        (192_000, 6, 192_000 * 3600 + 11),
    ],
)
def test_stems_of_any_length_rate_and_width_keep_every_sample(rate: int, channels: int, frames: int) -> None:
    recordings = {
        "bass": Recording(PurePosixPath("bass.wav"), rate, channels, frames / rate),
        "drums": Recording(PurePosixPath("drums.wav"), 48_000, 2, 1.0),
    }
    one = project_of("x", recordings, SCORE)
    item, other = (track.find("ITEM") for track in parsed(one).findall("TRACK")[:2])
    assert round(float(item.find("LENGTH")[1]) * rate) == frames and float(other.find("LENGTH")[1]) == 1
    assert int(parsed(one).find("TRACK").find("NCHAN")[1]) == max(2, channels + channels % 2)
    root = project_element(one, "1")
    audio = root.find("Arrangement/Lanes/Lanes/Clips/Clip/Audio")
    assert round(float(audio.get("duration")) * rate) == frames and faults(root) == []
    assert (audio.get("sampleRate"), audio.get("channels")) == (str(rate), str(channels))
    clip = root.find("Arrangement/Lanes/Lanes/Clips/Clip")
    assert round(float(clip.get("playStop")) * rate) == frames
    assert one.second_at(float(clip.get("duration"))) == pytest.approx(frames / rate, abs=1e-8, rel=1e-9)


@pytest.mark.parametrize("name", ["<a> & 'b' \"c\"", "\x01\x0b", "\udcff.wav", "ünï 音", "]]>"])
def test_any_name_is_read_back_or_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "bass.wav").write_bytes(b"x")
    os.utime(tmp_path / "bass.wav", (0, 0))  # before the first year of zip files
    one = project_of(
        name, {name: Recording(PurePosixPath("bass.wav"), RATE, 2, 1.0)}, SCORE, [(0.0, name[:2])]
    )
    assert parsed(one).find("TRACK").find("NAME")[1] == printable(name).strip()
    write_dawproject(one, tmp_path, tmp_path / "a.dawproject", "1")
    with zipfile.ZipFile(tmp_path / "a.dawproject") as archive:
        root, meta = (ElementTree.fromstring(archive.read(file)) for file in (PROJECT, METADATA))
    assert meta.findtext("Title") == printable(name) and faults(root) == []
    assert root.findall("Structure/Track")[1].get("name") == printable(name)


def test_without_a_score_the_tempo_is_that_of_an_empty_project() -> None:
    bare = project_of("x", {"bass": Recording(PurePosixPath("bass.flac"), RATE, 2, 3.0)}, None)
    root = parsed(bare)
    assert root.find("TEMPO")[1:] == ["120", "4", "4"] and len(root.findall("TRACK")) == 1
    assert root.find("TRACK").find("ITEM").find("SOURCE").attrib == ["FLAC"]
    assert faults(project_element(bare, "1")) == []


# Results


@pytest.fixture(scope="module")
def separated(tmp_path_factory: pytest.TempPathFactory) -> tuple[msgld.Msgld, Path]:
    """A model with ears, and a result of it."""
    folder = tmp_path_factory.mktemp("daw")
    model = msgld.load(save_tiny_model(folder / "tiny", ears=True), device="cpu")
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 3 * RATE)).astype(np.float32)
    saved = model.separate_to((noise, RATE), folder / "song", stems=["bass", "no_bass"],
                              options=msgld.Options(quality="draft"))  # fmt: skip
    return model, saved.folder


def test_a_result_gets_projects_that_find_its_files(separated: tuple[msgld.Msgld, Path]) -> None:
    model, folder = separated
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    files = model.to_daw(folder, overwrite=True)
    assert {path.name for path in files.values()} == {"song.rpp", "song.dawproject"}
    root = rpp.loads(files["rpp"].read_text())
    sounds = [one.find("ITEM").find("SOURCE") for one in root.findall("TRACK")]
    for source in (one for one in sounds if one.attrib == ["WAVE"]):
        assert soundfile.info(folder / source.find("FILE")[1]).frames == 3 * RATE
    with zipfile.ZipFile(files["dawproject"]) as archive:
        assert archive.read("audio/bass.wav") == before["bass.wav"]
        assert faults(ElementTree.fromstring(archive.read(PROJECT))) == []
    assert all((folder / name).read_bytes() == data for name, data in before.items() if "song." not in name)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_notes_belong_to_the_stem_that_their_file_names(tmp_path: Path) -> None:
    """Both stems have the program of a piano."""
    run = save_notes(SCORE, tmp_path)
    found = score_of(tmp_path, run)
    assert found is not None and {stem: len(one) for stem, one in found.notes.items()} == {
        "bass": 40,
        "piano": 40,
    }
    np.testing.assert_allclose(np.sort(found.notes["bass"].onset), np.sort(notes(0).onset), atol=1.1e-3)
    assert score_of(tmp_path, {"files": {}}) is None


def test_projects_are_replaced_only_where_that_is_asked_for(separated: tuple[msgld.Msgld, Path]) -> None:
    model, folder = separated
    model.to_daw(folder, overwrite=True)
    with pytest.raises(AudioWriteError, match="exists"):
        model.to_daw(folder)


def test_what_is_no_result_is_refused(separated: tuple[msgld.Msgld, Path], tmp_path: Path) -> None:
    model, _ = separated
    with pytest.raises(UsageError, match="no result"):
        model.to_daw(tmp_path)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(UsageError, match="no record"):
        model.to_daw(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"files": {"bass": "../bass.wav"}}))
    with pytest.raises(AudioWriteError, match="outside"):
        model.to_daw(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"files": {}}))
    with pytest.raises(UsageError, match="neither"):
        model.to_daw(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


# Stem files for DJ software


def tracks_of(path: Path) -> list[np.ndarray]:
    """Samples (channels, n) of the sound tracks of an MP4 file."""
    found = []
    for number in range(5):
        with av.open(str(path)) as file:
            found.append(np.concatenate([frame.to_ndarray() for frame in file.decode(audio=number)], axis=1))
    return found


def stem_box(data: bytes) -> dict[str, Any]:
    """What is in ``moov/udta/stem``."""
    for kind in (b"moov", b"udta", b"stem"):
        place, found = 0, b""
        while place < len(data):
            size = int.from_bytes(data[place : place + 4], "big")
            if data[place + 4 : place + 8] == kind:
                found = data[place + 8 : place + size]
            place += size
        data = found
    return json.loads(data)


def test_a_stem_file_has_the_mix_and_four_stems_to_the_sample(tmp_path: Path) -> None:
    rng, frames = np.random.default_rng(0), 3 * BLOCK + 7
    sounds = {stem: np.rint(rng.uniform(-3000, 3000, (channels, frames))).astype(np.float32) / FULL
              for stem, channels in {"bass": 2, "guitar": 1, "piano": 2, "vocals": 2}.items()}  # fmt: skip
    path = tmp_path / "x.stem.mp4"
    gain = write_stem_mp4(
        path, 48_000, lambda: nullcontext({k: ArrayStream(v, 48_000) for k, v in sounds.items()})
    )
    mix, drums, bass, other, vocals = (track.astype(int) for track in tracks_of(path))
    assert gain == 1 and mix.shape == (2, frames) and not drums.any()
    whole = {stem: np.rint(sound * FULL).astype(int) for stem, sound in sounds.items()}
    np.testing.assert_array_equal(bass, whole["bass"])
    np.testing.assert_array_equal(vocals, whole["vocals"])
    assert np.abs(other - whole["guitar"] - whole["piano"]).max() <= 1
    assert np.abs(mix - drums - bass - other - vocals).max() <= 2
    assert [one["name"] for one in stem_box(path.read_bytes())["stems"]] == [
        "Drums",
        "Bass",
        "Other",
        "Vocals",
    ]
    with av.open(str(path)) as file:
        assert [(one.codec_context.name, one.start_time, one.rate) for one in file.streams.audio] == 5 * [
            ("alac", 0, 48_000)
        ]


def test_stems_whose_sum_would_clip_are_turned_down_alike(tmp_path: Path) -> None:
    loud = 0.8 * np.ones((2, 5000), np.float32)
    path = tmp_path / "x.stem.mp4"
    gain = write_stem_mp4(
        path,
        44_100,
        lambda: nullcontext({"bass": ArrayStream(loud, 44_100), "drums": ArrayStream(loud, 44_100)}),
    )
    mix, drums, bass, *_ = tracks_of(path)
    assert gain == pytest.approx(1 / 1.6) and mix.max() == FULL and (drums == bass).all()


def test_a_box_is_put_where_it_belongs_and_the_others_stay() -> None:
    def box(kind: bytes, body: bytes = b"") -> bytes:
        return (8 + len(body)).to_bytes(4, "big") + kind + body

    new = box(b"stem", b"{}")
    moov = box(b"moov", box(b"mvhd", b"1234") + box(b"udta", box(b"meta", b"56")) + box(b"trak"))
    wanted = box(b"moov", box(b"mvhd", b"1234") + box(b"udta", box(b"meta", b"56") + new) + box(b"trak"))
    assert with_child(moov, [b"udta"], new) == wanted
    assert with_child(box(b"moov", box(b"mvhd")), [b"udta"], new) == box(
        b"moov", box(b"mvhd") + box(b"udta", new)
    )


def test_a_result_gets_a_stem_file(separated: tuple[msgld.Msgld, Path]) -> None:
    model, folder = separated
    path, remarks = model.to_stem_mp4(folder, overwrite=True)
    assert not remarks and path.name == "song.stem.mp4" and tracks_of(path)[0].shape == (2, 3 * RATE)
    with pytest.raises(AudioWriteError, match="exists"):
        model.to_stem_mp4(folder)


def test_a_stem_file_that_was_turned_down_says_so(
    separated: tuple[msgld.Msgld, Path], tmp_path: Path
) -> None:
    for stem in ("bass", "drums"):
        soundfile.write(tmp_path / f"{stem}.wav", np.full((RATE, 2), 0.8, np.float32), RATE, "FLOAT")
    run = {"files": {"bass": "bass.wav", "drums": "drums.wav"}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    _, (remark,) = separated[0].to_stem_mp4(tmp_path)
    assert "turned down by 4.1 dB" in remark
