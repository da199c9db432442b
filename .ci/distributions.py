"""Check what is handed out: python .ci/distributions.py FOLDER, which holds one wheel and one source distribution."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

MOST_BYTES = 95e6
"""The package index takes files of up to 100 MB."""
WEIGHTS = "msgld/weights/small/denoiser.safetensors"
NEEDED = {
    ".whl": ("msgld/py.typed", WEIGHTS, "msgld/data/heldout.json", "msgld/demo/", "/licenses/LICENSE"),
    ".gz": ("/msgld/py.typed", "/" + WEIGHTS, "/tests/", "/LICENSE", "/constraints.txt", "/Makefile"),
}
UNWANTED = {
    ".whl": ("tests/", "bench/", "tools/", "research/", "docs/", "__pycache__", ".part"),
    ".gz": ("/.venv/", "/runs/", "__pycache__", ".part"),
}


def names(path: Path) -> list[str]:
    """Return the names of the files in an archive."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.namelist()
    with tarfile.open(path) as source:
        return source.getnames()


def faults(path: Path) -> Iterable[str]:
    """Yield what is wrong with an archive, a line each."""
    if path.stat().st_size >= MOST_BYTES:
        yield f"{path.name} has {path.stat().st_size / 1e6:.1f} MB: at most {MOST_BYTES / 1e6:.0f}"
    inside = names(path)
    for needed in NEEDED[path.suffix]:
        if not any(needed in name for name in inside):
            yield f"{path.name} lacks {needed}"
    for unwanted in UNWANTED[path.suffix]:
        found = [name for name in inside if unwanted in name]
        if found:
            yield f"{path.name} holds {found[0]} and {len(found) - 1} more with {unwanted}"


def main(folder: Path) -> int:
    """Print the sizes and what is wrong; return the exit code."""
    found = sorted(path for path in folder.iterdir() if path.suffix in NEEDED)
    wrong = [line for path in found for line in faults(path)]
    if sorted(path.suffix for path in found) != sorted(NEEDED):
        wrong.append(f"{folder}: one wheel and one source distribution are due")
    for path in found:
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {len(names(path))} files")
    for line in wrong:
        print(line, file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
