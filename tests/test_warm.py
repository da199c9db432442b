"""A command that finds torch loaded does what one does that is started by a shell."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from command import cold, contents, ended, start, write_noise
from studios import until
from tiny import save_tiny_model
from warm import POSSIBLE, Running

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="processes are copied where that is safe")


def test_warm_and_cold_commands_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = save_tiny_model(tmp_path / "tiny")
    monkeypatch.setenv("MSGLD_CACHE", str(tmp_path))
    for words in (["separate", "song.wav", "--quality", "draft", "--int16"], ["separate", "gone.wav"]):
        made = []
        for name, begin in (("cold", cold), ("warm", start)):
            write_noise(tmp_path / name / "song.wav")
            done = ended(begin([*words, "-n", model], tmp_path / name))
            files = {**contents(tmp_path / name), "separated/tiny/song/run.json": b""}
            made.append((done.code, re.sub(r" in \d+ s", "", done.out), done.complaints, files))
        assert made[0] == made[1]


def stand_in(folder: Path, program: str) -> None:
    """Write another msgld, which is what a command in that folder runs."""
    (folder / "msgld").mkdir()
    (folder / "msgld" / "__init__.py").touch()
    (folder / "msgld" / "__main__.py").write_text(program)


def test_a_warm_command_has_its_own_environment_and_nothing_of_msgld(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stand_in(
        tmp_path,
        "import os, sys\nprint(os.getcwd(), os.environ.get('TIDE'), 'torch' in sys.modules, sys.argv[1:])\n"
        "print([name for name in sys.modules if name.startswith('msgld.') and name != 'msgld.__main__'])\n"
        "sys.exit(7)",
    )
    monkeypatch.setenv("TIDE", "high")
    done = ended(start(["a", "b c"], tmp_path))
    assert (done.code, done.out) == (7, f"{tmp_path} high True ['a', 'b c']\n[]\n")
    monkeypatch.delenv("TIDE")
    assert f"{tmp_path} None" in ended(start([], tmp_path)).out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 3), (signal.SIGTERM, -signal.SIGTERM)])
def test_signals_reach_a_warm_command(tmp_path: Path, number: int, code: int):
    stand_in(
        tmp_path,
        "import time\ntry:\n    open('begun', 'w')\n    time.sleep(60)\n"
        "except KeyboardInterrupt: raise SystemExit(3)",
    )
    process = Running([], tmp_path, {})
    until(lambda: (tmp_path / "begun").exists())
    assert process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=100)
    assert process.returncode == code
