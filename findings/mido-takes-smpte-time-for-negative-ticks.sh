#!/usr/bin/env bash
# mido 1.3.3.
#
# Expected: the MIDI standard knows two kinds of time, ticks a quarter note and ticks of a SMPTE frame (a negative
# first byte; -25 frames and 40 ticks are milliseconds). A reader converts both, or says that it does not know the
# second one, as symusic 0.5.9 does.
# Happens: the two bytes are read as a negative number of ticks a quarter note, and times come out negative: a file
# of 3 s has a length of -0.24 s, and play() sends all its notes at once.
# Users: MIDI files of video editors, sequencers and show control, which count in frames; sums of lengths of a data
# set become too small without a word.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: 24 frames of 80 ticks, 3 s: -6064 ticks a beat, length -0.475, times [0, -0.158, -0.158, -0.158]; play() sends 4 messages within 1 s
# seen: 25 frames of 40 ticks, 3 s: -6360 ticks a beat, length -0.236, times [0, -0.079, -0.079, -0.079]; play() sends 4 messages within 1 s
# seen: 30 frames of 80 ticks, 3 s: -7600 ticks a beat, length -0.474, times [0, -0.158, -0.158, -0.158]; play() sends 4 messages within 1 s
# seen: symusic: MiniMidi: Division type is not ticks per quarter!
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    mido==1.3.3 symusic==0.5.9
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import io
import struct
import sys
import time

import mido
import symusic


def smpte(frames, ticks):
    """Return a file of three seconds: a note, a rest and a note, each of a second."""
    second = frames * ticks
    wait = bytes([second >> 7 | 128, second & 127])  # a variable-length number of two bytes
    events = b"\0\x90\x3c\x50" + wait + b"\x80\x3c\x40" + wait + b"\x90\x3c\x50" + wait + b"\x80\x3c\x40"
    track = events + b"\0\xff\x2f\0"
    head = struct.pack(">4sIHHbB", b"MThd", 6, 0, 1, -frames, ticks)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


same = True
for frames, ticks in ((24, 80), (25, 40), (30, 80)):
    file = mido.MidiFile(file=io.BytesIO(smpte(frames, ticks)))
    times = [round(message.time, 3) for message in file if not message.is_meta]
    begin = time.monotonic()
    played = len([message for message in file.play() if not message.is_meta])
    lasted = time.monotonic() - begin
    print(
        f"{frames} frames of {ticks} ticks, 3 s: {file.ticks_per_beat} ticks a beat, length {file.length:.3f},"
        f" times {times}; play() sends {played} messages within {1 if lasted < 1 else lasted:.0f} s"
    )
    same &= file.ticks_per_beat < 0 and file.length < 0 and lasted < 1
try:
    symusic.Score.from_midi(smpte(25, 40))
    same = False
except RuntimeError as error:
    print("symusic:", error)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
