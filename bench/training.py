"""How training scales to several processes, and how long it waits for data.

python bench/training.py [--processes 2] [--steps 60] [--recipe tiny] [--folder DIR]

Small songs are prepared as shards, and ``msgld train --steps`` is run as users do: one process on one core, then
``torchrun`` with a process on each core, one thread each. A step of N processes draws N times the crops. The figures
are medians over the entries of the log after the first one, without what is saved and measured between steps.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from resume import make

import msgld


def run(shards: Path, out: Path, options: argparse.Namespace, processes: int) -> dict[str, float]:
    """Train, and return seconds of a step, and the fraction in which it waited."""
    train = [
        "-m",
        "msgld",
        "train",
        "--recipe",
        options.recipe,
        "--stems",
        str(shards),
        "--device",
        options.device,
    ]
    length = ["--jobs", "1", "--steps", str(options.steps), "--out", str(out)]
    starts = [sys.executable]
    if processes > 1:
        starts = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            str(processes),
        ]
    cores = sorted(os.sched_getaffinity(0))[:processes]
    subprocess.run(
        [*starts, *train, *length], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )  # fmt: skip
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]
    steps = [entry for entry in entries if "seconds" in entry][1:]
    return {name: statistics.median(entry[name] for entry in steps) for name in ("seconds", "waiting")}


def main() -> None:
    """Print what both take."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--recipe", default="tiny")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--repeat", type=int, default=1, help="turns; the best of each is taken on a busy machine"
    )
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        place = Path(made)
        shards = msgld.prepare(make(place / "songs"), place / "shards").folder
        best = dict[int, dict[str, float]]()
        for turn in range(options.repeat):
            for processes in (1, options.processes):
                found = run(shards, place / f"{processes}-{turn}", options, processes)
                print(
                    f"{processes} process(es): {found['seconds']:.4f} s a step, {found['waiting']:.1%} waiting",
                    flush=True,
                )
                if processes not in best or found["seconds"] < best[processes]["seconds"]:
                    best[processes] = found
        scale = options.processes * best[1]["seconds"] / best[options.processes]["seconds"]
        print(f"{options.processes} processes draw {scale:.2f} times the crops of one")


if __name__ == "__main__":
    main()
