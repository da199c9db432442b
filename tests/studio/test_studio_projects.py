from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from studios import wav

HOSTILE = [
    "../../etc/passwd",
    "..",
    "a/b\\c",
    "con",
    "\x00\x1b[31m",
    "x" * 900,
    "ſтранно 音楽 \u202e",
    "",
    " . ",
]


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_never_becomes_part_of_a_path(studio, tmp_path, title):
    outside = set(tmp_path.iterdir())
    made = studio.client.post("/api/projects", json={"title": title})
    assert made.status_code == 201
    names = [p.name for p in (tmp_path / "studio").iterdir() if not p.name.startswith(".")]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and len(name) < 60 for name in names)
    assert set(tmp_path.iterdir()) == outside
    assert "\x1b" not in made.json()["title"] and made.json()["title"]


def test_projects_are_listed_renamed_and_deleted(studio, tmp_path):
    first, second = studio.project("First"), studio.project("Second")
    assert [p["title"] for p in studio.client.get("/api/projects").json()] == ["Second", "First"]
    studio.client.patch(f"/api/projects/{first}", json={"title": "Renamed"})
    assert studio.client.get(f"/api/projects/{first}").json()["title"] == "Renamed"
    assert studio.client.delete(f"/api/projects/{second}").status_code == 204
    assert studio.client.get(f"/api/projects/{second}").status_code == 404
    assert [p.name for p in (tmp_path / "studio").iterdir() if not p.name.startswith(".")] == ["0001-first"]


def test_a_damaged_project_is_listed_with_its_error_and_hurts_no_other(studio, tmp_path):
    studio.project("Good")
    bad = tmp_path / "studio" / "0007-bad"
    bad.mkdir()
    for content in ("", "{", "[1]", '{"format": 9}', '{"format": 1, "title": 3}', "[" * 100_000):
        (bad / "project.json").write_text(content)
        listed = studio.client.get("/api/projects").json()
        assert [p["id"] for p in listed] == ["0007", "0001"]
        assert "cannot be read" in listed[0]["error"] and "\n" not in listed[0]["error"]
        assert listed[1]["error"] is None
    assert studio.project("Next") == "0008"


def test_a_folder_without_a_record_is_no_project_and_is_left_alone(studio, tmp_path):
    folder = tmp_path / "studio"
    for name in ("2024-summer", "1999", "999999999", "0001-song"):
        (folder / name / "album").mkdir(parents=True)
        (folder / name / "album" / "t.txt").write_text("mine")
    assert studio.client.get("/api/projects").json() == []
    for number in ("2024", "1999", "999999999", "0001"):
        assert studio.client.delete(f"/api/projects/{number}").status_code in (404, 422)
    made = studio.project("Song")
    assert made == "0002"  # beside the folder that is called as it would be
    assert studio.client.delete(f"/api/projects/{made}").status_code == 204
    assert len(list(folder.glob("*/album/t.txt"))) == 4


def test_copies_of_projects_get_numbers_of_their_own(opened, tmp_path):
    first = opened()
    project = first.project("Song")
    first.take(project)
    first.client.__exit__(None, None, None)
    own = tmp_path / "studio" / "0001-song"
    for name in ("0001-copy", "0001-song (copy)", "Kopie von 0001-song"):
        shutil.copytree(own, own.parent / name)
    (own.parent / "0001-else").mkdir()
    listed = opened().client.get("/api/projects").json()
    assert [p["id"] for p in listed] == ["0004", "0003", "0002", "0001"]
    assert all((p["title"], p["count"], p["error"]) == ("Song", 1, None) for p in listed)
    assert (own.parent / "0001-else").is_dir()


def test_numbers_of_what_was_deleted_do_not_come_back(opened):
    studio = opened()
    project = studio.project()
    first = studio.take(project)
    assert studio.client.delete(f"/api/projects/{project}/takes/{first}").status_code == 204
    assert studio.take(project) != first
    studio.client.delete(f"/api/projects/{project}")
    assert studio.project() != project


