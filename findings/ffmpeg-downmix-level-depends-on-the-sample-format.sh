#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's libswresample, by av.AudioResampler).
#
# Expected: a downmix has one level; asking for floating point instead of 16 bits changes the precision only.
# Happens: the matrix is scaled down so that it cannot clip if the output is of integers, and is left alone if it
# is of floats. The same dual mono becomes 3 dB louder as mono float than as mono 16-bit, 5.1 to stereo 7.7 dB,
# 5.1 to mono 10.7 dB (correlated channels). What counts is the output's format, not the input's. Mono to stereo
# is 3 dB softer in both, so mono -> stereo -> mono keeps its level in floats only.
# Users: a reader that takes stems as floats and one that takes them as 16 bits disagree by 3 dB on every mono
# fold, and a float fold of a full-scale centre exceeds 1.0.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: stereo to mono, dB: to 16 bits 0.0 (from float 0.0), to float 3.0 (from 16 bits 3.0)
# seen: 5.1 to stereo, dB: to 16 bits 0.0 (from float 0.0), to float 7.7 (from 16 bits 7.7)
# seen: 5.1 to mono, dB: to 16 bits 0.0 (from float 0.0), to float 10.7 (from 16 bits 10.7)
# seen: mono to stereo, dB: to 16 bits -3.0 (from float -3.0), to float -3.0 (from 16 bits -3.0)
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 av==18.1.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import av
import numpy as np

tone = 0.05 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)


def gain(before, after, channels, kind_in, kind_out):
    """Return the level of the first output channel over that of one input channel, in dB."""
    song = np.stack([tone] * channels)
    song = np.round(song * 32767).astype(np.int16) if kind_in == "s16p" else song.astype(np.float32)
    frame = av.AudioFrame.from_ndarray(song, format=kind_in, layout=before)
    frame.sample_rate = 48000
    out = av.AudioResampler(format=kind_out, layout=after, rate=48000).resample(frame)
    sound = np.concatenate([part.to_ndarray()[0] for part in out]) / (32767 if kind_out == "s16p" else 1)
    return round(float(20 * np.log10(sound.std() / tone.std())), 1) + 0.0


seen = {}
for before, after, channels in (
    ("stereo", "mono", 2),
    ("5.1", "stereo", 6),
    ("5.1", "mono", 6),
    ("mono", "stereo", 1),
):
    formats = [(kind_in, kind_out) for kind_out in ("s16p", "fltp") for kind_in in ("s16p", "fltp")]
    row = [gain(before, after, channels, *pair) for pair in formats]
    seen[before, after] = row
    print(
        f"{before} to {after}, dB: to 16 bits {row[0]} (from float {row[1]}), to float {row[3]} (from 16 bits {row[2]})"
    )
same = seen == {
    ("stereo", "mono"): [0.0, 0.0, 3.0, 3.0],
    ("5.1", "stereo"): [0.0, 0.0, 7.7, 7.7],
    ("5.1", "mono"): [0.0, 0.0, 10.7, 10.7],
    ("mono", "stereo"): [-3.0, -3.0, -3.0, -3.0],
}

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
