"""Commands on a Ray cluster of three nodes on this machine, which are killed, and their actors, too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command import ROOT, contents, environment, leftovers, write_noise
from tiny import save_tiny_model

from msgld.cli.errors import guarded
from msgld.cli.main import app
from msgld.cluster.connect import connected
from msgld.cluster.each import Pool, each
from msgld.cluster.ledger import NAME

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Ray kills its processes otherwise there"),
    pytest.mark.slow,
]
SONGS = 8


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Three nodes of one CPU each."""
    settings = {
        "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64, "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_gcs_server_port_wait_time_s": "120", "RAY_health_check_period_ms": "500",
        "RAY_health_check_failure_threshold": "4", "RAY_BACKEND_LOG_LEVEL": "fatal",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "cluster")]),
    }  # fmt: skip
    former = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    from ray.cluster_utils import Cluster

    nodes = {"num_cpus": 1, "object_store_memory": 80 << 20}
    made = Cluster(initialize_head=True, head_node_args={**nodes, "include_dashboard": False})
    try:
        for _ in range(2):
            made.add_node(**nodes)
        yield made
    finally:
        made.shutdown()
        for name, value in former.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """A folder with songs, one of which is damaged, and what the plain command makes of them, in ``plain``."""
    folder = tmp_path_factory.mktemp("library")
    for number in range(SONGS):
        write_noise(folder / "songs" / f"s{number}.wav", 0.5 + 0.1 * number, seed=number)
    (folder / "songs" / "s3b.wav").write_bytes(b"RIFF1234WAVEjunk" * 9)
    former = Path.cwd()
    os.chdir(folder)
    try:
        assert separate(model, "plain") == 1
    finally:
        os.chdir(former)
    return folder


def separate(model: Path, out: str, *arguments: str, songs: str = "songs") -> int:
    line = ["separate", songs, "-n", str(model), "--quality", "draft", "--out", out, "--json", *arguments]
    return guarded(lambda: app(line, standalone_mode=False))


def check_results(library: Path, out: Path) -> None:
    """The results are those of the plain command, byte for byte, except for times; nothing else is there."""
    plain = contents(library / "plain")
    # What a killed process leaves is called .part; a later run removes it.
    made = {name: data for name, data in contents(out).items() if ".part/" not in name and name != NAME}
    assert made.keys() == plain.keys()
    for name, data in plain.items():
        if name.endswith("run.json"):
            one, other = json.loads(data), json.loads(made[name])
            one.pop("took_seconds"), other.pop("took_seconds")
            assert one == other
        else:
            assert made[name] == data, name


def ledger_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / NAME).read_text().splitlines()]


def ends_of(out: Path) -> Counter[str]:
    return Counter(line["end"] for line in ledger_of(out) if "end" in line)


def test_results_are_those_of_the_plain_command(
    cluster: Any,
    library: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(library)
    assert separate(model, "same", "--ray", cluster.address) == 1
    out, err = capfd.readouterr()
    records = [json.loads(line) for line in out.splitlines()]  # Ray itself prints nothing there
    assert Counter(record["status"] for record in records) == {"done": SONGS, "failed": 1}
    assert [line for line in err.splitlines() if line.startswith("msgld: ")] == [
        "msgld: songs/s3b.wav is damaged or cut short (error in wav file. no 'data' chunk marker); "
        "export or copy it again"
    ]
    assert f"{SONGS} separated, 1 failed; " in err and "on Ray: separating 100%" in err
    check_results(library, library / "same")
    assert leftovers(library / "same") == []
    next((library / "same").rglob("bass.*")).unlink()
    assert separate(model, "same", "--ray", cluster.address) == 1
    again = [json.loads(line)["status"] for line in capfd.readouterr().out.splitlines()]
    assert Counter(again) == {"done": 1, "skipped": SONGS - 1, "failed": 1}
    check_results(library, library / "same")


def test_a_request_to_terminate_is_handled_as_without_ray(cluster: Any) -> None:
    def ours(number: int, frame: Any) -> None:
        raise SystemExit(number)

    former = signal.signal(signal.SIGTERM, ours)
    try:
        with connected(cluster.address):
            assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, former)


