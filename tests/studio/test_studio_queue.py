from __future__ import annotations

import itertools
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
from fastapi.testclient import TestClient
from studios import Studio, children, until, wav

from msgld.studio.app import create_app
from msgld.studio.config import Config


def client_of(server) -> Studio:
    return Studio(httpx2.Client(base_url=server.base, timeout=30))


def test_jobs_are_done_one_after_another_and_become_takes(studio):
    project = studio.project()
    jobs = [studio.job(project, form="AA", seed=seed) for seed in range(4)]
    places = [studio.state(job)["place"] for job in jobs]
    assert places == sorted(places) and places[-1] >= 2
    done = [studio.ended(job) for job in jobs]
    assert [job["state"] for job in done] == ["done"] * 4
    assert [job["take"] for job in done] == ["001", "002", "003", "004"]
    times = [(job["started"], job["ended"]) for job in done]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(times))
    assert done[0]["remarks"] == ["done by no model"]


def test_a_job_that_fails_or_dies_hurts_no_other(studio):
    project = studio.project()
    failing, dying, once, good = (studio.job(project, form=form) for form in ("AE", "AD", "F", "A"))
    assert studio.ended(failing)["error"] == "this cannot be done: choose something else"
    died = studio.ended(dying)
    assert died["state"] == "failed" and died["attempts"] == 2 and "twice" in died["error"]
    again = studio.ended(once)
    assert again["state"] == "done" and again["attempts"] == 2
    assert studio.ended(good)["state"] == "done"
    folder = [path.name for path in studio_folder(studio).glob("0001*/takes/*-*")]
    assert sorted(folder) == ["003-generate", "004-generate"]  # no other take may ever have their numbers


def studio_folder(studio: Studio) -> Path:
    return Path(studio.client.get("/api/about").json()["folder"])


def test_cancelling_takes_less_than_a_second(studio):
    project = studio.project()
    for form in ("B", "C"):  # one listens, the other has to be ended
        job, waiting, last = (
            studio.job(project, form=form),
            studio.job(project, form="A"),
            studio.job(project),
        )
        until(lambda job=job: studio.state(job)["stage"] == "composing")
        began = time.monotonic()
        assert studio.client.delete(f"/api/jobs/{waiting}").json()["state"] == "cancelled"
        assert studio.client.delete(f"/api/jobs/{job}").json()["state"] == "cancelled"
        assert time.monotonic() - began < 1.0
        assert studio.ended(last)["state"] == "done"
        assert studio.client.delete(f"/api/jobs/{last}").json()["state"] == "done"
    assert not list(studio_folder(studio).glob("0001*/takes/.*"))


def test_the_queue_and_the_time_of_a_job_are_limited(opened):
    studio = opened(queue=2, job_seconds=1.0)
    project = studio.project()
    running = studio.job(project, form="C")
    until(lambda: studio.state(running)["state"] == "running")
    for _ in range(2):
        studio.job(project)
    full = studio.client.post(f"/api/projects/{project}/jobs", json={"task": "generate", "settings": {}})
    assert full.status_code == 429
    assert "too long" in studio.ended(running)["error"]


def test_orders_that_cannot_be_carried_out_are_refused_in_one_line(studio):
    project = studio.project()
    cases = [
        ({"task": "separate", "settings": {}}, 409, "no song"),
        ({"task": "vary", "settings": {"take": "009"}}, 404, "009"),
        ({"task": "vary", "settings": {"take": "../1"}}, 422, "take"),
        ({"task": "generate", "settings": {"bars": 8, "seconds": 2}}, 422, "not both"),
        ({"task": "generate", "settings": {"key": "H sharp"}}, 422, "key"),
        ({"task": "generate", "settings": {"chords": "Qm7"}}, 422, "chord"),
        ({"task": "generate", "settings": {"style": "gamelan"}}, 422, "style"),
        ({"task": "generate", "settings": {"make": ["kazoo"]}}, 422, "make"),
        ({"task": "generate", "settings": {"instruments": {"piano": "kazoo"}}}, 422, "kazoo"),
        ({"task": "generate", "settings": {"sampling": {}}}, 422, "sampling"),
        ({"task": "arrange", "settings": {"make": ["bass"], "keep": ["bass"]}}, 422, "not both"),
        ({"task": "dance", "settings": {}}, 422, "task"),
        ({"settings": {}}, 422, "task"),
        ([], 422, ""),
    ]
    for body, status, word in cases:
        answer = studio.client.post(f"/api/projects/{project}/jobs", json=body)
        assert answer.status_code == status, (body, answer.text)
        line = answer.json()["detail"]
        assert word in line.lower() and "\n" not in line and len(line) < 1001, line
    assert studio.client.get("/api/jobs").json() == []


def test_deleting_a_project_cancels_its_jobs(studio):
    project, other = studio.project(), studio.project()
    running, waiting, kept = studio.job(project, form="B"), studio.job(project), studio.job(other)
    until(lambda: studio.state(running)["state"] == "running")
    assert studio.client.delete(f"/api/projects/{project}").status_code == 204
    assert studio.client.get(f"/api/jobs/{waiting}").status_code == 404
    assert studio.ended(kept)["state"] == "done"


