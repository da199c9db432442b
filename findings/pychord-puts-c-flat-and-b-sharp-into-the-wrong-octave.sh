#!/usr/bin/env bash
# pychord 1.4.1 (Chord.components_with_pitch).
#
# Expected: the octave numbers are those of scientific pitch, which count by letters: Cb4 is a semitone below C4,
# and B#4 is C5. Every chord is stacked upwards from its root, whatever its root is.
# Happens: the octave seems to be counted by semitones from C. Where a chord has a Cb or a B#, that note is an
# octave off for every reader of note names: A flat minor is Ab4 Cb4 Eb5 with its third nine semitones below the
# root, the chord of C flat is spread over an octave and a fifth, and B sharp has its root on top. The same chords
# with sharps (G# minor, B) are right.
# Users: who turns chord symbols in flat keys into MIDI or audio (E flat minor and G flat major are full of Abm and
# Cb): voicings with holes and wrong basses. Take components() and place the notes by pitch class.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: G#m: G#4 B4 D#5, semitones above the root [0, 3, 7], right [0, 3, 7]
# seen: Abm: Ab4 Cb4 Eb5, semitones above the root [0, -9, 7], right [0, 3, 7]
# seen: Abm7: Ab4 Cb4 Eb5 Gb5, semitones above the root [0, -9, 7, 10], right [0, 3, 7, 10]
# seen: Fdim: F4 Ab4 Cb4, semitones above the root [0, 3, -6], right [0, 3, 6]
# seen: Db7: Db4 F4 Ab4 Cb4, semitones above the root [0, 4, 7, -2], right [0, 4, 7, 10]
# seen: Db9: Db4 F4 Ab4 Cb4 Eb5, semitones above the root [0, 4, 7, -2, 14], right [0, 4, 7, 10, 14]
# seen: Dbm7: Db4 Fb4 Ab4 Cb4, semitones above the root [0, 3, 7, -2], right [0, 3, 7, 10]
# seen: B: B4 D#5 F#5, semitones above the root [0, 4, 7], right [0, 4, 7]
# seen: Cb: Cb4 Eb5 Gb5, semitones above the root [0, 16, 19], right [0, 4, 7]
# seen: B#: B#4 D##4 F##4, semitones above the root [0, -8, -5], right [0, 4, 7]
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    pychord==1.4.1
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import pychord

steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def number(name):
    """Return the MIDI number of a note in scientific pitch: C4 is 60."""
    return 12 * (int(name[-1]) + 1) + steps[name[0]] + name.count("#") - name[1:].count("b")


same = True
for symbol, right in {
    "G#m": [0, 3, 7],
    "Abm": [0, 3, 7],
    "Abm7": [0, 3, 7, 10],
    "Fdim": [0, 3, 6],
    "Db7": [0, 4, 7, 10],
    "Db9": [0, 4, 7, 10, 14],
    "Dbm7": [0, 3, 7, 10],
    "B": [0, 4, 7],
    "Cb": [0, 4, 7],
    "B#": [0, 4, 7],
}.items():
    notes = pychord.Chord(symbol).components_with_pitch(root_pitch=4)
    found = [number(note) - number(notes[0]) for note in notes]
    print(f"{symbol}: {' '.join(notes)}, semitones above the root {found}, right {right}")
    flawed = any(note.rstrip("0123456789") in ("Cb", "B#") for note in notes)
    same &= (found != right) == flawed

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
