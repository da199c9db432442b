"""Trains all systems at three learning rates each for a short time, the best rate of each for long, and measures those.

    python bench/peers/songs.py --midi FOLDER --soundfont FOLDER --out runs/peers/songs
    python bench/peers/race.py --short 8 --minutes 40 --stems runs/peers/songs --heldout FOLDER --out runs/peers

Every run has the same minutes of computing on one thread, beside as many others as there are jobs. The best rate of a
system is that at which its short run separates best on a part of the held-out set. Called again it goes on: runs go on
where they were, and measurements that are there are not repeated. What each printed is beside it, in NAME.log. Then

    python bench/peers/table.py runs/peers/measured --runs runs/peers
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent
SYSTEMS = ("paper", "msdm", "ours", "htdemucs")
"""Those that take longest first, so that the jobs end together."""

SCALES = (3.0, 1.0, 10.0)
"""Of the usual learning rates."""

FEWER = {"msdm": 20, "paper": 8}
"""Network calls of the systems that sample even to separate, where only the runs of one system are compared."""


@dataclass(frozen=True)
class Entry:
    """A system at a multiple of its usual learning rate, and the folder of its run and those beside it."""

    system: str
    scale: float
    folder: Path

    @property
    def name(self) -> str:
        """Of the run."""
        return f"{self.system}-{self.scale:g}"


def call(words: list[str], log: Path) -> bool:
    """Run a script with one thread, and whether it did its work; what it says goes to ``log``."""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    with log.open("a") as said:
        done = subprocess.run(
            [sys.executable, *words], stdout=said, stderr=subprocess.STDOUT, env=env, check=False
        )
    print(f"{log}: {'done' if done.returncode == 0 else f'failed with {done.returncode}'}", flush=True)
    return done.returncode == 0


def train(entry: Entry, minutes: float, options: argparse.Namespace) -> None:
    """Train for so many minutes, or go on with it."""
    entry.folder.mkdir(parents=True, exist_ok=True)
    finished = entry.folder / f"{entry.name}.finished"
    if not finished.exists() and call(
        [str(HERE / "train.py"), entry.system, "--minutes", str(minutes), "--scale", str(entry.scale),
         "--out", str(entry.folder), "--stems", str(options.stems)],
        entry.folder / f"{entry.name}.log",
    ):  # fmt: skip
        finished.touch()


def measure(entry: Entry, clips: int, out: Path, more: list[str], options: argparse.Namespace) -> Path:
    """Measure a run; where its report is."""
    report = out / f"{entry.system}-{entry.name}.json"
    held = ["--midi", str(options.heldout)] if options.heldout else []
    finished = report.with_suffix(".finished")
    if not finished.exists() and call(
        [str(HERE / "measure.py"), entry.system, str(entry.folder / entry.name),
         "--clips", str(clips), "--out", str(out), *held, *more],
        entry.folder / f"{entry.name}-measured.log",
    ):  # fmt: skip
        finished.touch()
    return report


def short(system: str, scale: float, options: argparse.Namespace) -> tuple[float, float]:
    """Train a system for a short time: how well it separates then, and at which rate."""
    entry = Entry(system, scale, options.out / "rates")
    train(entry, options.short, options)
    more = ["--only", "separation", *(["--steps", str(FEWER[system])] if system in FEWER else [])]
    report = measure(entry, options.first, options.out / "first", more, options)
    score = (
        json.loads(report.read_text("utf-8"))["separation"]["si_sdri"]["mean"] if report.exists() else -1e9
    )
    return score, scale


def final(entry: Entry, options: argparse.Namespace) -> None:
    """Train a system for long, and measure everything."""
    train(entry, options.minutes, options)
    steps = {"msdm": options.msdm_steps, "paper": options.paper_steps}.get(entry.system)
    more = ["--steps", str(steps)] if steps else []
    measure(entry, options.clips, options.out / "measured", more, options)


def main() -> None:
    """Everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", type=float, default=8.0, help="minutes at each learning rate")
    parser.add_argument("--minutes", type=float, default=40.0, help="at the best one, from nothing again")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--clips", type=int, default=40, help="to measure the long runs on")
    parser.add_argument("--first", type=int, default=8, help="clips to choose a rate by")
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--scales", nargs="+", type=float, default=SCALES)
    parser.add_argument("--msdm-steps", type=int, default=None, help="of its long run; 150 as published")
    parser.add_argument(
        "--paper-steps", type=int, default=None, help="of its long run; 50 as in msgld's normal"
    )
    parser.add_argument("--stems", type=Path, required=True, help="songs, as songs.py renders them")
    parser.add_argument("--heldout", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("runs/peers"))
    options = parser.parse_args()
    with ThreadPoolExecutor(options.jobs) as pool:
        pairs = list(product(options.systems, options.scales))
        scores = list(pool.map(lambda pair: short(*pair, options), pairs))
        best = {
            s: max(score for pair, score in zip(pairs, scores, strict=True) if pair[0] == s)[1]
            for s in options.systems
        }
        print("best rates:", best, flush=True)
        list(pool.map(lambda s: final(Entry(s, best[s], options.out / "long"), options), options.systems))


if __name__ == "__main__":
    main()
