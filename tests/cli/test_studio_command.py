from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from command import environment, run

from msgld.cli.studio import address_of, own_address


def test_addresses_are_such_as_a_browser_opens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("msgld.cli.studio.own_address", lambda: "192.168.0.7")
    assert address_of("127.0.0.1", 8765, None) == "http://127.0.0.1:8765/"
    assert address_of("0.0.0.0", 80, "abc") == "http://192.168.0.7:80/?token=abc"
    assert address_of("::1", 80, None) == "http://[::1]:80/"


def test_this_machine_is_reached_at_its_own_address():
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen()
        with socket.create_connection((own_address(), listening.getsockname()[1]), timeout=5):
            pass


def test_a_second_studio_for_a_folder_says_so_in_one_line(tmp_path: Path):
    program = [
        sys.executable,
        "-m",
        "msgld",
        "studio",
        str(tmp_path),
        "--port",
        "0",
        "--no-browser",
        "--json",
    ]
    with subprocess.Popen(program, env=environment(), stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None and json.loads(first.stdout.readline())["status"] == "ready"
        second = subprocess.run(program, env=environment(), capture_output=True, text=True, timeout=60)
        first.send_signal(signal.SIGINT)
    assert second.returncode != 0 and not second.stdout
    assert second.stderr.count("\n") == 1 and "open in another studio" in second.stderr


def test_the_command_serves_and_ends_in_peace(tmp_path: Path):
    command = ["studio", str(tmp_path / "music"), "--port", "0", "--no-browser", "--json"]
    program = [sys.executable, "-m", "msgld", *command]
    with subprocess.Popen(program, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        about = httpx2.get(f"{ready['address']}api/about", timeout=30).json()
        assert about["folder"] == str(tmp_path / "music") and about["model"] == "small"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
    assert (tmp_path / "music").is_dir()


def test_a_port_that_is_taken_is_an_error_in_one_line(tmp_path: Path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(["studio", tmp_path / "music", "--port", port, "--no-browser"], tmp_path)
    assert done.code == 2 and len(done.complaints) == 1 and "--port" in done.err


def test_without_the_extra_the_line_says_what_to_install(tmp_path: Path):
    program = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'fastapi' else found(name, *rest)\n"
        "sys.argv = ['msgld', 'studio', sys.argv[1]]; from msgld.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 2 and "pip install 'msgld[studio]'" in done.stderr
