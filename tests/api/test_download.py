"""Models come from a hub whole or not at all, and every way to fail is one line. The hub is a server on loopback."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from command import contents
from hub_server import COMMIT, Hub, serving
from tiny import save_tiny_model

import msgld
from msgld.api.sharing import download as downloading
from msgld.api.sharing.download import _Received, download
from msgld.api.sharing.remote import _counting
from msgld.api.store import hub_folder, known_models, model_folder
from msgld.errors import Cancelled, ModelError, UsageError
from msgld.progress import CancelToken, Meter, Progress

LATER = "89abcdef0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def hub(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with ``band/tiny``, and an empty cache."""
    with serving() as served:
        served.publish("band/tiny", model)
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("MSGLD_CACHE", str(tmp_path / "cache"))
        # It asks the Hub that was named when it was imported, which may be the real one.
        monkeypatch.setattr("huggingface_hub.utils._detect_agent._fetch_registry", lambda: None)
        monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
        for name in ("MSGLD_OFFLINE", "HF_HUB_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        yield served


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def fails(words: str, model: str = "band/tiny") -> str:
    """The line of a download that fails and leaves no model."""
    with pytest.raises(ModelError, match=words) as caught:
        download(model)
    (line,) = str(caught.value).splitlines()
    with pytest.raises(ModelError):
        model_folder(model)
    return line


def test_a_model_is_downloaded_once_and_opened(hub: Hub, model: Path):
    hub.files[COMMIT] |= {
        "README.md": b"# tiny",
        "pytorch_model.bin": b"a pickle",
        "../evil.safetensors": b"",
    }
    seen: list[Progress] = []
    opened = msgld.Msgld.from_pretrained("band/tiny", device="cpu", on_progress=seen.append)
    assert opened.folder == hub_folder() / "band--tiny" / COMMIT == model_folder("band/tiny")
    assert files(opened.folder) == files(model) | {"README.md"}, "no pickles, no other folders, no notes"
    assert opened.weights == msgld.load(model, device="cpu").weights
    done = [report.done for report in seen if report.stage == "downloading"]
    assert done == sorted(done) and done[-1] == seen[0].total and seen[0].unit == "bytes"
    assert any(report.eta is not None for report in seen)
    hub.seen.clear()
    again = msgld.Msgld.from_pretrained("band/tiny@" + COMMIT, device="cpu")
    assert (again.folder, hub.seen) == (opened.folder, []), "what is there needs no network"
    assert msgld.load("band/tiny", device="cpu").name == "tiny"
    assert ("band/tiny", opened.folder) in list(known_models())


def test_revisions_stand_side_by_side_and_are_brought_up_to_date(hub: Hub, model: Path, tmp_path: Path):
    first = download("band/tiny")
    newer = save_tiny_model(tmp_path / "newer", vocoder=False)
    hub.publish("band/tiny", newer, LATER)
    hub.repositories["band/tiny"]["v1/old"] = COMMIT
    assert model_folder("band/tiny") == first, "nobody has asked"
    second = download("band/tiny")
    assert model_folder("band/tiny") == second != first
    assert download("band/tiny@v1/old") == first == model_folder("band/tiny@v1/old")
    assert {name for name, _ in known_models()} >= {"band/tiny", "band/tiny@v1/old"}
    assert download("band/tiny", LATER) == second and not files(second) & {"vocoder.safetensors"}
    with pytest.raises(UsageError, match="once"):
        download("band/tiny@main", LATER)
    with pytest.raises(UsageError, match="owner/name"):
        download("tiny")


def test_a_cut_connection_is_taken_up_again(hub: Hub, model: Path):
    hub.cut["denoiser.safetensors"] = 2
    folder = download("band/tiny")
    assert contents(folder) == contents(model)
    assert hub.fetched().count("denoiser.safetensors") == 3


def test_after_a_failure_whole_files_are_kept_and_the_rest_begins_again(hub: Hub, model: Path):
    hub.cut["denoiser.safetensors"] = 100
    assert hub.url in fails("cannot get band/tiny from")
    assert list(known_models())[1:] == [], "nothing unfinished is listed"
    (rest,) = hub_folder().glob("*/.*.partial/.cache/huggingface/download")
    (rest / "killed.incomplete").write_bytes(b"half of a file")
    fails("cannot get band/tiny from")
    assert list(rest.glob("*.incomplete")) == []
    before = hub.fetched()
    assert before[:2] == ["model.json", "codec.safetensors"]
    hub.cut.clear()
    folder = download("band/tiny")
    assert contents(folder) == contents(model)
    assert hub.fetched()[len(before) :] == ["denoiser.safetensors", "vocoder.safetensors"]
    assert files(folder.parent) == {COMMIT, "refs", ".lock"}


def test_a_wrong_checksum_is_noticed_and_the_file_fetched_again(hub: Hub, model: Path):
    hub.spoilt = {"vocoder.safetensors"}
    assert "try again" in fails("vocoder.safetensors of band/tiny did not arrive")
    hub.spoilt.clear()
    hub.seen.clear()
    assert contents(download("band/tiny")) == contents(model)
    assert hub.fetched() == ["vocoder.safetensors"]


def test_a_model_that_was_uploaded_badly_is_noticed_before_its_weights_come(hub: Hub):
    whole = hub.files[COMMIT]
    lacking = {name: data for name, data in whole.items() if name != "vocoder.safetensors"}
    bad: list[tuple[dict[str, bytes], str]] = [
        (lacking, "incomplete: it lacks vocoder.safetensors"),
        (
            {**whole, "vocoder.safetensors": b"another"},
            "vocoder.safetensors is not the file that its model.json names",
        ),
        ({**whole, "model.json": b"{}"}, "band/tiny: model.json is damaged or of another version"),
        ({**whole, "model.json": b" " * 1_000_001}, "more than 1,000,000 bytes"),
        ({"config.json": b"{}", "pytorch_model.bin": b"a pickle"}, "no model of msgld: it has no model.json"),
    ]
    for number, (given, words) in enumerate(bad):
        commit = f"{number:040x}"
        hub.repositories["band/tiny"]["main"], hub.files[commit] = commit, given
        fails(words)
    assert set(hub.fetched()) == {"model.json"}


def test_what_the_hub_does_not_have_is_one_line(hub: Hub):
    fails("no model band/nothing on http", "band/nothing")
    fails("band/tiny has no revision 'v9'", "band/tiny@v9")
    for status, words in ((401, "no model|401"), (403, "403"), (500, "500"), (503, "try again later")):
        hub.status = status
        fails(words)


def test_a_dead_address_is_found_out_quickly(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("HF_ENDPOINT", dead)
    start = time.monotonic()
    assert "HF_ENDPOINT" in fails(f"from {dead}")
    assert time.monotonic() - start < 4
    monkeypatch.setenv("HF_ENDPOINT", "not an address")
    fails("cannot get band/tiny from not an address")


def test_a_hub_that_never_answers_is_given_up(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("msgld.api.sharing.remote.PATIENCE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        fails("Timeout")


@pytest.mark.parametrize("name", ["MSGLD_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_nothing_is_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "1")
    assert name in fails("band/tiny is not on this machine")
    assert hub.seen == []
    monkeypatch.delenv(name)
    download("band/tiny")
    monkeypatch.setenv(name, "1")
    assert msgld.Msgld.from_pretrained("band/tiny", device="cpu").name == "tiny"


def test_load_never_asks_the_network(hub: Hub):
    with pytest.raises(ModelError, match="msgld models download band/tiny"):
        msgld.load("band/tiny")
    assert hub.seen == []


def test_a_damaged_model_is_refused_and_a_download_mends_it(hub: Hub, model: Path):
    folder = download("band/tiny")
    weights = folder / "denoiser.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"denoiser\.safetensors is damaged"):
        msgld.Msgld.from_pretrained("band/tiny")
    hub.seen.clear()
    assert download("band/tiny") == folder and contents(folder) == contents(model)
    assert "codec.safetensors" not in hub.fetched()
    (folder / "codec.safetensors").unlink()
    with pytest.raises(ModelError, match="no such file"):
        msgld.Msgld.from_pretrained("band/tiny")


def test_a_download_is_cancelled_between_two_pieces(hub: Hub):
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        download("band/tiny", on_progress=lambda report: cancel.cancel(), cancel=cancel)
    with pytest.raises(ModelError):
        model_folder("band/tiny")


def test_a_full_or_read_only_disk_is_one_line(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    assert "free some space" in fails("0 MB left")
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda path: usage)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MSGLD_CACHE", str(tmp_path / "file"))
    fails("cannot write to .*: Not a directory")


def test_strange_refs_and_folders_in_the_cache_are_passed_over(hub: Hub):
    folder = download("band/tiny")
    for name, text in (
        ("x", "../../../elsewhere"),
        ("y", "f" * 40),
        ("main.partial", COMMIT[:7]),
        ("..", None),
    ):
        if text:
            (folder.parent / "refs" / name).write_text(text)
    (hub_folder() / "no--such--model").mkdir()
    shutil.copytree(folder, hub_folder() / "../../elsewhere")
    (folder.parent / f".{COMMIT}.partial").mkdir()
    shutil.copy(folder / "model.json", folder.parent / f".{COMMIT}.partial" / "model.json")
    assert [name for name, _ in known_models()][1:] == ["band/tiny"]
    with pytest.raises(ModelError):
        model_folder("band/tiny@x")


def test_without_the_package_the_line_says_what_to_install(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    fails(r"pip install 'msgld\[hub\]'")


@pytest.mark.parametrize(
    "name", ["a/b/c", "a//b", "../b", "a/..", "a/b@", "a/b@../x", "a--b/c", "/a", "a..b/c", "a/b@-x", "a/b\0"]
)
def test_only_owner_and_name_are_an_address(hub: Hub, name: str):
    with pytest.raises((UsageError, ModelError)):
        download(name)
    with pytest.raises(ModelError):
        model_folder(name)
    assert hub.seen == []


def test_two_at_once_download_a_model_once(hub: Hub, model: Path):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(download, ["band/tiny"] * 2)
    assert first == second and contents(first) == contents(model)
    assert sorted(hub.fetched()) == sorted(files(model)), "each file once"


def test_bytes_of_the_fast_store_are_counted_once(hub: Hub):
    """The Hub's large store reports on two bars, what came and what was written."""
    reporter = pytest.importorskip(
        "huggingface_hub.utils._xet_progress_reporting"
    ).XetDownloadProgressReporter
    counts: list[int] = []
    with reporter(
        reconstruction_desc="x",
        total=100,
        log_level=30,
        name="huggingface_hub.xet_get",
        tqdm_class=_counting(counts.append),
    ) as bars:
        for done in (40, 100):
            bars.update_progress(
                SimpleNamespace(
                    total_bytes_completed=done,
                    total_transfer_bytes_completed=done,
                    total_bytes=100,
                    total_transfer_bytes=100,
                    total_bytes_completion_rate=1.0,
                    total_transfer_bytes_completion_rate=1.0,
                )
            )
    assert sum(counts) == 100


def test_bytes_that_come_twice_are_reported_once():
    """A hub that knows no ranges sends a file from its beginning again."""
    seen: list[Progress] = []
    received = _Received(Meter(100, "bytes", "downloading", seen.append))
    for count in (50, -50, 40, 60):
        received.add(count)
    assert [report.done for report in seen] == [50, 50, 50, 100]