@pytest.mark.parametrize("content", ['"\\ud800"', "NaN", "-Infinity"])
def test_what_cannot_be_sent_counts_as_damaged(studio, tmp_path, content):
    project = studio.project("Good")
    studio.take(project)
    bad = studio.project("Bad")
    studio.take(bad)
    folder = next((tmp_path / "studio").glob("0002*"))
    record = json.loads((folder / "project.json").read_text())
    for path in (next(folder.glob("takes/*/take.json")), next(folder.glob("jobs/*.json"))):
        path.write_text('{"title": %s, %s' % (content, path.read_text()[1:]))  # noqa: UP031
    assert studio.client.get(f"/api/projects/{bad}").status_code == 200
    assert studio.client.get("/api/jobs").status_code == 200
    (folder / "project.json").write_text(json.dumps(record)[:-1] + f', "title": {content}}}')
    listed = studio.client.get("/api/projects").json()
    assert [p["error"] is None for p in listed] == [False, True]


def test_a_full_disk_leaves_no_half_of_a_project(studio, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("msgld.studio.library.projects.write_json", full)
    answer = studio.client.post("/api/projects", json={"title": "New"})
    assert answer.status_code == 507 and "No space" in answer.json()["detail"]
    assert not list((tmp_path / "studio").glob("0*"))


def test_damaged_takes_can_be_deleted_and_damaged_jobs_are_left_out(studio, tmp_path):
    project = studio.project()
    studio.take(project)
    takes = next((tmp_path / "studio").glob("0001*")) / "takes"
    for name, content in (("002-x", "{"), ("003-x", '{"task": 3}')):
        (takes / name).mkdir()
        (takes / name / "take.json").write_text(content)
    (takes.parent / "jobs" / "0009.json").write_text("[]")
    found = studio.client.get(f"/api/projects/{project}").json()
    assert [take["id"] for take in found["takes"]] == ["003", "002", "001"]
    assert "cannot be read" in found["takes"][0]["title"] and not found["takes"][0]["stems"]
    assert studio.client.get(f"/api/projects/{project}/takes/002").status_code == 409
    assert studio.client.delete(f"/api/projects/{project}/takes/002").status_code == 204
    left = studio.client.get(f"/api/projects/{project}").json()["takes"]
    assert [take["id"] for take in left] == ["003", "001"]


def test_a_record_cannot_name_a_file_elsewhere(studio, tmp_path):
    project = studio.project()
    take = studio.take(project)
    folder = next((tmp_path / "studio").glob("0001*/takes/001*"))
    (tmp_path / "secret.wav").write_bytes(wav())
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    record = json.loads((folder / "take.json").read_text())
    for path in ("../../../../secret.wav", str(tmp_path / "secret.wav"), "link.wav"):
        record["files"]["bass"] = path
        (folder / "take.json").write_text(json.dumps(record))
        for call in ("files/bass", "sound/bass", "peaks/bass", "zip"):
            assert studio.client.get(f"/api/projects/{project}/takes/{take}/{call}").status_code in (404, 409)


def test_everything_is_there_after_a_restart_to_the_byte(opened, tmp_path):
    first = opened()
    project = first.project()
    first.song(project)
    first.take(project, task="separate", stems=["bass", "drums"])
    first.take(project, seed=3)
    before = first.client.get(f"/api/projects/{project}").json()
    sound = first.client.get(f"/api/projects/{project}/takes/002/sound/mix").content
    first.client.__exit__(None, None, None)
    content = everything(tmp_path / "studio")
    second = opened()
    assert second.client.get(f"/api/projects/{project}").json() == before
    assert second.client.get(f"/api/projects/{project}/takes/002/sound/mix").content == sound
    assert everything(tmp_path / "studio") == content


def test_takes_are_renamed_and_deleted_and_never_overwritten(studio):
    project = studio.project()
    first, second = studio.take(project, seed=1), studio.take(project, seed=1)
    assert (first, second) == ("001", "002")
    url = f"/api/projects/{project}/takes/{first}"
    assert studio.client.patch(url, json={"title": "The good one"}).json()["title"] == "The good one"
    assert studio.client.delete(url).status_code == 204
    assert studio.client.get(url).status_code == 404
    assert [take["id"] for take in studio.client.get(f"/api/projects/{project}").json()["takes"]] == [second]
