"""A very long song, file to files: does it finish, how fast, and does its memory stay that of a short one?

    python bench/long.py --hours 3 --out research/figures

Separates ten minutes and then the long song at draft quality into FLAC, each through the command line in a process
of its own, and compares peak memory. Needs about 8 GB of free disk an hour, as stems wait there as floats for their
common gain.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile
from demo_mixture import demo_mixture


def make_song(path: Path, seconds: float) -> None:
    """Write the demo's mixture again and again, a block at a time."""
    samples, rate = demo_mixture()
    mixture, left = samples.T, round(seconds * rate)
    with soundfile.SoundFile(path, "w", rate, mixture.shape[1], "PCM_24") as file:
        while left > 0:
            file.write(mixture[:left])
            left -= len(mixture)


def separated(song: Path, folder: Path) -> dict[str, float]:
    """Seconds, peak memory in GB and the null test of one separation."""
    command = [
        sys.executable,
        "-m",
        "msgld",
        "separate",
        str(song),
        "--out",
        str(folder),
        "--flac",
        "--quality",
        "draft",
    ]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{song.name}: the separation failed")
    took = time.perf_counter() - begun
    [record] = folder.rglob("run.json")
    run = json.loads(record.read_text("utf-8"))
    lengths = {soundfile.info(path).frames for path in record.parent.glob("*.flac")}
    assert lengths == {soundfile.info(song).frames}, "every stem has to be as long as the song"
    return {"seconds": took, "peak_gb": usage.ru_maxrss / 1e6, "null_db": run["null_db"]}


def main() -> None:
    """Measure a short and a long song."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="length of the song that it is compared with"
    )
    parser.add_argument(
        "--folder", type=Path, default=None, help="where to work; the system's place by default"
    )
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    figures = {}
    for name, seconds in (("short", options.minutes * 60), ("long", options.hours * 3600)):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            song = Path(folder) / f"{name}.flac"
            make_song(song, seconds)
            figures[name] = {"hours": seconds / 3600, **separated(song, Path(folder) / "out")}
            figures[name]["times_real_time"] = seconds / figures[name]["seconds"]
        print(name, {key: round(value, 3) for key, value in figures[name].items()}, flush=True)
    growth = figures["long"]["peak_gb"] / figures["short"]["peak_gb"] - 1
    print(f"memory grows by {100 * growth:.1f} %")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "long.json").write_text(
        json.dumps({**figures, "growth": growth}, indent=1) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
