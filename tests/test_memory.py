"""Separating to files takes no more memory for a long song than for a short one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from tiny import save_tiny_model, song

pytest.importorskip("resource", reason="peak memory is read as on Unix")

PROGRAM = """
import resource, sys, msgld
model = msgld.load(sys.argv[1], device="cpu")
for name in ("short", "long"):
    model.separate_to(f"{name}.wav", name, options=msgld.Options(quality="draft"))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_song(tmp_path: Path):
    save_tiny_model(tmp_path / "tiny")
    lengths = {"short": 60, "long": 300}
    for name, seconds in lengths.items():
        soundfile.write(tmp_path / f"{name}.wav", song(seconds, 8000, 2).T, 8000)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "tiny")]
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
    )
    short, long = (int(line) for line in done.stdout.split())
    grown = long - short
    held_in_memory = 7 * 2 * 4 * 8000 * (lengths["long"] - lengths["short"])
    assert grown < held_in_memory / 2, f"{grown / 1e6:.0f} MB more"
    assert soundfile.info(tmp_path / "long" / "bass.wav").frames == 8000 * lengths["long"]