def test_a_node_that_is_killed_costs_no_song(
    cluster: Any,
    library: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(library)
    out, killed = library / "killed", threading.Event()
    killer = threading.Thread(target=_kill_a_node_at_work, args=(cluster, out, killed))
    killer.start()
    try:
        assert separate(model, "killed", "--ray", cluster.address) == 1
    finally:
        killer.join()
        cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    assert killed.is_set()
    check_results(library, out)
    assert ends_of(out) == {"done": SONGS, "failed": 1}
    begun = sum("begun" in line for line in ledger_of(out))
    assert ledger_of(out)[-1]["counts"]["repeated"] == begun - SONGS - 1
    assert (f"{begun - SONGS - 1} repeated; " in capfd.readouterr().err) == (begun > SONGS + 1)


def _kill_a_node_at_work(cluster: Any, out: Path, killed: threading.Event) -> None:
    """Kill a node in the middle: where a song was begun, and before it is over."""
    import ray

    while not killed.wait(0.005):
        if not (out / NAME).exists() or not ray.is_initialized():
            continue
        whole = [line for line in (out / NAME).read_text().splitlines() if line.endswith("}")]
        found = [json.loads(line) for line in whole]
        over = {line["item"] for line in found if "end" in line}
        at_work = [line for line in found if "begun" in line and line["item"] not in over]
        if not over or not at_work:
            continue
        nodes = {node.node_id: node for node in cluster.worker_nodes}
        target = nodes.get(at_work[-1]["node_id"])
        if target is not None:
            cluster.remove_node(target, allow_graceful=False)
            killed.set()


def test_the_item_of_a_killed_node_is_begun_again_elsewhere_and_counted(cluster: Any, tmp_path: Path) -> None:
    place, files = tmp_path / "node", tmp_path / "made"
    files.mkdir()

    def held() -> Callable[[int, int], Mapping[str, Any]]:
        def act(number: int, attempt: int) -> Mapping[str, Any]:
            import ray

            if number == 0 and attempt == 1:
                place.with_suffix(".part").write_text(ray.get_runtime_context().get_node_id())
                place.with_suffix(".part").rename(place)
                time.sleep(600)
            with (files / str(number)).open("x"):
                return {"attempt": attempt}

        return act

    def kill() -> None:
        while not place.exists():
            time.sleep(0.01)
        (node,) = (one for one in cluster.worker_nodes if one.node_id == place.read_text())
        cluster.remove_node(node, allow_graceful=False)

    # The head stays: its CPU is taken by an actor of the first pool, so the item that is held is put on another node.
    killer = threading.Thread(target=kill)
    killer.start()
    items = {str(number): number for number in range(5)}
    with connected(cluster.address):
        import ray

        strategies = ray.util.scheduling_strategies
        here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        taken = ray.remote(num_cpus=1, scheduling_strategy=here)(Occupant).remote()
        ray.get(taken.ready.remote())
        found = {one.item: one for one in each(items, held, Pool(cluster.address), ledger=tmp_path / NAME)}
    killer.join()
    cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    assert {one.end for one in found.values()} == {"done"} and found.keys() == items.keys()
    assert {one.item: one.attempts for one in found.values()} == {**dict.fromkeys(items, 1), "0": 2}
    assert sum("begun" in line for line in ledger_of(tmp_path)) == len(items) + 1


class Occupant:
    """Holds a CPU."""

    def ready(self) -> bool:
        return True


def deadly() -> Callable[[int, int], Mapping[str, Any]]:
    def act(number: int, attempt: int) -> Mapping[str, Any]:
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 4:
            raise OSError(28, "No space left on device", "stem.wav")
        return {"square": number**2}

    return act


def test_an_item_that_kills_its_actor_twice_is_set_aside_and_the_others_are_done(
    cluster: Any, tmp_path: Path
) -> None:
    ledger = tmp_path / NAME
    items = {f"song {number}": number for number in range(6)}
    found = {one.item: one for one in each(items, deadly, Pool(cluster.address), ledger=ledger)}
    assert found.keys() == items.keys()
    assert Counter(one.end for one in found.values()) == {"done": 4, "failed": 1, "set aside": 1}
    assert (found["song 2"].end, found["song 2"].attempts) == ("set aside", 2)
    assert found["song 4"].facts == {"error": "stem.wav: No space left on device"}
    assert found["song 5"].facts == {"square": 25}
    named = [line for line in ledger_of(tmp_path) if line.get("end") == "set aside"]
    assert [line["item"] for line in named] == ["song 2"]


def test_after_kill_9_the_same_command_goes_on(
    cluster: Any,
    library: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(library)
    out = library / "resumed"
    line = ["separate", "songs", "-n", str(model), "--quality", "draft", "--out", "resumed", "--ray"]
    command = [sys.executable, "-m", "msgld", *line, cluster.address]
    with subprocess.Popen(command, cwd=library, env=environment(), stderr=subprocess.DEVNULL) as first:
        while not (out / NAME).exists() or ends_of(out)["done"] < 2:
            assert first.poll() is None
            time.sleep(0.01)
        first.kill()
    before = {line["item"] for line in ledger_of(out) if line.get("end") == "done"}
    capfd.readouterr()
    assert separate(model, "resumed", "--ray", cluster.address) == 1
    records = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {record["input"] for record in records if record["status"] == "skipped"} >= {
        str(Path(item).relative_to(library)) for item in before
    }
    assert len(records) == SONGS + 1
    check_results(library, out)
    lines = ledger_of(out)
    second = lines[max(number for number, line in enumerate(lines) if "work" in line) :]
    assert before and before.isdisjoint(line["item"] for line in second if "begun" in line)


def test_songs_and_results_may_be_in_a_store(
    cluster: Any,
    library: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(library)
    url = library.as_uri()
    arguments = ("--ray", cluster.address)
    assert separate(model, f"{url}/store", *arguments, songs=f"{url}/songs/s[01].wav") == 0
    capfd.readouterr()
    made = contents(library / "store")
    for number in (0, 1):
        plain = contents(library / "plain" / "tiny" / f"s{number}")
        assert {name: made[f"tiny/s{number}/{name}"] for name in plain if name != "run.json"} == {
            name: data for name, data in plain.items() if name != "run.json"
        }
        assert json.loads(made[f"tiny/s{number}/run.json"])["input"] == f"{url}/songs/s{number}.wav"
    assert ends_of(library / "store") == {"done": 2} and leftovers(library / "store") == []
    assert separate(model, f"{url}/store", *arguments, songs=f"{url}/songs/s[01].wav") == 0
    records = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [record["status"] for record in records] == ["skipped", "skipped"]


def stem_set(folder: Path, songs: int, seconds: float) -> Path:
    for number in range(songs):
        place = folder / f"song{number}"
        place.mkdir(parents=True)
        for k, stem in enumerate(("bass", "drums", "piano")):
            wave = 0.2 * np.random.default_rng(10 * number + k).standard_normal(round(seconds * 44_100))
            soundfile.write(place / f"{stem}.wav", wave, 44_100)
    return folder


def test_shards_are_those_of_the_plain_command(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msgld.data.shards.plan.GROUP_SONGS", 1)
    songs = stem_set(tmp_path / "set", 3, 1.0)
    made = {}
    for out, arguments in (("plain", []), ("on-ray", ["--ray", cluster.address])):
        line = ["prepare", str(songs), "--out", str(tmp_path / out), *arguments]
        assert guarded(lambda line=line: app(line, standalone_mode=False)) == 0
        made[out] = contents(tmp_path / out)
        made[out].pop("run.lock")
    assert made["plain"] == made["on-ray"]


def test_a_report_is_that_of_the_plain_command(cluster: Any, tmp_path: Path, model: Path) -> None:
    songs = stem_set(tmp_path / "set", 4, 10.3)
    line = ["evaluate", "separate", "-n", str(model), "--stems", str(songs), "--quality", "draft", "--out"]
    for out, arguments in (("plain", []), ("on-ray", ["--ray", cluster.address])):
        command = [*line, str(tmp_path / out), *arguments]
        assert guarded(lambda command=command: app(command, standalone_mode=False)) == 0
    plain, made = contents(tmp_path / "plain"), contents(tmp_path / "on-ray")
    assert ends_of(tmp_path / "on-ray") == {"done": 4}
    made.pop(NAME)
    assert plain == made


def test_without_ray_or_a_cluster_there_is_one_line(
    library: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(library)
    assert separate(model, "none", "--ray", "127.0.0.1:9") == 1
    monkeypatch.setitem(sys.modules, "ray", None)
    assert separate(model, "none", "--ray", "local") == 2
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("msgld: ")]
    assert "no Ray cluster answers at 127.0.0.1:9" in lines[0]
    assert lines[1:] == ["msgld: --ray needs the package ray: pip install 'msgld[ray]'"]
    assert not (library / "none").exists()
