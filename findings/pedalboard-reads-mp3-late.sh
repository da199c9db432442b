#!/usr/bin/env bash
# pedalboard 0.9.26 on Linux, beside soundfile 0.14.0 (libsndfile) and PyAV 18.1.0 (FFmpeg).
#
# Expected: pedalboard.io.AudioFile reads an MP3 from its first sample on, as libsndfile and FFmpeg do, and its
# own at least.
# Happens: it writes the delay and padding into the file rightly, as the two others show (0 samples late, exact
# length), but its reader does not heed them: 1,105 samples late (25 ms) and 1,980 too many, for its own MP3 and
# for others'. FLAC, Ogg, WAV: exact.
# Users: augmentation and effects on stems that arrive as MP3; the result no longer lines up with the other stems,
# which were read by something else.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: pedalboard.mp3 read by pedalboard: late by 1105, 1980 samples too many
# seen: pedalboard.mp3 read by libsndfile: late by 0, 0 samples too many
# seen: pedalboard.mp3 read by FFmpeg: late by 0, 0 samples too many
# seen: libsndfile.mp3 read by pedalboard: late by 1105, 1980 samples too many
# seen: libsndfile.mp3 read by libsndfile: late by 0, 0 samples too many
# seen: libsndfile.mp3 read by FFmpeg: late by 0, 0 samples too many
# seen: pedalboard.ogg read by pedalboard: late by 0, 0 samples too many
# seen: pedalboard.ogg read by libsndfile: late by 0, 0 samples too many
# seen: libsndfile.ogg read by pedalboard: late by 0, 0 samples too many
# seen: libsndfile.ogg read by libsndfile: late by 0, 0 samples too many
# seen: pedalboard.flac read by pedalboard: late by 0, 0 samples too many
# seen: pedalboard.flac read by libsndfile: late by 0, 0 samples too many
# seen: libsndfile.flac read by pedalboard: late by 0, 0 samples too many
# seen: libsndfile.flac read by libsndfile: late by 0, 0 samples too many
# seen: pedalboard.wav read by pedalboard: late by 0, 0 samples too many
# seen: pedalboard.wav read by libsndfile: late by 0, 0 samples too many
# seen: libsndfile.wav read by pedalboard: late by 0, 0 samples too many
# seen: libsndfile.wav read by libsndfile: late by 0, 0 samples too many
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0 av==18.1.0 pedalboard==0.9.26
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import av
import numpy as np
import soundfile
from pedalboard.io import AudioFile

RATE = 44100
song = np.convolve(0.1 * np.random.default_rng(0).standard_normal(RATE), np.hanning(15) / 7, "same").astype(
    np.float32
)


def by_pedalboard(path):
    """Return the samples of a mono file."""
    with AudioFile(path) as file:
        return file.read(file.frames)[0]


def by_ffmpeg(path):
    """Return the samples of a mono file."""
    with av.open(path) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def late(sound):
    """Return by how many samples sound is late."""
    return max(range(-2000, 2001), key=lambda lag: float(song[8000:20000] @ sound[8000 + lag : 20000 + lag]))


seen = {}
for kind in ("mp3", "ogg", "flac", "wav"):
    with AudioFile(f"pedalboard.{kind}", "w", RATE, 1) as file:
        file.write(song)
    soundfile.write(f"libsndfile.{kind}", song, RATE)
    for path in (f"pedalboard.{kind}", f"libsndfile.{kind}"):
        sounds = {"pedalboard": by_pedalboard(path), "libsndfile": soundfile.read(path, dtype="float32")[0]}
        if kind == "mp3":
            sounds["FFmpeg"] = by_ffmpeg(path)
        for reader, sound in sounds.items():
            seen[path, reader] = (late(sound), len(sound) - RATE)
            print(
                f"{path} read by {reader}: late by {seen[path, reader][0]}, {seen[path, reader][1]} samples too many"
            )
same = True
for (path, reader), value in seen.items():
    same &= value == ((1105, 1980) if reader == "pedalboard" and path.endswith("mp3") else (0, 0))

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