def test_fifty_jobs_and_a_worker_killed_twice_none_lost(serving):
    server = serving()
    studio = client_of(server)
    project = studio.project()
    with ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(lambda seed: studio.job(project, form="A", seed=seed), range(50)))
    assert len(set(jobs)) == 50
    for enough in (10, 30):
        until(
            lambda enough=enough: sum(studio.state(job)["state"] == "done" for job in jobs[:enough]) == enough
        )
        (worker,) = (pid for pid, line in children(server.process.pid) if "fake_worker" in line)
        os.kill(worker, signal.SIGKILL)
    done = [studio.ended(job) for job in jobs]
    assert [job["state"] for job in done] == ["done"] * 50
    assert len({job["take"] for job in done}) == 50
    assert len(studio.client.get(f"/api/projects/{project}").json()["takes"]) == 50


def test_a_killed_server_goes_on_with_its_jobs(serving, tmp_path):
    server = serving()
    studio = client_of(server)
    project = studio.project()
    studio.song(project)
    jobs = [studio.job(project, form="AAAAA"), studio.job(project, "separate"), studio.job(project)]
    until(lambda: studio.state(jobs[0])["state"] == "running")
    own = [pid for pid, _ in children(server.process.pid)]
    server.kill()
    until(lambda: not any(alive(pid) for pid in own))  # its processes do not outlive it
    after = client_of(serving())
    done = [after.ended(job) for job in jobs]
    assert [job["state"] for job in done] == ["done"] * 3
    assert done[0]["attempts"] == 2


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_two_servers_do_not_share_a_folder(serving, tmp_path):
    first = serving()
    client_of(first).project()
    second = serving()
    assert second.process.wait(20) != 0
    assert client_of(first).client.get("/api/projects").status_code == 200


def test_a_server_ends_at_once_although_pages_follow(serving):
    server = serving()
    with httpx2.stream("GET", f"{server.base}/api/events") as events:
        next(events.iter_lines())
        own = [pid for pid, _ in children(server.process.pid)]
        assert server.stop() < 5.0
    assert not any(alive(pid) for pid in own)


def test_two_clients_see_the_same_and_each_others_jobs(serving):
    server = serving()
    one, two = client_of(server), client_of(server)
    with httpx2.stream("GET", f"{server.base}/api/events", timeout=30) as follow:
        lines = follow.iter_lines()
        next(lines)
        project = one.project("Of one")
        one.song(project, wav(3.0))
        job = two.job(project, "separate")
        seen, stretches, states = set(), [], []
        kind = ""
        for line in lines:
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
                seen.add(kind)
            elif line.startswith("data: "):
                content = json.loads(line.removeprefix("data: "))
                if kind == "stretch":
                    stretches.append(content)
                if kind == "job" and content["id"] == job:
                    states.append((content["state"], content["take"]))
                    if content["state"] == "done":
                        break
    assert seen == {"project", "job", "stretch"}
    assert [one["frames"] for one in stretches] == [8000, 16000, 24000]
    assert ("running", "001") in states and states[0][0] == "queued" and states[-1] == ("done", "001")
    assert (
        one.client.get(f"/api/projects/{project}").json() == two.client.get(f"/api/projects/{project}").json()
    )


def test_a_worker_that_cannot_be_started_fails_the_job_and_not_the_server(tmp_path):
    config = Config(tmp_path / "studio", worker=("/nonexistent",))
    with TestClient(create_app(config), base_url="http://127.0.0.1:8765") as client:
        studio = Studio(client)
        project = studio.project()
        for _ in range(2):
            job = studio.ended(studio.job(project))
            assert job["state"] == "failed" and "cannot be started" in job["error"]


def test_what_a_killed_worker_left_is_removed(opened, tmp_path):
    first = opened()
    project = first.project()
    first.take(project)
    first.client.__exit__(None, None, None)
    takes = next((tmp_path / "studio").glob("0001*/takes"))
    spool = takes / ".007-separate-0a1b2c3d-17-0a1b2c3d.part"
    spool.mkdir()
    (spool / "bass.spool").write_bytes(b"0")
    second = opened()
    assert not spool.exists()
    assert [take["id"] for take in second.client.get(f"/api/projects/{project}").json()["takes"]] == ["001"]


def test_orders_that_cannot_be_carried_out_are_refused_at_once(studio):
    project = studio.project()
    take = studio.take(project)
    url = f"/api/projects/{project}/jobs"
    late = {"start": 35_999.0, "stop": 36_000.0, "pitch": 60}
    answer = studio.client.post(
        url, json={"task": "render", "settings": {"take": take, "stem": "bass", "notes": [late]}}
    )
    assert answer.status_code in (409, 422) and "take" in answer.json()["detail"]
    kept = {"take": take, "keep": ["zzz"], "make": ["bass"]}
    answer = studio.client.post(url, json={"task": "arrange", "settings": kept})
    assert answer.status_code == 422 and answer.json()["detail"].startswith("settings.keep")
    answer = studio.client.post(url, json={"task": "generate", "settings": {"bpm": 900}})
    assert answer.json()["detail"].startswith("bpm: it has to be")
