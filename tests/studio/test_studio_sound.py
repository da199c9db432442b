from __future__ import annotations

import io
import itertools
import zipfile

import numpy as np
import pytest
from PIL import Image
from studios import RATE, until, wav

from msgld.studio.library.peaks import BLOCK, Peaks, columns


def floats(answer, channels: int = 2) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, "<f4").reshape(-1, channels)


@pytest.fixture
def separated(studio):
    project = studio.project()
    studio.song(project, wav(40.0, RATE, 2, "FLOAT"))
    take = studio.take(project, task="separate", stems=["bass", "drums"])
    studio.url = f"/api/projects/{project}/takes/{take}"
    return studio


def test_stretches_join_to_the_whole(separated):
    get = separated.client.get
    song = floats(get(f"{separated.url}/sound/song", params={"frames": 10**9}))
    assert len(song) == 30 * RATE  # the most of one request
    song = np.concatenate([song, floats(get(f"{separated.url}/sound/song", params={"start": 30 * RATE}))])
    pieces = [
        floats(get(f"{separated.url}/sound/bass", params={"start": start, "frames": 7001}))
        for start in range(0, 40 * RATE + 7001, 7001)
    ]
    whole = np.concatenate(pieces)
    assert whole.shape == (40 * RATE, 2) and np.array_equal(whole, song / 2)
    assert len(floats(get(f"{separated.url}/sound/bass", params={"start": 10**12}))) == 0


def test_what_is_not_there_is_refused(separated):
    for path in (
        "sound/kazoo",
        "peaks/kazoo",
        "spectrogram/kazoo",
        "files/kazoo",
        "sound/..%2f..%2fproject.json",
        "sound/mixture",
    ):
        assert separated.client.get(f"{separated.url}/{path}").status_code == 404
    for query in ("start=-1", "frames=-1", "frames=x", "start=1e400"):
        assert separated.client.get(f"{separated.url}/sound/bass?{query}").status_code == 422
    assert separated.client.get(f"{separated.url}/peaks/bass?columns=0").status_code == 422


def test_sound_is_there_before_the_job_has_ended(studio):
    project = studio.project()
    studio.song(project, wav(60.0, RATE, 2, "FLOAT"))
    job = studio.job(project, task="separate", stems=["bass", "drums"])
    take = until(lambda: studio.state(job)["take"])
    url = f"/api/projects/{project}/takes/{take}"
    early = studio.client.get(f"{url}/sound/drums")
    assert studio.state(job)["state"] == "running"
    ready, total = int(early.headers["x-frames"]), int(early.headers["x-total"])
    assert 0 < ready < total == 60 * RATE
    found = studio.client.get(url).json()
    assert (
        not found["whole"]
        and found["frames"] >= ready
        and [s["name"] for s in found["stems"]] == ["bass", "drums"]
    )
    peaks = studio.client.get(f"{url}/peaks/drums?columns=60").json()
    assert max(peaks["max"][:2]) > 0
    assert studio.client.get(f"{url}/files/drums").status_code == 404
    studio.ended(job)
    late = studio.client.get(f"{url}/sound/drums")
    assert floats(late)[: len(floats(early))].tobytes() == early.content
    assert studio.client.get(url).json()["whole"]


def test_peaks_are_those_of_the_samples(separated):
    song = np.concatenate(
        [
            floats(separated.client.get(f"{separated.url}/sound/song?start={s}&frames={30 * RATE}"))
            for s in (0, 30 * RATE)
        ]
    )
    for count in (1, 7, 500, 2000):
        found = separated.client.get(f"{separated.url}/peaks/song?columns={count}").json()
        assert len(found["min"]) == len(found["max"]) == count
        assert max(found["max"]) == round(127 * float(song.max())) and min(found["min"]) == round(
            127 * float(song.min())
        )
    edges = np.linspace(0, len(song), 2001).astype(int)
    exact = [round(127 * float(song[low:high].max())) for low, high in itertools.pairwise(edges)]
    assert np.abs(np.array(found["max"]) - exact).max() <= 1


def test_blocks_of_peaks_do_not_depend_on_how_the_sound_arrives():
    sound = np.random.default_rng(0).uniform(-1, 1, (2, 10 * BLOCK + 77)).astype(np.float32)
    whole, pieces = Peaks(), Peaks()
    whole.add(sound)
    for start in range(0, sound.shape[1], 100):
        pieces.add(sound[:, start : start + 100])
    assert np.array_equal(whole.all(), pieces.all()) and len(whole.all()) == 11
    for count in (1, 3, 11, 40):
        drawn = columns(whole.all(), count)
        assert drawn.shape == (count, 2) and drawn[:, 1].max() == whole.all()[:, 1].max()
    assert columns(Peaks().all(), 5).tolist() == [[0, 0]] * 5


def test_a_spectrogram_shows_a_tone_at_its_height(studio):
    import soundfile

    project = studio.project()
    held = io.BytesIO()
    soundfile.write(held, 0.5 * np.sin(2 * np.pi * 500 * np.arange(5 * RATE) / RATE), RATE, format="WAV")
    studio.song(project, held.getvalue())
    answer = studio.client.get(f"/api/projects/{project}/takes/song/spectrogram/song")
    assert answer.headers["content-type"] == "image/png"
    picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"), np.float64)
    brightest = picture.mean(1).argmax()
    expected = len(picture) * (1 - np.log(500 / 40) / np.log(RATE / 2 / 40))
    assert abs(brightest - expected) < 4


def test_the_archive_holds_every_file_as_it_is(separated):
    answer = separated.client.get(f"{separated.url}/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="test-separate.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
        assert found.testzip() is None
        assert all(info.compress_type == zipfile.ZIP_STORED for info in found.infolist())
        for key in ("bass", "drums"):
            own = separated.client.get(f"{separated.url}/files/{key}").content
            assert found.read(f"test-separate/{key}.wav") == own


def test_the_soundfont_is_served(studio):
    answer = studio.client.get("/api/soundfont")
    assert answer.content[:4] == b"RIFF" and answer.content[8:12] == b"sfbk"
