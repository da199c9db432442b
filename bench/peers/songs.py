"""Renders the songs on which all systems are trained: a folder a song, a file a stem, 16 bits.

    python bench/peers/songs.py --songs 240 --midi FOLDER --soundfont FOLDER --out runs/peers/songs

Rendered once and read by every system, so that none waits for a synthesiser and all hear the same.
Called again it renders what is missing.
"""

from __future__ import annotations

import argparse
import os
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import soundfile

from msgld.data.source import Source
from msgld.training.data import training_source

SECONDS = 24.0
SEED = 1_000_000
"""Of the first song."""


def render(source: Source, number: int, out: Path) -> None:
    """Write a song; its folder appears once it is whole."""
    folder, fresh = out / f"{number:05d}", out / f".{number:05d}"
    if folder.exists():
        return
    clip = source.clip(SEED + number, SECONDS)
    fresh.mkdir(parents=True, exist_ok=True)
    for stem, wave in zip(source.stems, clip.stems, strict=True):
        soundfile.write(fresh / f"{stem}.wav", wave.T, clip.rate, subtype="PCM_16")
    os.replace(fresh, folder)


def share(made: dict[str, Any], numbers: range, out: Path) -> None:
    """Write some of the songs."""
    source = training_source(**made)
    for number in numbers:
        render(source, number, out)


def main() -> None:
    """Write all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--songs", type=int, default=240)
    parser.add_argument("--midi", type=Path, action="append", default=[])
    parser.add_argument("--soundfont", type=Path, default=None)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    made = {"midi": options.midi, "soundfont": options.soundfont}
    context = get_context("spawn")
    workers = [
        context.Process(target=share, args=(made, range(job, options.songs, options.jobs), options.out))
        for job in range(options.jobs)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit("songs could not be rendered; the reason is above")


if __name__ == "__main__":
    main()
