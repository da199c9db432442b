#!/usr/bin/env bash
# symusic 0.5.9; mido 1.3.3 makes the files.
#
# Expected: a pedal that is pressed and never lifted lasts until the end of the track, and so does a note without
# note-off.
# Happens: track.pedals is empty, though the press is there in track.controls, so whoever lengthens notes by
# track.pedals plays the whole piece dry. The note without note-off is absent altogether: a chord of two notes has
# one.
# Users: files cut out of a longer recording, loops, and exports of sequencers that stop with the pedal down; all
# of them end before what would end them.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: pedals (time, duration), lifted: [(0, 960)] never lifted: []
# seen: its controllers: [(0, 64, 127)]
# seen: pitches of a chord of 60 and 64, of which 64 never ends: [60]
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    mido==1.3.3 symusic==0.5.9
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import io
import sys

import mido
import symusic


def on(note):
    """Return a note-on at once."""
    return mido.Message("note_on", note=note, velocity=80)


def off(note):
    """Return a note-off a quarter later."""
    return mido.Message("note_off", note=note, time=480)


def midi(*tracks):
    """Return the bytes of a format 1 file with 480 ticks a quarter note."""
    file, buffer = mido.MidiFile(ticks_per_beat=480), io.BytesIO()
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    file.save(file=buffer)
    return buffer.getvalue()


def pedal(value, time=0):
    """Return a message of controller 64."""
    return mido.Message("control_change", control=64, value=value, time=time)


end = mido.MetaMessage("end_of_track", time=960)
lifted = symusic.Score.from_midi(midi([pedal(127), on(60), off(60), pedal(0, 480), end])).tracks[0]
held = symusic.Score.from_midi(midi([pedal(127), on(60), off(60), end])).tracks[0]
chord = symusic.Score.from_midi(midi([on(60), on(64), off(60), end])).tracks[0]
pedals = [[(p.time, p.duration) for p in track.pedals] for track in (lifted, held)]
print("pedals (time, duration), lifted:", pedals[0], "never lifted:", pedals[1])
print("its controllers:", [(c.time, c.number, c.value) for c in held.controls])
print("pitches of a chord of 60 and 64, of which 64 never ends:", [note.pitch for note in chord.notes])
same = pedals == [[(0, 960)], []] and len(held.controls) == 1 and [note.pitch for note in chord.notes] == [60]

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
