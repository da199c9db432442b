"""Trains all systems at three learning rates each, so many at a time as there are jobs, and measures the best of each.

    python bench/peers/race.py --minutes 20 --jobs 2 --midi FOLDER --heldout FOLDER --soundfont FOLDER --out runs/peers

Every run has the same minutes on one thread beside as many others. The best run of a system is that which separates
best on a part of the held-out set. Called again it goes on: runs and measurements that are there are not repeated. What
each printed is beside it, in NAME.log. Then

    python bench/peers/table.py runs/peers/measured --runs runs/peers
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent
SYSTEMS, SCALES = ("msdm", "ours", "htdemucs", "paper"), (1.0, 0.33, 3.0)

FEWER = 50
"""Steps of MSDM's integration where only its runs are compared."""


def call(words: list[str], log: Path) -> bool:
    """Run a script with one thread, and whether it did its work; what it says goes to ``log``."""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    with log.open("a") as said:
        done = subprocess.run(
            [sys.executable, *words], stdout=said, stderr=subprocess.STDOUT, env=env, check=False
        )
    print(f"{log.stem}: {'done' if done.returncode == 0 else f'failed, see {log}'}", flush=True)
    return done.returncode == 0


def train(system: str, scale: float, options: argparse.Namespace) -> None:
    """Train one system at one rate."""
    name, out = f"{system}-{scale:g}", options.out
    finished = out / f"{name}.finished"
    fonts = ["--soundfont", str(options.soundfont)] if options.soundfont else []
    midi = [word for folder in options.midi for word in ("--midi", str(folder))]
    if not finished.exists() and call(
        [str(HERE / "train.py"), system, "--minutes", str(options.minutes), "--scale", str(scale),
         "--threads", "1", "--out", str(out), *midi, *fonts],
        out / f"{name}.log",
    ):  # fmt: skip
        finished.touch()


def measure(
    system: str, scale: float, clips: int, folder: Path, more: list[str], options: argparse.Namespace
) -> Path:
    """Measure one run; where its report is."""
    name = f"{system}-{scale:g}"
    report = folder / f"{system}-{name}.json"
    held = ["--midi", str(options.heldout)] if options.heldout else []
    if not report.exists():
        call(
            [str(HERE / "measure.py"), system, str(options.out / name), "--threads", "1", "--clips", str(clips),
             "--out", str(folder), *held, *more],
            options.out / f"{name}-measured.log",
        )  # fmt: skip
    return report


def enter(system: str, scale: float, options: argparse.Namespace) -> tuple[float, str, float]:
    """Train and measure one system at one rate: how well it separates, and what it was."""
    train(system, scale, options)
    more = ["--only", "separation", *(["--steps", str(FEWER)] if system == "msdm" else [])]
    report = measure(system, scale, options.first, options.out / "first", more, options)
    score = (
        json.loads(report.read_text("utf-8"))["separation"]["si_sdri"]["mean"] if report.exists() else -1e9
    )
    return score, system, scale


def main() -> None:
    """Everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--clips", type=int, default=40, help="to measure the best run of a system on")
    parser.add_argument(
        "--first", type=int, default=12, help="clips to choose it by, by how well it separates"
    )
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--scales", nargs="+", type=float, default=SCALES)
    parser.add_argument("--midi", type=Path, action="append", default=[])
    parser.add_argument("--heldout", type=Path, default=None)
    parser.add_argument("--soundfont", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("runs/peers"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        tried = list(pool.map(lambda run: enter(*run, options), product(options.systems, options.scales)))
        best = [max(run for run in tried if run[1] == system) for system in options.systems]
        measured = options.out / "measured"
        list(pool.map(lambda run: measure(*run[1:], options.clips, measured, [], options), best))


if __name__ == "__main__":
    main()
