#!/usr/bin/env bash
# tinysoundfont 0.3.7 and midirenderer 0.1.3.
#
# Expected: an exclusive class ends any *other* sounding note of that class (SoundFont 2.04, generator 57), so that
# a closed hi-hat ends an open one. A note of two zones, one panned left and one right, sounds on both sides.
# Happens: the second zone of a note ends the first one of the same note. In tinysoundfont the left side is silent
# altogether; in midirenderer it has died away before 0.1 s. Without the exclusive class both sides are alike.
# Users: stereo drum kits. FluidR3_GM's standard kit has such pairs: with its exclusive classes set to 0, its three
# hi-hats (42, 44 and 46) have a left side; as it is, that is 12 to 24 dB softer in tinysoundfont and digital
# silence in midirenderer (measured apart; this script makes a small soundfont).
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: tinysoundfont, no exclusive class: peaks left and right [0.5, 0.5]
# seen: tinysoundfont, exclusive class 1: peaks left and right [0.0, 0.5]
# seen: midirenderer, no exclusive class: peaks left and right [0.15, 0.15]
# seen: midirenderer, exclusive class 1: peaks left and right [0.0, 0.15]
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 mido==1.3.3 midirenderer==0.1.3
"$work/venv/bin/pip" install -qq --disable-pip-version-check --no-deps \
    tinysoundfont==0.3.7
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import io
import struct
import sys
import wave as wav

import midirenderer
import mido
import numpy as np
import tinysoundfont


def soundfont(*zones):
    """Return an SF2 whose preset 0 plays a sine, 441 Hz at key 60; a zone is a list of (generator, amount)."""

    def chunk(name, data):
        return name + struct.pack("<I", len(data)) + data

    def group(kind, **parts):
        return chunk(b"LIST", kind + b"".join(chunk(name.encode(), data) for name, data in parts.items()))

    wave = np.round(16384 * np.sin(2 * np.pi * np.arange(44100) / 100)).astype("<i2")
    generators = [pair for zone in zones for pair in [*zone, (54, 1), (53, 0)]]  # looped, of the one sample
    starts = np.cumsum([0] + [len(zone) + 2 for zone in zones])
    presets = struct.pack("<20s3H3I20s3H3I", b"sine", *[0] * 6, b"EOP", 0, 0, 1, 0, 0, 0)
    sample = struct.pack("<20s5IBbHH", b"sine", 0, 44100, 0, 44100, 44100, 60, 0, 0, 1)
    body = group(b"INFO", ifil=struct.pack("<HH", 2, 1), isng=b"EMU8000\0", INAM=b"sine\0\0")
    body += group(b"sdta", smpl=wave.tobytes() + bytes(92))
    body += group(
        b"pdta",
        phdr=presets,
        pbag=struct.pack("<4H", 0, 0, 1, 0),
        pmod=bytes(10),
        pgen=struct.pack("<4H", 41, 0, 0, 0),
        inst=struct.pack("<20sH20sH", b"sine", 0, b"EOI", len(zones)),
        ibag=b"".join(struct.pack("<HH", start, 0) for start in starts),
        imod=bytes(10),
        igen=b"".join(struct.pack("<HH", number, amount % 65536) for number, amount in generators) + bytes(4),
        shdr=sample + struct.pack("<20s5IBbHH", b"EOS", *[0] * 9),
    )
    return chunk(b"RIFF", b"sfbk" + body)


def by_tinysoundfont(font):
    """Return half a second of key 60, shape (samples, 2)."""
    synth = tinysoundfont.Synth(samplerate=48000)
    synth.program_select(0, synth.sfload(font), 0, 0)
    synth.noteon(0, 60, 127)
    return np.frombuffer(bytes(synth.generate_simple(24000)), np.float32).reshape(-1, 2)


def by_midirenderer(font):
    """Return half a second of key 60, shape (samples, 2)."""
    file, buffer = mido.MidiFile(ticks_per_beat=480), io.BytesIO()
    file.tracks.append(
        mido.MidiTrack([mido.Message("control_change", control=control) for control in (91, 93)])
    )
    file.tracks[0].append(mido.Message("note_on", note=60, velocity=127))
    file.tracks[0].append(mido.Message("note_off", note=60, time=480))
    file.save(file=buffer)
    with wav.open(io.BytesIO(midirenderer.render_wave_from(font, buffer.getvalue()))) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2) / 32768


seen = {}
for player in (by_tinysoundfont, by_midirenderer):
    for kind in ("no exclusive class", "exclusive class 1"):
        group = [(57, 1)] if kind == "exclusive class 1" else []
        sound = player(soundfont([(17, -500), *group], [(17, 500), *group]))
        peaks = np.abs(sound[4800:19200]).max(0)  # from 0.1 s to 0.4 s
        seen[player, kind] = [round(float(peak), 3) for peak in peaks]
        print(f"{player.__name__[3:]}, {kind}: peaks left and right {seen[player, kind]}")
same = all(
    left == (0 if kind == "exclusive class 1" else right) and right > 0.05
    for (_, kind), (left, right) in seen.items()
)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
