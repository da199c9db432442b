#!/usr/bin/env bash
# soundfile 0.14.0 (with the libsndfile of its wheel).
#
# Expected: floats that are written as integers are rounded to the nearest step, in every format, so that the same
# samples saved as WAV and as FLAC of one bit depth are equal.
# Happens: FLAC and 32-bit WAV round to the nearest. WAV of 16 and 24 bits, 16-bit AIFF and ALAC in CAF round down:
# 0.99 of a step becomes 0, and a hundredth of a step below zero becomes -1. Half of the samples of a song differ
# between its WAV and its FLAC, the WAV has an offset of half a step, and a stem that is silent but for a rest of
# 1e-9, as resampling or a network leaves it, is full of -1 in WAV and digital silence in FLAC. Samples that were
# read from a file of the same depth come back exactly, so a round trip does not show it.
# Users: who delivers 16-bit stems, compares WAV with FLAC, adds dither of his own (its mean is off by half a
# step), or looks for digital silence. Round before writing, and write integers.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: steps: [-1.6, -0.6, -0.4, -0.01, 0.4, 0.6, 0.99, 1.6]
# seen: WAV PCM_16: [-2, -1, -1, -1, 0, 0, 0, 1]
# seen: AIFF PCM_16: [-2, -1, -1, -1, 0, 0, 0, 1]
# seen: CAF ALAC_16: [-2, -1, -1, -1, 0, 0, 0, 1]
# seen: FLAC PCM_16: [-2, -1, 0, 0, 0, 1, 1, 2]
# seen: WAV PCM_24: [-2, -1, -1, -1, 0, 0, 0, 1]
# seen: FLAC PCM_24: [-2, -1, 0, 0, 0, 1, 1, 2]
# seen: WAV PCM_32: [-2, -1, 0, 0, 0, 1, 1, 2]
# seen: a song: 50% of the samples differ; mean error of WAV and FLAC [-0.5, 0.0] steps
# seen: a rest of 1e-9: 41% of the WAV's samples are -1, 0% of the FLAC's
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

steps = np.array([-1.6, -0.6, -0.4, -0.01, 0.4, 0.6, 0.99, 1.6])
rng = np.random.default_rng(0)
song, rest = 0.1 * rng.standard_normal(44100), 1e-9 * rng.standard_normal(44100)
nearest, down = np.round(steps), np.floor(steps)


def saved(samples, kind, bits, subtype):
    """Return what a file of the samples holds, in steps of its bit depth."""
    soundfile.write("sound", samples, 44100, format=kind, subtype=subtype)
    return soundfile.read("sound")[0] * 2 ** (bits - 1)


same = True
print("steps:", steps.tolist())
for kind, bits, subtype, law in (
    ("WAV", 16, "PCM_16", down),
    ("AIFF", 16, "PCM_16", down),
    ("CAF", 16, "ALAC_16", down),
    ("FLAC", 16, "PCM_16", nearest),
    ("WAV", 24, "PCM_24", down),
    ("FLAC", 24, "PCM_24", nearest),
    ("WAV", 32, "PCM_32", nearest),
):
    found = saved(steps / 2 ** (bits - 1), kind, bits, subtype)
    same &= bool((found == law).all())
    print(f"{kind} {subtype}:", found.astype(int).tolist())
wav, flac = (saved(song, kind, 16, "PCM_16") for kind in ("WAV", "FLAC"))
apart = float((wav != flac).mean())
offsets = [round(float((file - song * 32768).mean()), 1) + 0.0 for file in (wav, flac)]
print(f"a song: {apart:.0%} of the samples differ; mean error of WAV and FLAC {offsets} steps")
left = [float((saved(rest, kind, 16, "PCM_16") == -1).mean()) for kind in ("WAV", "FLAC")]
print(f"a rest of 1e-9: {left[0]:.0%} of the WAV's samples are -1, {left[1]:.0%} of the FLAC's")
same &= 0.45 < apart < 0.55 and offsets == [-0.5, 0.0] and left[0] > 0.4 and left[1] == 0

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
