"""How fast, with how much memory, and how exactly the shipped model works, on a song made of the demo's.

    python bench/speed.py --minutes 4 --out research/figures

Prints a table and writes ``speed.json``. Times are of whole calls of the public API, files included.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from demo_mixture import DEMO, repeated

import msgld
from msgld.audio.sound import read_all
from msgld.audio.write import write


def make_song(folder: Path, minutes: float, gain_db: float = 0.0) -> Path:
    """Write a song of that length: the demo's mixture, again and again."""
    tiles, rate = repeated(minutes * 60)
    path = folder / f"song{gain_db:+.0f}.wav"
    write(path, tiles * np.float32(10 ** (gain_db / 20)), rate, subtype="FLOAT")
    return path


def timed_separation(song: Path, folder: Path, quality: str) -> dict[str, float]:
    """Seconds and times real time of separating a file to files."""
    model = msgld.load()
    samples, rate = read_all(song)
    seconds = samples.shape[1] / rate
    begun = time.perf_counter()
    saved = model.separate_to(song, folder / quality, options=msgld.Options(quality=quality))
    took = time.perf_counter() - begun
    return {"seconds": took, "times_real_time": seconds / took, "null_db": saved.run["null_db"]}


def timed_making(task: str) -> dict[str, float]:
    """Seconds for 10 s of all stems, or of guitar and piano to the demo's bass, drums and other."""
    model = msgld.load()
    begun = time.perf_counter()
    if task == "generate":
        model.generate(10.0)
    else:
        stems = {stem: demo_stem(stem) for stem in ("bass", "drums", "other")}
        model.arrange(stems, ["guitar", "piano"])
    return {"seconds": time.perf_counter() - begun}


def demo_stem(stem: str) -> tuple[np.ndarray, int]:
    """Ten seconds of one of the demo's stems."""
    samples, rate = read_all(DEMO / f"{stem}.flac")
    return samples[:, : 10 * rate], rate


def peak_memory(minutes: float) -> dict[str, float]:
    """Peak memory of a process that separates a song of that length, in GB."""
    code = (
        "import sys, pathlib, msgld; msgld.load().separate_to(pathlib.Path(sys.argv[1]), "
        "pathlib.Path(sys.argv[2]), options=msgld.Options(quality='draft'))"
    )
    with tempfile.TemporaryDirectory() as folder:
        song = make_song(Path(folder), minutes)
        subprocess.run([sys.executable, "-c", code, str(song), folder + "/out"], check=True)
    return {"gigabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6}


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="length of the song that is timed")
    parser.add_argument("--memory-minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures: dict[str, dict[str, float]] = {}
    figures["memory"] = peak_memory(options.memory_minutes)
    with tempfile.TemporaryDirectory() as folder:
        song = make_song(Path(folder), options.minutes)
        for quality in ("draft", "normal", "best"):
            figures[f"separate {quality}"] = timed_separation(song, Path(folder), quality)
    for task in ("generate", "arrange"):
        figures[f"{task} 10 s"] = timed_making(task)
    for name, values in figures.items():
        print(f"{name:20}", {key: round(value, 2) for key, value in values.items()})
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "speed.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
