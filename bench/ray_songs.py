"""How long a library of songs takes on Ray, relative to one process with as many threads.

python bench/ray_songs.py [--songs 60] [--seconds 10] [--threads 1 2] [--out research/figures]

Both sides separate the same songs, made of the demo's, with the same call and the model open: the plain loop in a
process of its own, and one actor with as many threads. Starting Ray, starting the actor and opening the model
are not counted: time runs from the first song to the last. The two take turns, a part of the songs each, so that other
work on the machine meets both; processor seconds of the process that separates are taken as well.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from demo_mixture import repeated

from msgld.audio.write import write
from msgld.cluster.connect import connected
from msgld.cluster.each import Pool, each

QUALITY = "draft"


def make_songs(folder: Path, songs: int, seconds: float) -> list[Path]:
    """Songs of that length, each of another stretch of the demo's."""
    tiles, rate = repeated(seconds)
    paths = [folder / f"song{number:02}.wav" for number in range(songs)]
    for number, path in enumerate(paths):
        write(path, np.roll(tiles, 9973 * number, axis=1), rate, subtype="PCM_16")
    return paths


@dataclass(frozen=True)
class Separating:
    """Separates songs with so many threads; called once in every process that does so."""

    out: str
    threads: int

    def __call__(self) -> Callable[[str, int], Mapping[str, Any]]:
        """Open the model, separate a first song that is not counted, and return what separates a song."""
        import torch

        import msgld

        torch.set_num_threads(self.threads)
        model = msgld.load(device="cpu")

        def act(song: str, attempt: int) -> Mapping[str, Any]:
            began, work = time.time(), time.process_time()
            model.separate_to(song, Path(self.out, Path(song).stem), options=msgld.Options(quality=QUALITY))
            return {"began": began, "ended": time.time(), "work": time.process_time() - work}

        return act


def span(facts: list[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds from the second song to the last, as the first warms up, and processor seconds of these."""
    ordered = sorted(facts, key=lambda one: one["began"])
    return {
        "seconds": ordered[-1]["ended"] - ordered[0]["ended"],
        "work": sum(one["work"] for one in ordered[1:]),
    }


def plain(songs: list[Path], out: Path, threads: int) -> list[Mapping[str, Any]]:
    """One process: the loop that a user would write."""
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(_loop, ([str(song) for song in songs], str(out), threads))


def _loop(songs: list[str], out: str, threads: int) -> list[Mapping[str, Any]]:
    act = Separating(out, threads)()
    return [act(song, 1) for song in songs]


def on_ray(songs: list[Path], out: Path, threads: int) -> list[Mapping[str, Any]]:
    """One actor, with the ledger."""
    items = {song.name: str(song) for song in songs}
    pool = Pool("local", actors=1, threads=threads)
    found = list(each(items, Separating(str(out), threads), pool, ledger=out / "ledger.jsonl"))
    assert all(one.end == "done" for one in found), found
    return [one.facts for one in found]


def parts(songs: list[Path], size: int) -> Iterator[list[Path]]:
    """The songs in parts."""
    return (songs[start : start + size] for start in range(0, len(songs), size))


def compared(songs: list[Path], out: Path, threads: int, turns: int) -> dict[str, float]:
    """Sums over the turns, and the ratios of Ray to the plain loop."""
    sums = {(side, what): 0.0 for side in ("plain", "ray") for what in ("seconds", "work")}
    with connected("local"):
        for number, part in enumerate(parts(songs, -(-len(songs) // turns))):
            for side, run in (("plain", plain), ("ray", on_ray)):
                for what, value in span(run(part, out / f"{side}{threads}-{number}", threads)).items():
                    sums[side, what] += value
    figures = {f"{side} {what}": round(value, 2) for (side, what), value in sums.items()}
    ratios = {what: round(sums["ray", what] / sums["plain", what], 3) for what in ("seconds", "work")}
    return {
        "threads": threads,
        "load": os.getloadavg()[1],
        **figures,
        **{f"ratio, {k}": v for k, v in ratios.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--songs", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        songs = make_songs(Path(folder), arguments.songs, arguments.seconds)
        for threads in arguments.threads:
            rows.append(compared(songs, Path(folder) / "out", threads, arguments.turns))
            print(json.dumps(rows[-1]))
    if arguments.out:
        (arguments.out / "ray_songs.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
