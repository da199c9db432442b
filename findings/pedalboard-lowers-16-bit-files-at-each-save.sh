#!/usr/bin/env bash
# pedalboard 0.9.26 (pedalboard.io.AudioFile); soundfile 0.14.0 makes and checks the files.
#
# Expected: a 16-bit file that is read and written back as 16 bits without any effect is unchanged, as with
# soundfile.
# Happens: reading divides by 32,767, writing rounds down. So all negative samples are one step lower after each
# save, and the next save lowers them again: after ten saves they are ten steps lower, and the file has an offset
# of five steps. It is the same in WAV, AIFF and FLAC. The lowest 16-bit sample is read as -1.00003, below full
# scale.
# Users: editing by steps that each save a file; null tests against the original fail, digital silence stays, but
# soft parts get an offset, and samples read by pedalboard and by soundfile differ by 0.0003 dB.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: wav, saved 1x: negative samples -1 to -1, others 0 to 0, mean -0.5 steps; the lowest sample is read as -1.00003
# seen: wav, saved 10x: negative samples -10 to -10, others 0 to 0, mean -5.0 steps; the lowest sample is read as -1.00003
# seen: aiff, saved 1x: negative samples -1 to -1, others 0 to 0, mean -0.5 steps; the lowest sample is read as -1.00003
# seen: aiff, saved 10x: negative samples -10 to -10, others 0 to 0, mean -5.0 steps; the lowest sample is read as -1.00003
# seen: flac, saved 1x: negative samples -1 to -1, others 0 to 0, mean -0.5 steps; the lowest sample is read as -1.00003
# seen: flac, saved 10x: negative samples -10 to -10, others 0 to 0, mean -5.0 steps; the lowest sample is read as -1.00003
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0 pedalboard==0.9.26
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import numpy as np
import soundfile
from pedalboard.io import AudioFile

same = True
for kind in ("wav", "aiff", "flac"):
    name = f"song.{kind}"
    song = np.random.default_rng(0).integers(-20000, 20000, 44100)
    song[0] = -32768
    soundfile.write(name, song.astype(np.int16), 44100, subtype="PCM_16")
    with AudioFile(name) as file:
        lowest = round(float(file.read(1)[0, 0]), 5)
    for saves in range(1, 11):
        with AudioFile(name) as file:
            samples = file.read(file.frames)
        with AudioFile(name, "w", 44100, 1, bit_depth=16) as file:
            file.write(samples)
        apart = soundfile.read(name, dtype="int16")[0] - song
        below = apart[1:][song[1:] < 0]
        others = apart[1:][song[1:] >= 0]
        if saves in (1, 10):
            print(
                f"{kind}, saved {saves}x: negative samples {below.min()} to {below.max()}, others {others.min()} to"
                f" {others.max()}, mean {apart.mean():.1f} steps; the lowest sample is read as {lowest}"
            )
            same &= set(below) == {-saves} and set(others) == {0} and lowest < -1

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
