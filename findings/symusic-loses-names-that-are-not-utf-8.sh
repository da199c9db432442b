#!/usr/bin/env bash
# symusic 0.5.9, beside mido 1.3.3.
#
# Expected: a track's name that is not UTF-8 reads as an error, as bytes or as the wrong letters; the file's own
# bytes survive a rewrite, as the MIDI standard states no encoding and most old files have none of UTF-8.
# Happens: each byte that is no UTF-8 becomes U+FFFD without a word, in names and in markers, and these are what
# is written: the name is gone for good. mido shows the wrong letters but writes the same bytes back, and
# name.encode("latin-1") recovers them.
# Users: Japanese (Shift-JIS) and older European files; stems that are told by track names; any "clean up my MIDI
# folder" script.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: utf-8: symusic reads 'Fl\xf6te' and marker 'Fl\xf6te'; its file has the bytes 2 times, mido's 2 times
# seen: latin-1: symusic reads 'Fl\ufffdte' and marker 'Fl\ufffdte'; its file has the bytes 0 times, mido's 2 times
# seen: shift_jis: symusic reads '\ufffds\ufffdA\ufffdm' and marker '\ufffds\ufffdA\ufffdm'; its file has the bytes 0 times, mido's 2 times
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


def song(name):
    """Return a file whose track name and marker are these bytes."""
    text, buffer = name.decode("latin-1"), io.BytesIO()
    file = mido.MidiFile(ticks_per_beat=480, charset="latin-1")
    file.tracks.append(
        mido.MidiTrack(
            [
                mido.MetaMessage("track_name", name=text),
                mido.MetaMessage("marker", text=text),
                mido.Message("note_on", note=60, velocity=80),
                mido.Message("note_off", note=60, time=480),
            ]
        )
    )
    file.save(file=buffer)
    return buffer.getvalue()


same = True
for text, encoding in (
    ("Fl\u00f6te", "utf-8"),
    ("Fl\u00f6te", "latin-1"),
    ("\u30d4\u30a2\u30ce", "shift_jis"),
):
    name = text.encode(encoding)
    score = symusic.Score.from_midi(song(name))
    track = score.tracks[0]
    rewritten = score.dumps_midi()
    by_mido, buffer = mido.MidiFile(file=io.BytesIO(song(name))), io.BytesIO()
    by_mido.save(file=buffer)
    kept = (rewritten.count(name), buffer.getvalue().count(name))
    print(
        f"{encoding}: symusic reads {ascii(track.name)} and marker {ascii(score.markers[0].text)};"
        f" its file has the bytes {kept[0]} times, mido's {kept[1]} times"
    )
    broken = "\ufffd" in track.name and "\ufffd" in score.markers[0].text
    same &= broken == (encoding != "utf-8") and kept == ((2 if encoding == "utf-8" else 0), 2)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
