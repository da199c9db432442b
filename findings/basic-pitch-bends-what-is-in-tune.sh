#!/usr/bin/env bash
# basic-pitch 0.4.0 with its ONNX model (onnxruntime 1.32.0), default settings.
#
# Expected: a steady note that is in tune comes without pitch bend, or with bends about zero.
# Happens: bends come in thirds of a semitone, and there is one too many: in the median, notes in tune are bent up
# by 33 cents, notes 33 cents sharp by 67, and notes 33 cents flat are not bent. Where notes overlap, their bends
# are left out but the wheel is not put back: a chord in tune, after such a note, is 33 cents sharp as a whole.
# Users: who plays the MIDI file beside the recording, or takes vibrato and tuning from it. The note numbers are
# right; leave the pitch bends out.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: pitches [60, 62, 64, 66, 68, 70], -33 cents off: bent by [0, 0, 0, 0, 0, 0] cents
# seen: pitches [60, 62, 64, 66, 68, 70], 0 cents off: bent by [33, 33, 33, 33, 33, 33] cents
# seen: pitches [60, 62, 64, 66, 68, 70], 33 cents off: bent by [67, 67, 67, 67, 67, 67] cents
# seen: a note, then a chord: the wheel is at 33 cents in the chord, and moved 0 times in it
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==1.26.4 scipy==1.17.1 librosa==0.11.0 onnxruntime==1.32.0 mir_eval==0.8.2 \
    pretty_midi==0.2.11.post0 resampy==0.4.2 scikit-learn==1.9.1 soundfile==0.14.0 'setuptools<81'
"$work/venv/bin/pip" install -qq --disable-pip-version-check --no-deps \
    basic-pitch==0.4.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import contextlib
import io
import logging
import pathlib
import sys

logging.disable(logging.CRITICAL)  # it lists the frameworks that are not installed

import basic_pitch
import numpy as np
import soundfile
from basic_pitch.inference import Model, predict

RATE = 22050
model = Model(pathlib.Path(basic_pitch.__file__).parent / "saved_models/icassp_2022/nmp.onnx")


def tones(notes, seconds):
    """Return notes (start, end, pitch, amplitude) of three harmonics that die away, at 22,050 Hz."""
    song = np.zeros(int(seconds * RATE))
    for start, end, pitch, amplitude in notes:
        at = np.arange(int(start * RATE), int(end * RATE))
        now, left = (at - at[0]) / RATE, (at[-1] - at) / RATE
        envelope = np.minimum(1, np.minimum(now / 0.01, left / 0.02)) * np.exp(-now)
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        song[at] += (
            amplitude * envelope * sum(np.sin(2 * np.pi * hertz * h * at / RATE) / h for h in (1, 2, 3))
        )
    return song


def transcribe(song):
    """Return the notes of the MIDI that Basic Pitch makes of a song, in order, and its pitch bends."""
    soundfile.write("song.wav", song, RATE, subtype="FLOAT")
    with contextlib.redirect_stdout(io.StringIO()):
        midi = predict("song.wav", model)[1]
    (part,) = midi.instruments
    return sorted(part.notes, key=lambda note: note.start), part.pitch_bends


def bent(bends, start, end):
    """Return the median bend between two moments in cents; the wheel stays where it was put last."""
    before = [bend.pitch for bend in bends if bend.time <= start][-1:] or [0]
    inside = [bend.pitch for bend in bends if start < bend.time < end] or before
    return round(float(np.median(inside)) / 8192 * 200)


seen = {}
for off in (-33, 0, 33):
    played = [(0.5 + 0.5 * k, 0.9 + 0.5 * k, 60 + 2 * k + off / 100, 0.1) for k in range(6)]
    notes, bends = transcribe(tones(played, 4))
    notes = [note for note in notes if note.pitch < 72]  # a harmonic may be a note as well
    seen[off] = [bent(bends, note.start, note.end) for note in notes]
    print(f"pitches {[note.pitch for note in notes]}, {off} cents off: bent by {seen[off]} cents")
chord = [(2, 3, pitch, 0.1) for pitch in (60, 64, 67)]
notes, bends = transcribe(tones([(0.5, 1, 60, 0.1), *chord], 4))
wheel = [
    bent([bend for bend in bends if bend.time < 1.5], 2, 3),
    len([bend for bend in bends if bend.time > 1.5]),
]
print(
    f"a note, then a chord: the wheel is at {wheel[0]} cents in the chord, and moved {wheel[1]} times in it"
)
same = [set(bent_by) for bent_by in seen.values()] == [{0}, {33}, {67}] and wheel == [33, 0]

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
