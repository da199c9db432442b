#!/usr/bin/env bash
# soxr 1.1.0 (python-soxr).
#
# Expected: resampled silence is silence, in any format, and equal rates return the samples as they came.
# Happens: for 16-bit arrays the output is dithered: 23 % of the samples of digital silence come back as +-1
# instead of 0, and with equal rates a quarter of the samples change. 32-bit integers and floats are not dithered.
# Users: stems that pause are digital zeros, and "is it silent", "first and last non-zero sample", presence labels
# and lossless compression of empty tracks all rest on that. Resample as floats, or test against a level.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: int16: 23.2% of the resampled silence is not zero (peak 1), 25.0% of the samples change at equal rates
# seen: int32: 0.0% of the resampled silence is not zero (peak 0), 0.0% of the samples change at equal rates
# seen: float32: 0.0% of the resampled silence is not zero (peak 0.0), 0.0% of the samples change at equal rates
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soxr==1.1.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import numpy as np
import soxr

seen = {}
noise = np.random.default_rng(0).standard_normal(44100)
for kind, scale in (("int16", 3000), ("int32", 2e8), ("float32", 0.1)):
    full = np.iinfo(kind).max if kind != "float32" else 1.0
    quiet = soxr.resample(np.zeros(44100, kind), 44100, 48000)
    song = (scale * noise).astype(kind)
    apart = np.abs(soxr.resample(song, 44100, 44100).astype(np.float64) - song) / full
    seen[kind] = (float((quiet != 0).mean()), float((apart > 1e-7).mean()))
    print(
        f"{kind}: {seen[kind][0]:.1%} of the resampled silence is not zero (peak {np.abs(quiet).max()}),"
        f" {seen[kind][1]:.1%} of the samples change at equal rates"
    )
same = 0.1 < seen["int16"][0] < 0.4 and 0.1 < seen["int16"][1] < 0.4
same &= seen["int32"] == (0, 0) and seen["float32"] == (0, 0)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
