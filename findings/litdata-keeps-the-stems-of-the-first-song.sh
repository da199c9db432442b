#!/usr/bin/env bash
# litdata 0.2.76 (optimize, StreamingDataset) with torch 2.13.0 and torchvision 0.28.0.
#
# Expected: each item comes back as it was given, or optimize() raises where an item does not suit the others.
# Happens: the first item decides for all (here with one worker). Stems that the first song lacks are left out of the
# later ones without a word, from a dictionary as from a list. A mono stem of another sample format than the first
# one's is stored as it is and read in the first one's: 16-bit integers come back as half as many floats of other
# values, 64-bit floats as twice as many. Stems of two channels keep their format, so a test in stereo sees nothing.
# A list shorter than the first one is taken, and then no item can be read, not even the first. A dictionary without
# one of the first one's stems is the only case that raises.
# Users: sets of songs with various instruments, or read by more than one library: which stems are in the set depends
# on the first song. Give every item every stem, in one format, and compare what is read with what went in.
# Where there is no GPU, PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu makes the installation smaller.
# Date: 2026-11-29, Python 3.11, Linux x86-64.
#
# seen: named, drums piano | bass drums piano: drums float32[2, 1000] 0.25, piano float32[2, 1000] 0.5 | drums float32[2, 1000] 0.25, piano float32[2, 1000] 0.5
# seen: named, bass drums piano | drums piano: optimize() raises
# seen: listed, drums piano | drums piano bass: 0 float32[2, 1000] 0.25, 1 float32[2, 1000] 0.5 | 0 float32[2, 1000] 0.25, 1 float32[2, 1000] 0.5
# seen: listed, drums piano bass | drums piano: ValueError | ValueError
# seen: mono, float32 | int16 | float64: piano float32[1000] 0.5 | piano float32[500] 2.00391 | piano float32[2000] 1.75
# seen: stereo, float32 | int16 | float64: piano float32[2, 1000] 0.5 | piano int16[2, 1000] 16384 | piano float64[2, 1000] 0.5
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 torch==2.13.0 torchvision==0.28.0 litdata==0.2.76
cd "$work"
export DATA_OPTIMIZER_CACHE_FOLDER="$work/chunks" DATA_OPTIMIZER_DATA_CACHE_FOLDER="$work/data"
cat >program.py <<'PROGRAM'
import os
import sys

import litdata
import numpy as np

LEVELS = {"bass": 0.125, "drums": 0.25, "piano": 0.5}


def stem(name, shape=(2, 1000), dtype="float32"):
    """Return a stem that is constant, at a level by which one knows it; integers are scaled to 16 bits."""
    level = LEVELS[name]
    return np.full(shape, round(level * 32768) if dtype == "int16" else level, dtype)


def named(names):
    """Return a song as a dictionary of stereo stems."""
    return {name: stem(name) for name in names.split()}


def listed(names):
    """Return a song as a list of stereo stems."""
    return [stem(name) for name in names.split()]


def mono(dtype):
    """Return a song of one mono stem."""
    return {"piano": stem("piano", (1000,), dtype)}


def stereo(dtype):
    """Return a song of one stereo stem."""
    return {"piano": stem("piano", (2, 1000), dtype)}


CASES = [
    (named, ["drums piano", "bass drums piano"]),
    (named, ["bass drums piano", "drums piano"]),
    (listed, ["drums piano", "drums piano bass"]),
    (listed, ["drums piano bass", "drums piano"]),
    (mono, ["float32", "int16", "float64"]),
    (stereo, ["float32", "int16", "float64"]),
]


def shown(song):
    """Return what a song that was read holds."""
    stems = song.items() if isinstance(song, dict) else enumerate(song)
    return ", ".join(f"{name} {one.dtype}{list(one.shape)} {one.flat[-1]:.6g}" for name, one in stems)


def attempt(call, *arguments):
    """Return the result, or the error's name."""
    try:
        return call(*arguments)
    except Exception as error:
        return type(error).__name__


def write(number):
    """Write a case's songs; an empty file tells of the error."""
    make, songs = CASES[number]
    try:
        litdata.optimize(make, songs, f"set{number}", num_workers=1, chunk_bytes="1MB")
    except RuntimeError:
        open(f"raised{number}", "w").close()


def read(number):
    """Return a line for each song of a case."""
    if os.path.exists(f"raised{number}"):
        return ["optimize() raises"]
    songs = litdata.StreamingDataset(f"set{number}")
    return [attempt(lambda at=at: shown(songs[at])) for at in range(len(songs))]


STEREO = "float32[2, 1000]"
PAIR = f"0 {STEREO} 0.25, 1 {STEREO} 0.5"
DESCRIBED = [
    [f"drums {STEREO} 0.25, piano {STEREO} 0.5"] * 2,
    ["optimize() raises"],
    [PAIR] * 2,
    ["ValueError"] * 2,
    ["piano float32[1000] 0.5", "piano float32[500] 2.00391", "piano float32[2000] 1.75"],
    ["piano float32[2, 1000] 0.5", "piano int16[2, 1000] 16384", "piano float64[2, 1000] 0.5"],
]

if __name__ == "__main__":
    if sys.argv[1] == "write":
        for number in range(len(CASES)):
            write(number)
        sys.exit()
    seen = [read(number) for number in range(len(CASES))]
    for (make, songs), lines in zip(CASES, seen, strict=True):
        print(f"{make.__name__}, {' | '.join(songs)}: {' | '.join(lines)}")
    if seen != DESCRIBED:
        sys.exit("the behaviour has changed")
    print("as described above")
PROGRAM
"$work/venv/bin/python" program.py write >log 2>&1 || { cat log; exit 1; }
"$work/venv/bin/python" program.py read
