"""Whether a run of steps that is killed again and again is the run that was never killed, to the last bit.

python bench/resume.py [--kills 20] [--steps 400] [--folder DIR]

Small songs are made, prepared as shards, and trained on by ``msgld train --steps`` with the recipe ``tiny`` and one
thread: once as a whole, and once by processes that are killed (SIGKILL) at random moments. Printed are how many were
killed, at which steps, and whether the log (without durations) and the weights are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import msgld

DURATIONS = {"seconds", "waiting"}


def make(folder: Path, songs: int = 6, seconds: float = 20.0, rate: int = 22050) -> Path:
    """Songs of three stems, one of them for validation."""
    rng = np.random.default_rng(0)
    for number in range(songs):
        split = "validation" if number == songs - 1 else "train"
        for stem, low in (("bass", 60), ("drums", 300), ("piano", 900)):
            path = folder / split / f"song{number}" / f"{stem}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            time_ = np.arange(round(seconds * rate)) / rate
            tone = (
                0.2 * np.sin(2 * np.pi * low * (1 + 0.1 * number) * time_) * np.sin(3 * time_ + number) ** 2
            )
            soundfile.write(path, tone + 0.02 * rng.standard_normal(len(time_)), rate, "PCM_16")
    return folder


def command(shards: Path, out: Path, steps: int) -> list[str]:
    """What a user types."""
    train = [
        sys.executable,
        "-m",
        "msgld",
        "train",
        "--recipe",
        "tiny",
        "--stems",
        str(shards),
        "--device",
        "cpu",
    ]
    return [*train, "--jobs", "1", "--steps", str(steps), "--out", str(out)]


def log(out: Path) -> list[dict[str, Any]]:
    """The log without durations."""
    lines = (out / "log.jsonl").read_text("utf-8").splitlines() if (out / "log.jsonl").exists() else []
    entries = [json.loads(line) for line in lines]
    return [{name: value for name, value in entry.items() if name not in DURATIONS} for entry in entries]


def killed(line: list[str], out: Path, kills: int, longest: float) -> list[int]:
    """Kill processes at random moments until there were enough; the last step of the log at each."""
    dice, steps = random.Random(0), list[int]()
    while len(steps) < kills:
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(dice.uniform(0.3, 1.0) * longest)
            print("it ended before it could be killed: more steps, please")
            return steps
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        steps.append(max((entry["step"] for entry in log(out)), default=0))
        print(f"killed at step {steps[-1]} or later", flush=True)
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return steps


def main() -> None:
    """Compare two runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument(
        "--longest", type=float, default=0.0, help="seconds to a kill, a fifth of the run by default"
    )
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        place = Path(made)
        shards = msgld.prepare(make(place / "songs"), place / "shards").folder
        begun = time.monotonic()
        subprocess.run(command(shards, place / "whole", options.steps), check=True, stderr=subprocess.DEVNULL)
        took = time.monotonic() - begun
        print(f"{options.steps} steps in {took:.0f} s")
        line = command(shards, place / "killed", options.steps)
        steps = killed(line, place / "killed", options.kills, options.longest or took / 5)
        print(f"{len(steps)} kills; entries of the log: {len(log(place / 'whole'))}")
        whole, broken = log(place / "whole"), log(place / "killed")
        print(f"the same log: {whole == broken}")
        for one in (entry for entry in [*whole, *broken] if entry not in whole or entry not in broken):
            print(f"only {'in the whole run' if one in whole else 'in the killed one'}: {one}")
        for part in ("codec", "denoiser"):
            one, other = (
                (place / run / "model" / f"{part}.safetensors").read_bytes() for run in ("whole", "killed")
            )
            print(f"the same {part}: {one == other}")


if __name__ == "__main__":
    main()
