"""Damaged files are read or refused in one line, and nothing stays behind; and the judge of that can say no."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from msgld.errors import AudioReadError

fuzz = pytest.importorskip("fuzz", reason="bench/ is not part of this copy")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left behind is read from /proc")


def test_damaged_files_are_read_or_refused_in_one_line():
    figures = fuzz.fuzz(60, seed=1)
    assert figures["failures"] == [] and figures["passed"]
    assert sum(figures["outcomes"].values()) == 60
    assert min(figures["outcomes"][kind] for kind in ("ok", "refused")) > 5


def test_the_same_seed_damages_alike():
    files = fuzz.valid_files()
    damaged = [[fuzz.mutate(files, seed, index) for index in range(60)] for seed in (1, 1, 2)]
    assert damaged[0] == damaged[1] != damaged[2]
    untouched = [data == files[name] for name, data in damaged[0]]
    assert any(untouched) and sum(untouched) < 20


def fault(path: Path) -> int:
    raise ZeroDivisionError


def two_lines(path: Path) -> int:
    error = AudioReadError()
    error.args = ("one\ntwo",)  # its own message would have been put on one line
    raise error


def stuck(path: Path) -> int:
    subprocess.Popen(["sleep", "60"])
    time.sleep(60)
    return 0


def crash(path: Path) -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def forget_file(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def forget_process(path: Path) -> int:
    subprocess.Popen(["sleep", "60"])
    return 0


HOARD: list[bytes] = []


def hoard(path: Path) -> int:
    HOARD.append(os.urandom(1 << 20))
    return 0


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (fault, "traceback"),
        (two_lines, "traceback"),
        (stuck, "hang"),
        (crash, "crash"),
        (forget_file, "leak"),
        (forget_process, "leak"),
    ],
)
def test_every_kind_of_failure_is_seen(tmp_path: Path, read: Callable[[Path], int], kind: str):
    figures = fuzz.fuzz(2, seed=1, read=read, limit=1.5, keep=tmp_path)
    assert figures["outcomes"] == {kind: 2} and not figures["passed"]
    assert [failure["index"] for failure in figures["failures"]] == [0, 1]
    assert len(list(tmp_path.iterdir())) == 2


def test_growing_memory_is_seen():
    figures = fuzz.fuzz(fuzz.WARM_UP + 100, seed=1, read=hoard)
    assert figures["memory_growth_mb"] > fuzz.LEAK_MB and not figures["passed"]
