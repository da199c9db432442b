#!/usr/bin/env bash
# mir_eval 0.8.2 (mir_eval.transcription_velocity.evaluate).
#
# Expected: a transcription that plays loud notes softly and soft ones loudly scores lower than one without
# dynamics.
# Happens: as documented, estimated velocities are first fitted to the reference's by a straight line, but its slope
# may be negative. So velocities turned upside down (127 - v), which get every accent wrong, score 1.0 as perfect
# ones do, while one velocity for all notes scores 0.2. And if the reference itself has one velocity, as MIDI that
# was typed has, any velocities score 1.0, random ones too.
# Users: piano transcription; the score says that dynamics can be recovered by some line, not that they are right.
# Look at the sign of the correlation as well.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: reference with dynamics, F of estimates: {'right': 1.0, 'upside down': 1.0, 'all alike': 0.2, 'random': 0.22}
# seen: reference all alike, F of estimates: {'right': 1.0, 'random': 1.0}
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

warnings.simplefilter("error")  # a warning would be an answer, too
rng = np.random.default_rng(0)
start = np.arange(500) / 4
notes = (np.stack([start, start + 0.2], 1), 440 * 2 ** ((rng.integers(21, 109, 500) - 69) / 12))
lively, random = rng.integers(20, 108, 500), rng.integers(1, 128, 500)
flat = np.full(500, 80)


def score(reference, estimate):
    """Return the F-measure without offsets of notes that are right but for their velocities."""
    found = mir_eval.transcription_velocity.evaluate(*notes, reference, *notes, estimate)
    return round(float(found["F-measure_no_offset"]), 2)


seen = {
    "reference with dynamics": {
        "right": score(lively, lively),
        "upside down": score(lively, 127 - lively),
        "all alike": score(lively, flat),
        "random": score(lively, random),
    },
    "reference all alike": {"right": score(flat, flat), "random": score(flat, random)},
}
for reference, scores in seen.items():
    print(f"{reference}, F of estimates:", scores)
moving = seen["reference with dynamics"]
same = moving["right"] == moving["upside down"] == 1 and max(moving["all alike"], moving["random"]) < 0.4
same &= set(seen["reference all alike"].values()) == {1.0}

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
