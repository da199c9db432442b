"""Packs what training on a rented machine needs into folders that are small enough to be carried one by one.

    python tools/pack.py --start MODEL --midi FOLDER --soundfont FOLDER --limit 60 --out packs
    # carry packs/1, packs/2, ... into one folder there, and then
    msgld train --recipe small-gpu --start start --midi midi --soundfont fonts --out run

Soundfonts become SF3 (``soundfonts/compress.py``), a fifth of their size. Of the model only codec and denoiser are
taken, as training needs no more; ``--folder`` takes anything else along, such as wheels.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from soundfonts.compress import smaller

from msgld.checkpoint import load_model, save_model
from msgld.data.fonts import find_soundfonts

MEGABYTE = 1 << 20


def small_font(path: Path, quality: float, out: Path) -> None:
    """A smaller copy of a soundfont."""
    (out / path.with_suffix(".sf3").name).write_bytes(smaller(path, quality))


def small_fonts(fonts: Path, quality: float, out: Path) -> None:
    """A smaller copy of every soundfont."""
    out.mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(small_font, quality=quality, out=out), find_soundfonts(fonts)))


def shared_out(files: list[Path], limit: int) -> Iterator[list[Path]]:
    """Files in groups of at most ``limit`` bytes, the largest first, each into the first group that has room.

    Raises:
        SystemExit: a file is larger than that.
    """
    groups: list[tuple[int, list[Path]]] = []
    for file in sorted(files, key=lambda one: -one.stat().st_size):
        size = file.stat().st_size
        if size > limit:
            sys.exit(f"{file.name} has {size / MEGABYTE:.1f} MB: raise --limit, or lower --quality")
        place = next((k for k, (held, _) in enumerate(groups) if held + size <= limit), None)
        if place is None:
            groups.append((size, [file]))
        else:
            groups[place] = (groups[place][0] + size, [*groups[place][1], file])
    yield from (group for _, group in groups)


def main() -> None:
    """Write the folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--start", type=Path, required=True, help="the model to go on from")
    parser.add_argument("--midi", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument(
        "--folder", type=Path, action="append", default=[], help="something else to take along"
    )
    parser.add_argument("--quality", type=float, default=0.3, help="of the recordings, 0 to 1")
    parser.add_argument("--limit", type=float, default=60.0, help="megabytes of a folder")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    whole = options.out / "whole"
    small_fonts(options.soundfont, options.quality, whole / "fonts")
    save_model(replace(load_model(options.start), vocoder=None, refiner=None), whole / "start")
    for folder, name in [(options.midi, "midi"), *((folder, folder.name) for folder in options.folder)]:
        shutil.copytree(folder, whole / name)
    files = [file for file in whole.rglob("*") if file.is_file()]
    for number, group in enumerate(shared_out(files, round(options.limit * MEGABYTE)), 1):
        size = sum(file.stat().st_size for file in group)
        print(f"{options.out / str(number)}: {len(group)} files, {size / MEGABYTE:.1f} MB")
        for file in group:
            target = options.out / str(number) / file.relative_to(whole)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
    shutil.rmtree(whole)


if __name__ == "__main__":
    main()
