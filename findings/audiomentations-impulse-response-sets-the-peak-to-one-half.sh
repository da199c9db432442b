#!/usr/bin/env bash
# audiomentations 0.43.1 (ApplyImpulseResponse).
#
# Expected: a room is applied at the level of the input and of the impulse response: a response that is a single 1
# changes nothing, and a soft sound stays soft.
# Happens: the result is scaled so that its peak is 0.5, whatever went in. A stem at -60 dB and one at full scale
# come out alike, and the level of the response plays no part. The class's description does not say so.
# Users: augmentation of stems for separation or mixing: gains that were drawn before are undone, stems no longer
# have the balance of their song, and the mixture of stems treated one by one is another one than the treated
# mixture. Rescale afterwards, or convolve by yourself.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: response of a single 1: peak 1.0 before, 0.5 after
# seen: response of a single 0.01: peak 1.0 before, 0.5 after
# seen: response of a single 1: peak 0.1 before, 0.5 after
# seen: response of a single 0.01: peak 0.1 before, 0.5 after
# seen: response of a single 1: peak 0.001 before, 0.5 after
# seen: response of a single 0.01: peak 0.001 before, 0.5 after
# seen: a loud stem and a soft one: 38.2 dB apart before, -1.8 dB after
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0 audiomentations==0.43.1
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import audiomentations
import numpy as np
import soundfile

song = np.random.default_rng(0).uniform(-1, 1, 44100).astype(np.float32)
same = True
for gain in (1, 0.1, 0.001):
    for tap in (1, 0.01):
        soundfile.write("response.wav", np.array([tap, *[0] * 99], np.float32), 44100, subtype="FLOAT")
        room = audiomentations.ApplyImpulseResponse("response.wav", p=1.0)
        peaks = [round(float(np.abs(sound).max()), 3) for sound in (gain * song, room(gain * song, 44100))]
        print(f"response of a single {tap}: peak {peaks[0]} before, {peaks[1]} after")
        same &= peaks == [gain, 0.5]
loud, soft = song, np.float32(0.01) * np.sin(np.arange(44100) / 20, dtype=np.float32)
before, after = (
    round(float(20 * np.log10(a.std() / b.std())), 1)
    for a, b in ((loud, soft), (room(loud, 44100), room(soft, 44100)))
)
print(f"a loud stem and a soft one: {before} dB apart before, {after} dB after")
same &= before > 35 and abs(after) < 3

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
