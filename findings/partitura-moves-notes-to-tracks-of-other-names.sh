#!/usr/bin/env bash
# partitura 1.9.0 (load_performance_midi, save_performance_midi); mido 1.3.3 makes and reads the files.
#
# Expected: a performance that is read from a MIDI file and saved again keeps its notes in their tracks, under the
# names of these tracks.
# Happens: names stay where they were, notes do not. If the first track holds the tempo alone, all notes are one
# track earlier: the drums are in the track without a name, the bass is in "Drums", the piano in "Bass", and "Piano"
# is empty. If every track has notes, they are exchanged between the tracks: here the bass is in "Drums", the piano
# in "Bass" and the drums are in "Piano". Channels are right.
# Users: whoever corrects or cuts a performance with partitura and tells parts by the names of tracks afterwards;
# each stem is rendered or trained on under the name of another one.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: a track for tempo first, before (name, channels, notes): [('', [], []), ('Drums', [10], [36]), ('Bass', [2], [40]), ('Piano', [1], [60])]
# seen: a track for tempo first, after: [('', [10], [36]), ('Drums', [2], [40]), ('Bass', [1], [60]), ('Piano', [], [])]
# seen: no track for tempo, before (name, channels, notes): [('Drums', [10], [36]), ('Bass', [2], [40]), ('Piano', [1], [60])]
# seen: no track for tempo, after: [('Drums', [2], [40]), ('Bass', [1], [60]), ('Piano', [10], [36])]
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 mido==1.3.3 partitura==1.9.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys
import warnings

import mido
import partitura

warnings.simplefilter("ignore")
stems = {"Drums": (9, 36), "Bass": (1, 40), "Piano": (0, 60)}


def tracks(path):
    """Return name, channels and notes of each track."""
    return [
        (
            track.name,
            sorted({message.channel + 1 for message in track if message.type == "note_on"}),
            sorted({message.note for message in track if message.type == "note_on"}),
        )
        for track in mido.MidiFile(path).tracks
    ]


seen = {}
for kind in ("a track for tempo first", "no track for tempo"):
    file = mido.MidiFile(ticks_per_beat=480)
    if kind == "a track for tempo first":
        file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500000)]))
    for name, (channel, note) in stems.items():
        file.tracks.append(mido.MidiTrack([mido.MetaMessage("track_name", name=name)]))
        file.tracks[-1].append(mido.Message("note_on", channel=channel, note=note))
        file.tracks[-1].append(mido.Message("note_off", channel=channel, note=note, time=480))
    file.save("before.mid")
    partitura.save_performance_midi(partitura.load_performance_midi("before.mid"), "after.mid")
    seen[kind] = tracks("before.mid"), tracks("after.mid")
    print(f"{kind}, before (name, channels, notes): {seen[kind][0]}")
    print(f"{kind}, after: {seen[kind][1]}")
same = all(
    (name, [channel + 1], [note]) not in after for _, after in seen.values() for name, (channel, note) in stems.items()
)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
