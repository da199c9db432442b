"""``msgld models`` as users run it, against a hub on loopback."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import Done, contents, environment, run
from hub_server import COMMIT, Hub, serving
from tiny import save_tiny_model

from msgld.cli.errors import guarded
from msgld.cli.main import app

Told = Callable[..., Done]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def hub(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving() as served:
        served.publish("band/tiny", model)
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.setenv("MSGLD_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
        yield served


@pytest.fixture
def call(hub: Hub, capsys: pytest.CaptureFixture[str]) -> Told:
    """Run a command in this process."""

    def called(*arguments: str) -> Done:
        capsys.readouterr()
        code = guarded(lambda: app(["models", *arguments], standalone_mode=False))
        return Done(code, *capsys.readouterr())

    return called


def test_models_lists_with_and_without_the_word(call: Told, model: Path, tmp_path: Path):
    assert call().out == call("list").out
    assert "small" in call().out
    (shipped,) = call("--json").records
    assert (shipped["name"], "extend" in shipped["tasks"]) == ("small", True)
    done = call("path", str(model))
    assert (done.code, done.out.strip()) == (0, str(model))
    assert call("path", "nothing").code == 1
    assert call("nonsense").code == 2


def test_a_bit_flipped_in_a_weight_is_found(call: Told, hub: Hub, tmp_path: Path):
    got = call("download", "band/tiny", "--json")
    (record,) = got.records
    folder = Path(record["folder"])
    assert (got.code, record["commit"]) == (0, COMMIT) and "downloading" in got.err
    assert call("verify").code == 0
    data = bytearray((folder / "vocoder.safetensors").read_bytes())
    data[-5] ^= 1
    (folder / "vocoder.safetensors").write_bytes(data)
    (folder / "codec.safetensors").unlink()
    done = call("verify", "--json")
    assert done.code == 1
    assert [(one["name"], len(one["faults"])) for one in done.records] == [("small", 0), ("band/tiny", 2)]
    assert [("damaged" in line, "no such file" in line) for line in done.complaints] == [
        (False, True),
        (True, False),
    ]
    assert call("verify", "small").code == 0
    assert call("download", "band/tiny").code == 0 and call("verify", "band/tiny").code == 0
    (folder / "model.json").write_text("{")
    assert call("verify", "band/tiny").code == 1 and "damaged" in call("list").out


@pytest.mark.parametrize("address", ["tiny", "a/b/c", "band/nothing", "band/tiny@v9"])
def test_what_cannot_be_had_is_one_line(call: Told, address: str):
    done = call("download", address)
    assert done.code in (1, 2) and len(done.complaints) == 1 and "Traceback" not in done.err


def test_a_download_that_is_killed_goes_on_and_lies_where_the_system_keeps_caches(
    hub: Hub, model: Path, tmp_path: Path
):
    hub.stalled = {"vocoder.safetensors"}
    command = [sys.executable, "-m", "msgld", "models", "download", "band/tiny"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as process:
        start = time.monotonic()
        while "vocoder.safetensors" not in hub.fetched() and time.monotonic() - start < 60:
            time.sleep(0.02)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    place = tmp_path / "home" / "msgld" / "hub" / "band--tiny"
    assert not (place / COMMIT).exists()
    hub.stalled, hub.seen = set(), []
    done = run(["models", "download", "band/tiny"], tmp_path)
    assert (done.code, done.complaints) == (0, []), done.err
    assert contents(place / COMMIT) == contents(model)
    assert hub.fetched() == ["vocoder.safetensors"]
    assert not [path for path in place.rglob("*") if path.suffix in (".incomplete", ".partial")]


def test_a_disk_that_takes_no_more_is_one_line(hub: Hub, tmp_path: Path):
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = run(["models", "download", "band/tiny"], tmp_path, limit)
    assert done.code == 1 and len(done.complaints) == 1, done.err
    assert "cannot" in done.complaints[0] and "File too large" in done.complaints[0]
