"""Runs of steps that are killed, and runs of several processes, as real processes on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from msgld.training.folder import load_state

HERE = Path(__file__).parent
TIMES = {"seconds", "waiting"}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are copied as on POSIX")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All runs, in one go."""
    place = tmp_path_factory.mktemp("launched")
    path = os.pathsep.join([str(HERE.parent.parent), str(HERE.parent), str(HERE)])
    done = subprocess.run(
        [sys.executable, str(HERE / "launched.py"), str(place)], env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "found.json").read_text()))


def log(run: Path) -> list[dict[str, float]]:
    """The log without durations."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in TIMES} for line in lines]


def test_a_run_of_steps_that_was_killed_is_the_run_that_was_not(folder: Path, found: dict[str, Any]):
    assert found["kills"] == 3
    assert log(folder / "killed") == log(folder / "whole")
    assert [line["step"] for line in log(folder / "whole") if "v" in line] == list(range(3, 31, 3))
    one, other = (load_state(folder / name / "state.pt") for name in ("whole", "killed"))
    assert one and other and one["number"] == other["number"] == 30 and one["drawn"] == other["drawn"] > 3 * 6
    for part in ("codec", "denoiser"):
        one, other = (
            (folder / run / "model" / f"{part}.safetensors").read_bytes() for run in ("whole", "killed")
        )
        assert one == other


def test_a_run_of_steps_is_measured_on_songs_of_its_own(folder: Path):
    measured = [line for line in log(folder / "whole") if "valid_v" in line]
    assert [line["step"] for line in measured] == list(range(3, 31, 3))
    assert measured[-1]["valid_v"] < measured[0]["valid_v"]


def test_two_processes_have_the_same_weights_and_the_mean_of_their_gradients(
    folder: Path, found: dict[str, Any]
):
    assert found["codes"] == [0, 0]
    (weights, (own, mean)), (others, (other, same)) = (
        torch.load(folder / "two" / f"rank{rank}.pt") for rank in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(mean, same, strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(own, other, strict=True)), "each has crops of its own"
    for a, b, c in zip(own, other, mean, strict=True):
        torch.testing.assert_close((a + b) / 2, c)


def test_of_two_processes_one_writes(folder: Path):
    state = load_state(folder / "two" / "run" / "state.pt")
    assert state and state["number"] == 8
    assert [line["step"] for line in log(folder / "two" / "run") if "v" in line] == [3, 6]
    assert load_file(folder / "two" / "run" / "model" / "denoiser.safetensors")


def test_validation_is_the_same_for_one_process_and_two(folder: Path):
    one, *both = (json.loads((folder / f"{name}.json").read_text()) for name in ("one", "of0", "of1"))
    assert one["same"] and one["valid_v"] > 0
    assert both == [pytest.approx(one, rel=1e-6)] * 2


def test_a_process_that_dies_ends_the_others_in_one_line(found: dict[str, Any]):
    lost = found["lost"]
    assert lost["code"] == 1 and lost["seconds"] < 60
    assert (
        lost["said"].startswith("TrainingError: another process of this run has ended")
        and "\n" not in lost["said"]
    )
