"""Trains and measures all systems at three learning rates each, so many at a time as there are jobs, a thread for each.

    python bench/peers/race.py --minutes 20 --jobs 2 --midi FOLDER --heldout FOLDER --soundfont FOLDER --out runs/peers

Every run has the same minutes on one thread beside as many others. Called again it goes on: runs and measurements that
are there are not repeated. What each printed is beside it, in NAME.log. Then

    python bench/peers/table.py runs/peers/measured --runs runs/peers
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
SYSTEMS, SCALES = ("ours", "htdemucs", "paper", "msdm"), (1.0, 0.33, 3.0)


def call(words: list[str], log: Path) -> None:
    """Run a script with one thread; what it says goes to ``log``."""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    with log.open("a") as said:
        done = subprocess.run(
            [sys.executable, *words], stdout=said, stderr=subprocess.STDOUT, env=env, check=False
        )
    print(f"{log.stem}: {'done' if done.returncode == 0 else f'failed, see {log}'}", flush=True)


def enter(system: str, scale: float, options: argparse.Namespace) -> None:
    """Train one system at one rate, and measure it."""
    name, out = f"{system}-{scale:g}", options.out
    finished = out / f"{name}.finished"
    fonts = ["--soundfont", str(options.soundfont)] if options.soundfont else []
    midi = [word for folder in options.midi for word in ("--midi", str(folder))]
    if not finished.exists():
        call(
            [str(HERE / "train.py"), system, "--minutes", str(options.minutes), "--scale", str(scale),
             "--threads", "1", "--out", str(out), *midi, *fonts],
            out / f"{name}.log",
        )  # fmt: skip
        finished.touch()
    if not (out / "measured" / f"{system}-{name}.json").exists():
        held = ["--midi", str(options.heldout)] if options.heldout else []
        call(
            [str(HERE / "measure.py"), system, str(out / name), "--threads", "1", "--clips", str(options.clips),
             "--out", str(out / "measured"), *held],
            out / f"{name}-measured.log",
        )  # fmt: skip


def main() -> None:
    """Everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--scales", nargs="+", type=float, default=SCALES)
    parser.add_argument("--midi", type=Path, action="append", default=[])
    parser.add_argument("--heldout", type=Path, default=None)
    parser.add_argument("--soundfont", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("runs/peers"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [
            pool.submit(enter, system, scale, options)
            for scale in options.scales
            for system in options.systems
        ]
    for run in runs:
        run.result()


if __name__ == "__main__":
    main()
