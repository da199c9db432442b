"""The tasks as jobs, with a model of the real kind: what becomes of their results on the disk."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from clicks import RATE, ClickListener, ClickTracker, clicks, on_frames
from score_tiny import tiny_score_model
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model
from msgld.errors import Cancelled
from msgld.progress import CancelToken, Progress
from msgld.studio.jobs.order import Order
from msgld.studio.library.projects import ProjectFolder, Projects
from msgld.studio.settings import TASKS
from msgld.studio.worker.finishing import NOTES
from msgld.studio.worker.tasks import carry_out

BEATS = on_frames(0.3 + 0.5 * np.arange(17))
SECONDS = float(BEATS[-1]) + 0.5


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    model = load_model(save_tiny_model(tmp_path_factory.mktemp("model")))
    model.listener, model.beat_tracker = ClickListener().eval(), ClickTracker().eval()  # type: ignore[assignment]
    model.score = tiny_score_model()
    return msgld.Msgld(model)


@pytest.fixture
def place(tmp_path: Path) -> ProjectFolder:
    place = Projects(tmp_path).create("Song")
    sound = np.repeat(clicks(BEATS, SECONDS), 2, axis=0).T
    soundfile.write(place.song, sound, RATE, subtype="FLOAT")
    return place


class Doing:
    """Carries out jobs in one project."""

    def __init__(self, model: msgld.Msgld, place: ProjectFolder) -> None:
        self.model, self.place = model, place
        self.reports: list[dict[str, Any]] = []
        self.progress: list[Progress] = []

    def __call__(self, task: str, cancel: CancelToken | None = None, **settings: Any) -> Any:
        take = self.place.takes.new_id()
        chosen = TASKS[task].model_validate(
            {"quality": "draft", **settings} if task != "render" else settings
        )
        order = Order(
            task, chosen, self.place, take, "A take", self.progress.append,
            lambda **report: self.reports.append(report), cancel or CancelToken(),
        )  # fmt: skip
        carry_out(self.model, order)
        assert not self.place.takes.unfinished()
        return self.place.takes.read(take)

    def notes(self, take: Any) -> dict[str, Any]:
        return json.loads((self.place.takes.numbers()[take.id] / NOTES).read_text())

    def sound(self, take: Any, name: str) -> np.ndarray:
        return soundfile.read(self.place.takes.file(take.id, name), dtype="float32", always_2d=True)[0]


def rows(notes: list[dict[str, float]]) -> np.ndarray:
    """Notes as rows, by time and pitch."""
    order = sorted(notes, key=lambda note: (round(note["start"], 2), note["pitch"]))
    return np.array(
        [[note[name] for name in ("start", "stop", "pitch", "velocity")] for note in order]
    ).reshape(-1, 4)


def same_notes(one: list[dict[str, float]], other: list[dict[str, float]]) -> bool:
    """Whether notes are the same but for the ticks of MIDI files."""
    return len(one) == len(other) and np.allclose(rows(one), rows(other), atol=5e-3)


@pytest.fixture
def do(band: msgld.Msgld, place: ProjectFolder) -> Doing:
    return Doing(band, place)


def test_a_separation_can_be_listened_to_as_it_grows_and_sums_to_the_song(do, place):
    take = do("separate")
    assert take.whole and take.origin == "sound" and not take.mix
    assert do.reports[-1] == {"grown": take.total} and take.total == soundfile.info(place.song).frames
    total = sum(do.sound(take, stem.name).astype(np.float64) for stem in take.stems)
    song = soundfile.read(place.song, dtype="float32")[0]
    assert np.abs(total - song).max() < 1e-5
    assert do.progress[-1].fraction == 1.0


def test_a_piece_has_sound_notes_bars_and_chords(do):
    take = do("generate", bars=4, key="Am", style="rock", seed=2, make=["bass", "drums"])
    assert take.origin == "notes" and take.mix and take.key == "Am"
    assert [stem.name for stem in take.stems] == ["bass", "drums"] and all(stem.made for stem in take.stems)
    notes = do.notes(take)
    assert len(notes["bars"]) == 5 and len(notes["chords"]) == 4 and len(notes["beats"]) == 17
    assert all(note["start"] < note["stop"] for part in notes["stems"].values() for note in part)
    assert {"bass", "mix", "bass.mid", "mix.mid", "run.json", "notes.png"} <= set(take.files)


def test_edited_notes_are_played_and_all_else_stays_as_it_is(do):
    take = do("generate", bars=4, key="Am", style="rock", seed=2, make=["bass", "piano", "drums"])
    before = do.notes(take)
    same = do("render", take=take.id, stem="piano", notes=before["stems"]["piano"])
    old, new = do.sound(take, "piano"), do.sound(same, "piano")
    assert (
        np.corrcoef(old.ravel(), new.ravel())[0, 1] > 0.95
    )  # notes at random collide, and their ticks are rounded
    edited = [{"start": 1.0, "stop": 1.5, "pitch": 60, "velocity": 100}]
    other = do("render", take=take.id, stem="piano", notes=edited)
    for stem in ("bass", "drums"):
        assert np.array_equal(do.sound(take, stem), do.sound(other, stem))
        assert same_notes(do.notes(other)["stems"][stem], before["stems"][stem])
    (note,) = do.notes(other)["stems"]["piano"]
    assert note["start"] == pytest.approx(1.0, abs=2e-3) and note["pitch"] == 60
    silent = do("render", take=take.id, stem="piano", notes=[])
    assert np.abs(do.sound(silent, "piano")).max() == 0
    assert other.key == "Am" and other.origin == "notes" and other.total == take.total


def test_stems_are_kept_made_and_replayed(do):
    take = do("generate", bars=4, style="rock", seed=2, make=["bass", "drums", "piano"])
    made = do("arrange", take=take.id, keep=["bass", "drums"], make=["guitar"], seed=3)
    assert [stem.name for stem in made.stems] == ["bass", "drums", "guitar"]
    assert same_notes(do.notes(made)["stems"]["bass"], do.notes(take)["stems"]["bass"])
    again = do("arrange", take=take.id, make=["bass"], bars=[2, 3], seed=3)
    old, new, lines = do.notes(take), do.notes(again), do.notes(take)["bars"]
    assert set(new["stems"]) == set(old["stems"])
    assert same_notes(new["stems"]["drums"], old["stems"]["drums"])

    def outside(notes: dict[str, Any]) -> list[Any]:
        low, high = lines[1] - 0.1, lines[3] + 0.1  # notes may begin a little beside their bar
        return [note for note in notes["stems"]["bass"] if not low <= note["start"] < high]

    assert same_notes(outside(new), outside(old))
    assert not same_notes(new["stems"]["bass"], old["stems"]["bass"])


def test_takes_are_varied_and_extended(do):
    take = do("generate", bars=4, style="rock", seed=2, make=["bass", "drums"])
    varied = do("vary", take=take.id, noise=0.9, seed=1)
    assert do.notes(varied)["stems"] != do.notes(take)["stems"] and varied.origin == "notes"
    same = do("vary", take=take.id, noise=0.0)
    assert all(
        same_notes(do.notes(same)["stems"][stem], do.notes(take)["stems"][stem]) for stem in ("bass", "drums")
    )
    longer = do("extend", take=take.id, seconds=4.0)
    assert longer.seconds > take.seconds + 2


def test_a_song_is_transcribed_arranged_and_rendered(do):
    found = do("transcribe")
    assert {"bass", "bass.mid", "mix.mid"} <= set(found.files) and found.origin == "sound"
    played = [stem.name for stem in found.stems if stem.notes]
    assert played and all(stem.sound for stem in found.stems)
    edited = do("render", take=found.id, stem=played[0], notes=[{"start": 1, "stop": 2, "pitch": 50}])
    others = [stem.name for stem in found.stems if stem.name != played[0]]
    assert all(np.abs(do.sound(found, name) - do.sound(edited, name)).max() < 1e-6 for name in others)
    made = do("arrange", make=["piano"], seed=1)
    assert {stem.name for stem in made.stems if stem.made} == {"piano"}
    assert made.total == found.total


def test_transcribing_a_take_keeps_its_sound(do):
    take = do("separate", stems=["bass", "drums"])
    found = do("transcribe", take=take.id)
    for name in ("bass", "drums"):
        assert np.array_equal(do.sound(take, name), do.sound(found, name))
    do.place.takes.delete(take.id)
    assert len(do.sound(found, "bass")) == take.total


def test_a_cancelled_job_leaves_no_take(do, place):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        do("separate", cancel=token)
    assert not place.takes.numbers()


def test_projects_for_workstations_are_written_once(opened, band, tmp_path):
    """With the real process, which opens the shipped model."""
    studio = opened(tmp_path / "projects")
    project = studio.project()
    place = studio.client.app.state.studio.projects.place(project)
    take = Doing(band, place)("generate", bars=2, style="rock", make=["bass", "drums"])
    url = f"/api/projects/{project}/takes/{take.id}"
    answer = studio.client.get(f"{url}/zip?daw=true")
    assert answer.status_code == 200, answer.text
    (tmp_path / "x.zip").write_bytes(answer.content)
    with zipfile.ZipFile(tmp_path / "x.zip") as found:
        endings = {Path(name).suffix for name in found.namelist()}
    assert {".rpp", ".dawproject", ".wav", ".mid"} <= endings
    assert {"rpp", "dawproject"} <= set(studio.client.get(url).json()["files"])
    assert studio.client.get(f"{url}/files/rpp").content[:15] == b"<REAPER_PROJECT"


def test_a_job_stops_within_a_network_call(band, do, place):
    """The blocks of the network see the flag, not only the windows of the song."""
    token, blocks = CancelToken(), []

    def first_block(*_: object) -> None:
        blocks.append(1)
        token.cancel()

    hook = band.model.denoiser.network.blocks[0].register_forward_hook(first_block)
    try:
        with pytest.raises(Cancelled):
            do("separate", cancel=token)
        assert blocks == [1]
    finally:
        hook.remove()
    assert not place.takes.numbers()
