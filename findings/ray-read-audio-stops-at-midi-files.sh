#!/usr/bin/env bash
# ray 2.60.0 (ray[data]) with soundfile 0.14.0.
#
# Expected: `ray.data.read_audio(folder)` reads the audio files of a folder that holds other files as well: its list of
# endings is there to leave those out.
# Happens: the list has `mid` and `midi`, `m4a`, `aac`, `wma` and others that the reader behind it, soundfile, cannot
# open. One MIDI file beside the audio ends the whole job with "Format not recognised", and the message has the name of
# a BytesIO object in place of the file's. `aif`, `oga` and `w64`, which soundfile does open, are not on the list: such
# files are left out without a word.
# Users: Slakh2100 and other sets that keep notes beside their stems; AIFF files as Logic Pro names them. Say
# `file_extensions=[...]`.
# Date: 2026-11-29, Python 3.11, Linux x86-64.
#
# seen: a track of two FLAC files and its MIDI file: Error opening <_io.BytesIO object>: Format not recognised.
# seen: the same with file_extensions=['flac']: ['S00.flac', 'mix.flac']
# seen: takes that soundfile opens: ['take.aif', 'take.aiff', 'take.oga', 'take.ogg', 'take.w64', 'take.wav']
# seen: takes that came back: ['take.aiff', 'take.ogg', 'take.wav']
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    "ray[data]==2.60.0" soundfile==0.14.0 mido==1.3.3
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0 HOME="$work"
cd "$work"
"$work/venv/bin/python" - 2>err <<'PROGRAM' || { cat err; exit 1; }
import logging
import re
import sys
from pathlib import Path

import mido
import numpy as np
import ray
import soundfile

ray.init(
    "local", num_cpus=2, object_store_memory=80 << 20, include_dashboard=False,
    log_to_driver=False, logging_level=logging.CRITICAL,
)
context = ray.data.DataContext.get_current()
context.enable_progress_bars = False


def read(folder, **options):
    """Names of the files that came back, or the last line of the error."""
    try:
        rows = ray.data.read_audio(str(folder), include_paths=True, **options).take_all()
    except Exception as error:
        last = str(error).strip().splitlines()[-1]
        return re.sub(" at 0x[0-9a-f]+", "", last[last.find("Error opening") :])
    return sorted(Path(row["path"]).name for row in rows)


track = Path("Track00001")
(track / "stems").mkdir(parents=True)
(track / "MIDI").mkdir()
tone = np.sin(np.arange(44100) / 20) * 0.3
soundfile.write(track / "mix.flac", tone, 44100)
soundfile.write(track / "stems" / "S00.flac", tone, 44100)
notes = mido.MidiFile()
notes.add_track().extend([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=480)])
notes.save(track / "MIDI" / "S00.mid")

takes = Path("takes")
takes.mkdir()
for ending, format in {"aif": "AIFF", "aiff": "AIFF", "oga": "OGG", "ogg": "OGG", "w64": "W64", "wav": "WAV"}.items():
    soundfile.write(takes / f"take.{ending}", tone, 44100, format=format)

stopped, kept = read(track), read(track, file_extensions=["flac"])
found = read(takes)
opened = sorted(path.name for path in takes.iterdir() if soundfile.info(path).frames == len(tone))
print("a track of two FLAC files and its MIDI file:", stopped)
print("the same with file_extensions=['flac']:", kept)
print("takes that soundfile opens:", opened)
print("takes that came back:", found)

same = "Format not recognised" in str(stopped) and kept == ["S00.flac", "mix.flac"]
same &= len(opened) == 6 and found == ["take.aiff", "take.ogg", "take.wav"]
if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
