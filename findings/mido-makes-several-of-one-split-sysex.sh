#!/usr/bin/env bash
# mido 1.3.3.
#
# Expected: a long system exclusive message may be stored in parts, with pauses between them for slow devices: F0
# begins it, F7 packets continue it, and only the last one ends with F7 (MIDI files 1.0, "sysex events"). Reading
# and writing back keeps the message.
# Happens: each part becomes a message of its own, and save() puts F0 before and F7 behind each. One message for a
# Yamaha device (43) becomes a shorter one for it, one that begins as Roland's do (41), and a third one: the first
# data byte of each part now stands where the manufacturer's number is.
# Users: archives of synthesiser set-ups and old sequencer files, put through a script that only wants to transpose
# notes.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: messages that mido reads: ['F0 43 12 00 F7', 'F0 41 05 06 F7', 'F0 07 08 F7']
# seen: a player sends, before: f0 43 12 00 41 05 06 07 08 f7
# seen: a player sends, after:  f0 43 12 00 f7 f0 41 05 06 f7 f0 07 08 f7
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    mido==1.3.3
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import io
import struct
import sys

import mido


def sent(data):
    """Return the system exclusive bytes that a player sends for a one-track file."""
    at, out, number = 22, b"", 0

    def read():
        nonlocal at
        value = 0
        while True:
            value = value << 7 | data[at] & 127
            at += 1
            if data[at - 1] < 128:
                return value

    while at < len(data):
        read()
        kind = data[at]
        at += 2 if kind == 0xFF else 1
        if kind in (0xF0, 0xF7, 0xFF):
            number = read()
            out += (b"\xf0" if kind == 0xF0 else b"") + data[at : at + number] if kind != 0xFF else b""
            at += number
        else:
            at += 2
    return out


packets = [
    bytes.fromhex(text) for text in ("00 f0 03 43 12 00", "83 60 f7 03 41 05 06", "83 60 f7 03 07 08 f7")
]
track = b"".join(packets) + bytes.fromhex("00 90 3c 50 83 60 80 3c 40 00 ff 2f 00")
data = struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, 480, b"MTrk", len(track)) + track
file, buffer = mido.MidiFile(file=io.BytesIO(data)), io.BytesIO()
file.save(file=buffer)
before, after = sent(data).hex(" "), sent(buffer.getvalue()).hex(" ")
print("messages that mido reads:", [message.hex() for message in file.tracks[0] if message.type == "sysex"])
print("a player sends, before:", before)
print("a player sends, after: ", after)
same = before.count("f0") == before.count("f7") == 1 and after.count("f0") == after.count("f7") == 3

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
