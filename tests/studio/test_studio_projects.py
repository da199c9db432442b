from __future__ import annotations

import json
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


def test_damaged_takes_and_jobs_are_left_out(studio, tmp_path):
    project = studio.project()
    studio.take(project)
    takes = next((tmp_path / "studio").glob("0001*")) / "takes"
    for name, content in (("002-x", "{"), ("003-x", '{"task": 3}')):
        (takes / name).mkdir()
        (takes / name / "take.json").write_text(content)
    (takes.parent / "jobs" / "0009.json").write_text("[]")
    found = studio.client.get(f"/api/projects/{project}").json()
    assert [take["id"] for take in found["takes"]] == ["001"]
    assert studio.client.get(f"/api/projects/{project}/takes/002").status_code == 409


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
