#!/usr/bin/env bash
# mir_eval 0.8.2 (mir_eval.melody.evaluate).
#
# Expected: an estimate that ends before the reference does counts as unvoiced from there on, so recall falls.
# Happens: one unvoiced point is added at the very end of the reference, and since frequencies and voicing are
# held between points (or drawn to the next one), the last frame is sung on until then. An estimate of the first 5
# % of a held note scores 0.999 in voicing recall, pitch and overall accuracy. On a melody that moves, voicing
# recall still is 0.999. No warning is given. With the same end filled by frames of 0 Hz the scores are as
# expected.
# Users: trackers that return voiced frames only, cut files, and estimates of an excerpt; the numbers look good.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: 10 s of melody; Voicing Recall, Raw Pitch Accuracy, Overall Accuracy
# seen: held note, estimate of the first 5 s, then nothing: [0.999, 0.999, 0.999]
# seen: held note, estimate of the first 5 s, then 0 Hz: [0.5, 0.5, 0.5]
# seen: held note, estimate of the first 0.5 s, then nothing: [0.999, 0.999, 0.999]
# seen: held note, estimate of the first 0.5 s, then 0 Hz: [0.05, 0.05, 0.05]
# seen: scale, estimate of the first 5 s, then nothing: [0.999, 0.5, 0.5]
# seen: scale, estimate of the first 5 s, then 0 Hz: [0.5, 0.5, 0.5]
# seen: scale, estimate of the first 0.5 s, then nothing: [0.999, 0.1, 0.1]
# seen: scale, estimate of the first 0.5 s, then 0 Hz: [0.05, 0.05, 0.05]
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 mir_eval==0.8.2
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys
import warnings

import mir_eval
import numpy as np

NAMES = ("Voicing Recall", "Raw Pitch Accuracy", "Overall Accuracy")
warnings.simplefilter("error")  # a warning would be an answer, too
time = np.arange(1000) / 100


def scores(melody, end, filled):
    """Return three scores of an estimate that is right until `end` seconds and then absent, or 0 Hz if filled."""
    kept = time < end
    estimate = (time, np.where(kept, melody, 0)) if filled else (time[kept], melody[kept])
    found = mir_eval.melody.evaluate(time, melody, *estimate)
    return [round(float(found[name]), 3) for name in NAMES]


seen = {}
print("10 s of melody;", ", ".join(NAMES))
for name, melody in (
    ("held note", np.full(1000, 220.0)),
    ("scale", 220 * 2 ** (np.floor(2 * time) % 12 / 12)),
):
    for end in (5, 0.5):
        for filled in (False, True):
            seen[name, end, filled] = scores(melody, end, filled)
            after = "then 0 Hz" if filled else "then nothing"
            print(f"{name}, estimate of the first {end} s, {after}: {seen[name, end, filled]}")
same = seen["held note", 0.5, False] == [0.999, 0.999, 0.999] and seen["held note", 0.5, True] == [
    0.05,
    0.05,
    0.05,
]
same &= seen["scale", 0.5, False][0] == 0.999 and seen["scale", 0.5, True][0] == 0.05

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
