#!/usr/bin/env bash
# libresvip 2.9.2, with mido 1.3.3.
#
# Expected: a singing part in MIDI that is converted to an editor's project keeps every tempo change where it is among
# the notes, since both files count ticks from the beginning.
# Happens: in USTX (OpenUtau) and UFDATA (UtaFormatix) the notes stay and each tempo change comes one bar of the first
# time signature earlier; changes within the first bar all land on its beginning, and the last one rules. In UST, of
# the same conversion, the change stays at its note. The reader of USTX adds a bar again, so a round trip hides it.
# Users: singers' parts whose song changes its tempo: from that bar on, the voice and the other stems run apart.
# Date: 2026-11-29, Python 3.11, Linux x86-64.
#
# seen: 4/4: MIDI: tempo 60 from tick 3840; USTX: 1920, UFDATA: 1920, UST: 3840; the note at tick 7680 begins after 12.0 s, in USTX after 14.0 s
# seen: 3/4: MIDI: tempo 60 from tick 3840; USTX: 2400, UFDATA: 2400, UST: 3840; the note at tick 7680 begins after 12.0 s, in USTX after 13.5 s
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    "libresvip[cli]==2.9.2" mido==1.3.3
cd "$work"
PATH="$work/venv/bin:$PATH" "$work/venv/bin/python" - <<'PROGRAM'
import re
import subprocess
import sys
from pathlib import Path

import mido

QUARTER, NOTE, CHANGE, LAST = 480, 960, 3840, 7680


def write(beats):
    """A part of nine half notes at 120 beats a minute, from tick 3840 at 60."""
    song = mido.MidiFile(ticks_per_beat=QUARTER)
    head, part = song.add_track("head"), song.add_track("Vocals")
    head.append(mido.MetaMessage("time_signature", numerator=beats, denominator=4))
    head.append(mido.MetaMessage("set_tempo", tempo=500_000))
    head.append(mido.MetaMessage("set_tempo", tempo=1_000_000, time=CHANGE))
    for step in range(LAST // NOTE + 1):
        part.append(mido.MetaMessage("lyrics", text="la"))
        part.append(mido.Message("note_on", note=60 + step, velocity=90))
        part.append(mido.Message("note_off", note=60 + step, time=NOTE))
    song.save("song.mid")


def convert(ending):
    """The text of the file that the command makes; its questions are answered with their defaults."""
    out = Path(f"song.{ending}")
    out.unlink(missing_ok=True)
    command = ["libresvip-cli", "proj", "convert", "song.mid", str(out)]
    subprocess.run(command, input="\n" * 30, text=True, check=True, stdout=subprocess.DEVNULL)
    return out.read_text(encoding="utf-8")


def seconds(tick, change):
    """When a tick sounds, with 120 beats a minute until ``change`` and 60 from there."""
    return (change * 0.5 + (tick - change) * 1.0) / QUARTER


same = True
for beats in (4, 3):
    write(beats)
    ustx, ufdata, ust = (convert(ending) for ending in ("ustx", "ufdata", "ust"))
    in_ustx = int(re.search(r"position: (\d+)\n  bpm: 60\.0", ustx)[1])
    in_ufdata = int(re.search(r'"tickPosition": (\d+), "bpm": 60\.0', ufdata)[1])
    in_ust = NOTE * next(k for k, note in enumerate(re.split(r"\[#\d{4}\]", ust)[1:]) if "Tempo=60" in note)
    notes = [int(tick) for tick in re.findall(r"position: (\d+)\n    duration", ustx)]
    print(
        f"{beats}/4: MIDI: tempo 60 from tick {CHANGE}; USTX: {in_ustx}, UFDATA: {in_ufdata}, UST: {in_ust};"
        f" the note at tick {notes[-1]} begins after {seconds(LAST, CHANGE)} s,"
        f" in USTX after {seconds(notes[-1], in_ustx)} s"
    )
    bar = beats * QUARTER
    same &= notes[-1] == LAST and in_ust == CHANGE and in_ustx == in_ufdata == CHANGE - bar

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
