#!/usr/bin/env bash
# basic-pitch 0.4.0 with its ONNX model (onnxruntime 1.32.0), default settings.
#
# Expected: the velocities of the MIDI file (in the API, each event's "amplitude") follow the loudness of the notes,
# at least within one recording.
# Happens: they are means of the network's activations, that is how sure it is of a note. Notes that are 30 dB
# softer than their neighbours get 83 to 91 where these get 96 or 97; by SoundFont's law for velocity that is 1 to 3
# dB. A recording that is softer by 40 dB as a whole gets higher velocities.
# Users: who renders the result, or takes velocities as dynamics or as training data: accents are gone.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: every other note 0 dB softer: velocities [96, 99, 96, 98, 97, 102]
# seen: every other note 10 dB softer: velocities [97, 94, 98, 93, 97, 99]
# seen: every other note 20 dB softer: velocities [97, 89, 96, 89, 97, 97]
# seen: every other note 30 dB softer: velocities [97, 83, 96, 86, 97, 91]
# seen: all notes 0 dB softer: velocities [96, 99, 96, 98, 97, 102]
# seen: all notes 40 dB softer: velocities [107, 107, 107, 106, 106, 108]
# seen: all notes 60 dB softer: velocities [101, 100, 101, 100, 99, 99]
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


def velocities(played):
    """Return the velocity with which each note that is played was found."""
    found = transcribe(tones(played, 4))[0]
    return [
        next(note.velocity for note in found if note.pitch == pitch and abs(note.start - start) < 0.1)
        for start, _, pitch, _ in played
    ]


scale = [(0.5 + 0.5 * k, 0.9 + 0.5 * k, 60 + 2 * k) for k in range(6)]
seen = {}
for softer in (0, 10, 20, 30):
    played = [(*note, 0.1 * 10 ** (-softer / 20 * (k % 2))) for k, note in enumerate(scale)]
    seen[softer] = velocities(played)
    print(f"every other note {softer} dB softer: velocities {seen[softer]}")
whole = {}
for softer in (0, 40, 60):
    played = [(*note, 0.1 * 10 ** (-softer / 20)) for note in scale]
    whole[softer] = velocities(played)
    print(f"all notes {softer} dB softer: velocities {whole[softer]}")
same = all(loud - soft < 20 for loud, soft in zip(seen[30][::2], seen[30][1::2], strict=True))
same &= min(whole[40]) >= min(whole[0]) and max(whole[0]) - min(whole[60]) < 12

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
