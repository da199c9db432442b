"""How fast songs are prepared, how much memory that takes, and what shards cost to read.

python bench/prepare.py [--songs 12] [--seconds 180] [--folder DIR]

Songs are made of the demo's stems, five and a mixture in WAV of 16 bits, or FLAC with --ending flac. The growth of
memory is measured with many short songs: the peak after a hundred and after a thousand.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

import msgld
from msgld.data.stem_folders.folder import open_set

DEMO = Path(msgld.__file__).parent / "demo"
CROP = 12.0
"""Seconds of a clip of training."""


def make(folder: Path, songs: int, seconds: float, ending: str) -> float:
    """Write songs; seconds of music in them."""
    stems = {path.stem: soundfile.read(path, dtype="float32") for path in sorted(DEMO.glob("*.flac"))}
    for number in range(songs):
        place = folder / f"Song {number:05}"
        place.mkdir(parents=True)
        mixture = 0
        for name, (x, rate) in stems.items():
            long = np.resize(np.roll(x, number * 10_007, axis=0), (round(seconds * rate), x.shape[1]))
            soundfile.write(place / f"{name}.{ending}", long, rate, "PCM_16")
            mixture = mixture + long
        soundfile.write(place / f"mixture.{ending}", 0.5 * mixture, rate, "PCM_16")
    return songs * seconds


CHILD = """
import json, sys, time
import msgld
import msgld.api.prepare, msgld.data.shards.strips, PIL.ImageDraw  # imports are not the work
start, work = time.monotonic(), time.process_time()
made = msgld.prepare(sys.argv[1], sys.argv[2])
# ru_maxrss would count the memory of the process that started this one.
(peak,) = (int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([time.monotonic() - start, time.process_time() - work, peak, made.songs, made.size]))
"""


def prepared(source: Path, out: Path) -> tuple[float, float, float, int, int]:
    """Seconds, processor seconds, peak memory in MiB, songs and bytes of one preparation, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(source), str(out)], check=True, capture_output=True
    )
    return tuple(json.loads(done.stdout))


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def per_clip(folder: Path, clips: int = 40) -> tuple[float, float]:
    """Processor milliseconds and milliseconds of a random clip of a set that has been opened."""
    source = open_set(folder)
    start, work = time.monotonic(), time.process_time()
    for seed in range(clips):
        source.clip(seed, CROP)
    return 1000 * (time.process_time() - work) / clips, 1000 * (time.monotonic() - start) / clips


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--ending", choices=("wav", "flac"), default="wav")
    parser.add_argument(
        "--many", type=int, nargs="*", default=[100, 1000], help="numbers of short songs for the memory"
    )
    parser.add_argument("--folder", type=Path, help="where the songs go; a temporary folder by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as text:
        place = Path(text)
        music = make(place / "set", options.songs, options.seconds, options.ending)
        seconds, work, peak, songs, size = prepared(place / "set", place / "out")
        print(f"{songs} songs, {music / 60:.0f} min: {seconds:.1f} s = {music / seconds:.0f} x real time, "
              f"{music / work:.0f} x a processor second; peak {peak:.0f} MiB")  # fmt: skip
        own = sum(
            path.stat().st_size
            for path in (place / "set").rglob("*")
            if path.stem != "mixture" and path.is_file()
        )
        print(f"shards {size / 1e6:.0f} MB, stems in {options.ending} {own / 1e6:.0f} MB: {size / own:.2f}")
        for name, folder in (("shards", place / "out"), (options.ending, place / "set")):
            print(
                "clip of {} s from {}: {:.0f} ms of a processor, {:.0f} ms".format(
                    CROP, name, *per_clip(folder)
                )
            )
        shutil.rmtree(place / "set")
        for number in options.many:
            make(place / f"many{number}", number, 2.0, options.ending)
            seconds, _, peak, songs, _ = prepared(place / f"many{number}", place / f"out{number}")
            print(f"{songs} songs of 2 s: {seconds:.1f} s, peak {peak:.0f} MiB", flush=True)
            shutil.rmtree(place / f"many{number}")


if __name__ == "__main__":
    main()
