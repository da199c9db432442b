#!/usr/bin/env bash
# midirenderer 0.1.3 (Rust, by rustysynth).
#
# Expected: velocity 1 is soft but there; a soft passage that is made louder afterwards has all its notes.
# Happens: a voice whose velocity, attenuation and envelope together are about 47 dB down is dropped (by the numbers
# below). A plain instrument plays nothing below velocity 9, and one of 20 dB of attenuation nothing below 14,
# though the softest note that does play has a peak of 16 or 17 steps of 16 bits. Forty soft notes together are
# digital silence. A release ends with a step of that size as well: the softer the note, the earlier, so the same 4
# s of release last 2.3 s at velocity 127 and 0.5 s at 16.
# Users: who renders stems one by one and sets their levels later; ghost notes, pianissimo, fades and layers of a
# soundfont.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: attenuation 0: the softest velocity that sounds is 9, its peak 17
# seen: attenuation 100: the softest velocity that sounds is 11, its peak 16
# seen: attenuation 200: the softest velocity that sounds is 14, its peak 16
# seen: attenuation 400: the softest velocity that sounds is 22, its peak 16
# seen: forty notes together: peak 0 at velocity 8, 302 at velocity 9
# seen: release of 4 s at velocity 127: sounds for 2.3 s, then stops at 17
# seen: release of 4 s at velocity 64: sounds for 1.7 s, then stops at 17
# seen: release of 4 s at velocity 32: sounds for 1.1 s, then stops at 17
# seen: release of 4 s at velocity 16: sounds for 0.5 s, then stops at 17
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 mido==1.3.3 midirenderer==0.1.3
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import io
import struct
import sys
import wave as wav

import midirenderer
import mido
import numpy as np


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


def render(font, velocity, notes=1):
    """Return the peak at each moment of notes of half a second, in steps of 16 bits, without reverb and chorus."""
    file, buffer = mido.MidiFile(ticks_per_beat=480), io.BytesIO()
    track = [mido.Message("control_change", control=control) for control in (91, 93)]
    track += [mido.Message("note_on", note=60 + k, velocity=velocity) for k in range(notes)]
    track += [mido.Message("note_off", note=60 + k, time=480 * (k == 0)) for k in range(notes)]
    file.tracks.append(mido.MidiTrack([*track, mido.MetaMessage("end_of_track", time=480 * 8)]))
    file.save(file=buffer)
    with wav.open(io.BytesIO(midirenderer.render_wave_from(font, buffer.getvalue()))) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2).astype(int)
    return np.abs(samples).max(1)


softest = {}
for attenuation in (0, 100, 200, 400):
    font = soundfont([(48, attenuation), (38, -12000)])
    peaks = {velocity: int(render(font, velocity).max()) for velocity in range(1, 40)}
    softest[attenuation] = min(velocity for velocity, peak in peaks.items() if peak)
    peak = peaks[softest[attenuation]]
    print(
        f"attenuation {attenuation}: the softest velocity that sounds is {softest[attenuation]}, its peak {peak}"
    )
chord = [int(render(soundfont([]), velocity, 40).max()) for velocity in (8, 9)]
print(f"forty notes together: peak {chord[0]} at velocity 8, {chord[1]} at velocity 9")
tails = {}
for velocity in (127, 64, 32, 16):
    sound = render(soundfont([(38, 2400)]), velocity)
    last = int(np.flatnonzero(sound).max())
    tails[velocity] = round(last / 48000 - 0.5, 1)
    print(
        f"release of 4 s at velocity {velocity}: sounds for {tails[velocity]} s, then stops at",
        sound[last - 960 : last].max(),
    )
same = [softest[attenuation] for attenuation in (0, 100, 200, 400)] == [9, 11, 14, 22]
same &= chord[0] == 0 and chord[1] > 100 and tails[127] > tails[64] > tails[32] > tails[16] and tails[16] < 1

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
