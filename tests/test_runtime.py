"""Freed memory is kept for the next window."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from msgld.runtime import keep_freed_memory

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's settings")

PROGRAM = """
import resource, sys, torch
from msgld.runtime import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def work():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    made = torch.ones(10_000_000) + 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for _ in range(10):
    work()
print(min(work() for _ in range(5)))  # a system short of memory may take pages back at times
"""


def faults(how: str) -> int:
    """Pages that are touched for the first time by work that has been done ten times before; the least of five."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    root = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", PROGRAM, how]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**alone, "PYTHONPATH": root}
    )
    return int(done.stdout)


def test_no_page_is_asked_for_again():
    assert faults("kept") < 100 < faults("given back")


def test_kept_memory_can_be_given_back():
    program = """
import torch
from msgld.runtime import give_memory_back, keep_freed_memory
assert keep_freed_memory()
held = lambda: int(open("/proc/self/statm").read().split()[1])
torch.ones(50_000_000)
before = held()
assert give_memory_back()
print(before - held())
"""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    root = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**alone, "PYTHONPATH": root}
    )
    assert int(done.stdout) * os.sysconf("SC_PAGE_SIZE") > 150e6


def test_who_has_set_it_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert not keep_freed_memory()
