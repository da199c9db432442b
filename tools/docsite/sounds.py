"""Makes docs/sounds/: what a reader of docs/quickstart.md hears, by the commands that the page shows.

    python tools/docsite/sounds.py

Run it again when the shipped model changes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import msgld
from msgld.audio.sound import read_all
from msgld.audio.write import AudioWriter

FOLDER = Path(__file__).parent.parent.parent / "docs" / "sounds"
FROM, TO = 2, 14
"""Seconds of the bundled song."""
BITRATE = 80
SEPARATE = f"separate song.wav --from {FROM} --to {TO} --format mp3 --mp3-bitrate {BITRATE}"
GENERATE = "generate --style bossa --key Gm --bpm 120 --bars 6"


def write_song(folder: Path) -> None:
    """The bundled song as song.wav, and its excerpt as song.mp3."""
    stems = [read_all(path) for path in sorted((Path(msgld.__file__).parent / "demo").glob("*.flac"))]
    song, rate = np.sum([samples for samples, _ in stems], axis=0), stems[0][1]
    write(folder / "song.wav", song, rate)
    write(folder / "song.mp3", song[:, FROM * rate : TO * rate], rate)


def write(path: Path, samples: np.ndarray, rate: int) -> None:
    """Samples (channels, L) as a file."""
    with AudioWriter(path, rate, len(samples), bitrate=BITRATE) as writer:
        writer.write(samples)


def main() -> None:
    """Write all files."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_song(folder)
        for command in (SEPARATE, GENERATE):
            subprocess.run([sys.executable, "-m", "msgld", *command.split()], cwd=folder, check=True)
        FOLDER.mkdir(exist_ok=True)
        shutil.copy(folder / "song.mp3", FOLDER)
        for stem in (folder / "separated" / "small" / "song").glob("*.mp3"):
            shutil.copy(stem, FOLDER)
        write(folder / "generated.mp3", *read_all(folder / "generated" / "small" / "seed0" / "mix.wav"))
        shutil.copy(folder / "generated.mp3", FOLDER)


if __name__ == "__main__":
    main()
