from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import numpy as np
import pytest
import soundfile
from studios import Studio, wav


def left(folder: Path) -> list[str]:
    return [
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.is_file() and p.suffix in ("", ".wav", ".part")
    ]


def header(frames: int, channels: int = 2, rate: int = 44_100) -> bytes:
    """A WAV file whose header claims more than follows."""
    size = (4 * frames * channels) & 0xFFFFFFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, channels, rate, 4 * channels * rate, 4 * channels, 32)
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + form + b"data" + struct.pack("<I", size) + bytes(800)


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as files:
        files.writestr("../../song.wav", wav())
    return held.getvalue()


def playlist(path: Path) -> bytes:
    return f"#EXTM3U\n#EXTINF:1,\nfile://{path}\n#EXT-X-ENDLIST\n".encode()


def test_a_song_is_kept_as_it_is(studio, tmp_path):
    project = studio.project("Untitled")
    content = wav(1.5, 22_050, 2, "FLOAT")
    song = studio.song(project, content, "C:\\music\\My song.wav").json()
    assert (song["title"], song["rate"], song["channels"], song["frames"]) == ("My song", 22_050, 2, 33_075)
    assert studio.client.get(f"/api/projects/{project}").json()["title"] == "My song"
    samples, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    answer = studio.client.get(f"/api/projects/{project}/takes/song/sound/song?frames=99999")
    assert np.array_equal(np.frombuffer(answer.content, "<f4").reshape(-1, 2), samples)
    assert answer.headers["x-rate"] == "22050" and answer.headers["x-total"] == "33075"
    assert studio.song(project).status_code == 409
    assert not list((tmp_path / "studio" / ".uploads").iterdir())


def test_hostile_files_are_refused_in_one_line_and_leave_nothing(studio, tmp_path):
    project = studio.project()
    (tmp_path / "secret.wav").write_bytes(wav())
    cases = {
        "empty": b"",
        "text": b"hello " * 1000,
        "zeros": bytes(5000),
        "claims 2 GB": header(300_000_000),
        "claims more channels": header(100, 4000),
        "no rate": header(100, 2, 0),
        "archive": archive(),
        "playlist": playlist(tmp_path / "secret.wav"),
        "concat": f"ffconcat version 1.0\nfile {tmp_path}/secret.wav\n".encode(),
        "cut": wav(2.0)[:5000],
        "not numbers": wav(0.1, subtype="FLOAT")[:-8] + struct.pack("<2f", float("nan"), 1.0),
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(3000),
        "mp3 of noise": b"ID3" + np.random.default_rng(0).bytes(4000),
    }
    for name, content in cases.items():
        answer = studio.song(project, content, f"../../{name}.mp3")
        assert answer.status_code == 422, (name, answer.text)
        line = answer.json()["detail"]
        assert "\n" not in line and str(tmp_path) not in line and "unexpected" not in line, (name, line)
    assert left(tmp_path / "studio") == [".lock"]
    assert [p.name for p in tmp_path.iterdir()] == ["secret.wav", "studio"] or len(
        list(tmp_path.iterdir())
    ) == 2
    assert studio.song(project).status_code == 200


def test_limits_on_length_and_size(opened):
    studio = opened(upload=300_000, seconds=2.0, decoded=100_000)
    project = studio.project()
    for content, status, word in (
        (wav(3.0), 422, "minutes"),
        (wav(1.9), 422, "larger"),
        (bytes(400_000), 413, "MiB"),
    ):
        answer = studio.song(project, content)
        assert answer.status_code == status and word in answer.json()["detail"], answer.text


def test_an_endless_stream_is_cut(serving, tmp_path):
    server = serving(limits={"upload": 5_000_000})
    studio = Studio(httpx2.Client(base_url=server.base, timeout=30))
    project, sent = studio.project(), 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield wav()[:44]
        while True:
            sent += 65_536
            yield bytes(65_536)

    try:
        answer = studio.client.put(f"/api/projects/{project}/song", content=endless())
        assert answer.status_code == 413
    except httpx2.TransportError:  # it closed the connection while more was coming
        pass
    assert sent < 50_000_000
    assert studio.song(project).status_code == 200
    assert not list((tmp_path / "studio" / ".uploads").iterdir())


def test_a_stream_that_stops_is_given_up(serving, tmp_path):
    server = serving(limits={"idle_seconds": 0.5})
    studio = Studio(httpx2.Client(base_url=server.base, timeout=30))
    project = studio.project()

    def slow() -> Iterator[bytes]:
        yield wav()
        time.sleep(3)
        yield b"more"

    began = time.monotonic()
    with suppress(httpx2.TransportError):
        assert studio.client.put(f"/api/projects/{project}/song", content=slow()).status_code == 408
    assert time.monotonic() - began < 6
    assert not list((tmp_path / "studio" / ".uploads").iterdir())


def test_a_reader_that_needs_too_much_memory_ends_alone(opened):
    studio = opened(memory=60 << 20)
    project = studio.project()
    answer = studio.song(project)
    assert answer.status_code == 422 and "detail" in answer.json()
    assert studio.project() == "0002"


def test_given_stems_become_a_take_and_are_brought_together(studio):
    project = studio.project()
    url = f"/api/projects/{project}/stems"
    first = studio.client.post(url, params={"stem": "bass", "name": "my bass.wav"}, content=wav(1.0, 8000, 2))
    assert first.status_code == 201 and first.json()["title"] == "my bass"
    second = studio.client.post(url, params={"stem": "drums"}, content=wav(2.0, 16_000, 1)).json()
    assert second["id"] == first.json()["id"] and [s["name"] for s in second["stems"]] == ["bass", "drums"]
    assert (second["rate"], second["channels"], second["total"]) == (8000, 2, 16_000)
    third = studio.client.post(url, params={"stem": "bass"}, content=wav()).json()
    assert third["id"] != second["id"] and third["task"] == "given"
    for stem in ("kazoo", "../x", "mix", ""):
        assert studio.client.post(url, params={"stem": stem}, content=wav()).status_code == 422
    answer = studio.client.get(f"/api/projects/{project}/takes/{second['id']}/sound/drums?frames=99999")
    assert len(answer.content) == 16_000 * 2 * 4


def test_uploads_of_an_open_studio_are_removed_in_time(opened, tmp_path):
    studio = opened(token="right", kept_seconds=0.0)
    studio.client.headers["authorization"] = "Bearer right"
    project = studio.project()
    studio.song(project)
    studio.client.post(f"/api/projects/{project}/stems", params={"stem": "bass"}, content=wav())
    studio.take(project)
    studio.client.app.state.studio.remove_expired()
    found = studio.client.get(f"/api/projects/{project}").json()
    assert found["song"] is None and [take["task"] for take in found["takes"]] == ["generate"]
    assert not list((tmp_path / "studio").glob("*/song.wav"))


def test_on_this_machine_nothing_is_removed(opened):
    studio = opened(kept_seconds=0.0)
    project = studio.project()
    studio.song(project)
    studio.client.app.state.studio.remove_expired()
    assert studio.client.get(f"/api/projects/{project}").json()["song"]["expires"] is None


@pytest.mark.parametrize(
    "body",
    [b'{"title": "' + b"x" * 2_000_001 + b'"}', b"[" * 500_000, b'{"title": "\\ud800"}', b"\xff", b"{"],
)
def test_hostile_bodies_are_refused_in_one_line(studio, body):
    answer = studio.client.post("/api/projects", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 413, 422), answer.text
    assert set(answer.json()) == {"detail"} and "\n" not in answer.json()["detail"]
