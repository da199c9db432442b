#!/usr/bin/env bash
# museval 0.4.1 (with musdb 0.4.3 and stempeg 0.2.6, which it imports).
#
# Expected: a window is silent if its samples are (nearly) zero; a silent stem costs its own score.
# Happens: silence is judged by the sum of the channels. A stem whose right channel is the left one inverted (-20
# dBFS here) counts as silent, and the window then is NaN for all stems. If it is so throughout, the whole
# evaluation raises ValueError ("should be non-silent"). An estimate of zeros for one stem raises it for all stems
# too. And importing museval, which here compares arrays in memory, raises RuntimeError where no program "ffmpeg"
# and "ffprobe" are found; two empty scripts satisfy it.
# Users: wide synthesiser pads, mid/side tricks and stereo wideners; separators that rightly answer "no vocals
# here" with zeros.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: import without ffmpeg: RuntimeError: ffmpeg or ffprobe could not be found! Please install the
# seen: two stems, three windows:
# seen: [[20.  19.9 20.1]
# seen: [19.9 20.  20. ]]
# seen: first stem in antiphase in the second window:
# seen: [[20.   nan 20.1]
# seen: [19.9  nan 20. ]]
# seen: in antiphase throughout: ValueError: All the reference sources should be non-silent (not all-zero...
# seen: first estimate all zeros: ValueError: All the estimated sources should be non-silent (not all-zero...
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 musdb==0.4.3 stempeg==0.2.6 museval==0.4.1
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import os
import subprocess
import sys

without = subprocess.run(
    [sys.executable, "-c", "import museval"], env={"PATH": ""}, capture_output=True, text=True
)
print("import without ffmpeg:", without.stderr.strip().splitlines()[-1][:70])
os.makedirs("empty")
for name in ("ffmpeg", "ffprobe"):
    with open(f"empty/{name}", "w") as script:
        script.write("#!/bin/sh\n")
    os.chmod(f"empty/{name}", 0o755)
os.environ["PATH"] = os.path.abspath("empty") + os.pathsep + os.environ["PATH"]

import museval
import numpy as np

RATE = 8000
rng = np.random.default_rng(0)


def sdr(truth, estimate):
    """Return the SDR, stems by windows of a second, or the first words of the error."""
    try:
        return np.round(museval.evaluate(truth, estimate, win=RATE, hop=RATE)[0], 1)
    except ValueError as error:
        return f"ValueError: {str(error)[:60]}..."


truth = 0.1 * rng.standard_normal((2, 3 * RATE, 2))
noise = 0.01 * rng.standard_normal(truth.shape)
plain = sdr(truth, truth + noise)
part = truth.copy()
part[0, RATE : 2 * RATE, 1] = -part[0, RATE : 2 * RATE, 0]
one = sdr(part, part + noise)
whole = truth.copy()
whole[0, :, 1] = -whole[0, :, 0]
every = sdr(whole, whole + noise)
muted = truth + noise
muted[0] = 0
zeros = sdr(truth, muted)
print("two stems, three windows:\n", plain)
print("first stem in antiphase in the second window:\n", one)
print("in antiphase throughout:", every)
print("first estimate all zeros:", zeros)
same = without.returncode == 1 and "RuntimeError" in without.stderr and np.isfinite(plain).all()
same &= np.isnan(one).tolist() == [[False, True, False]] * 2
same &= str(every).startswith("ValueError") and str(zeros).startswith("ValueError")

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
