#!/usr/bin/env bash
# soundfile 0.14.0 (with the libsndfile of its wheel).
#
# Expected: info(path).frames says how many samples read(path) returns; a file that was cut short raises.
# Happens: four answers to one question. A FLAC of unknown length (0 in its header, as encoders that write into a
# pipe leave it; FFmpeg reads it whole) has 9,223,372,036,854,775,807 frames, and read() raises ("array is too
# big"), though reading 1,000 frames works. Half a WAV, AIFF or Ogg is a shorter song without a word. Half an MP3
# still states the full length, and read() quietly returns half of it. Only FLAC and CAF raise.
# Users: a download that stopped leaves stems that "read fine"; code that allocates by frames gets 2**63 - 1; a
# data set's index made by info() and the samples disagree.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: FLAC of unknown length: frames, read(), read(frames=1000): (9223372036854775807, 'ValueError', 1000)
# seen: half a wav of 441000 samples: frames 220489, read() 220489
# seen: half a aiff of 441000 samples: frames 220486, read() 220486
# seen: half a ogg of 441000 samples: frames 201408, read() 201408
# seen: half a mp3 of 441000 samples: frames 441000, read() 216623
# seen: half a flac of 441000 samples: frames 441000, read() LibsndfileError
# seen: half a caf of 441000 samples: frames LibsndfileError, read() LibsndfileError
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import numpy as np
import soundfile

song = 0.1 * np.random.default_rng(0).standard_normal(441000)
soundfile.write("song.flac", song, 44100)
data = bytearray(open("song.flac", "rb").read())
data[21] &= 0xF0  # the 36-bit count of samples in the STREAMINFO block: 0 means unknown
data[22:26] = bytes(4)
open("piped.flac", "wb").write(data)


def outcome(path, **what):
    """Return the number of samples that read() gives, or the error's name."""
    try:
        return len(soundfile.read(path, **what)[0])
    except (soundfile.LibsndfileError, ValueError) as error:
        return type(error).__name__


frames = soundfile.info("piped.flac").frames
piped = (frames, outcome("piped.flac"), outcome("piped.flac", frames=1000))
print("FLAC of unknown length: frames, read(), read(frames=1000):", piped)
half = {}
for kind in ("wav", "aiff", "ogg", "mp3", "flac", "caf"):
    soundfile.write(f"song.{kind}", song, 44100)
    data = open(f"song.{kind}", "rb").read()
    open(f"half.{kind}", "wb").write(data[: len(data) // 2])
    try:
        stated = soundfile.info(f"half.{kind}").frames
    except soundfile.LibsndfileError as error:
        stated = type(error).__name__
    half[kind] = (stated, outcome(f"half.{kind}"))
    print(f"half a {kind} of 441000 samples: frames {stated}, read() {half[kind][1]}", flush=True)
same = piped == (2**63 - 1, "ValueError", 1000)
for kind in ("wav", "aiff", "ogg"):
    same &= half[kind][0] == half[kind][1] and 190000 < half[kind][0] < 230000
same &= half["mp3"][0] == 441000 and 190000 < half["mp3"][1] < 230000
same &= half["flac"][1] == "LibsndfileError" and half["caf"][0] == "LibsndfileError"

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
