#!/usr/bin/env bash
# symusic 0.5.9 (symusic.Synthesizer).
#
# Expected: a rendered score has its dynamics: velocities, volume (controller 7) and pitch bends are in the Score
# and are part of what every SoundFont player does.
# Happens: with an instrument without velocity layers, velocities 127 and 1 give the same samples, and so do a score
# with and without a volume of 20, an expression of 20 or a pitch bend of two semitones. Nothing warns.
# Users: who renders data sets or listens to a model's output by symusic: all notes are equally loud, and two models
# that differ in dynamics sound alike.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: peak at velocity 127: 0.125
# seen: velocity 64: peak 0.125, the same samples: True
# seen: velocity 1: peak 0.125, the same samples: True
# seen: volume 20: peak 0.125, the same samples: True
# seen: expression 20: peak 0.125, the same samples: True
# seen: bent by two semitones: peak 0.125, the same samples: True
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 symusic==0.5.9
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import struct
import sys

import numpy as np
import symusic


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


with open("sine.sf2", "wb") as file:
    file.write(soundfont([(38, -12000)]))


def render(velocity=127, controls=(), bends=()):
    """Return two seconds of key 60 at full volume, shape (2, samples)."""
    score = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, 120))
    track = symusic.Track()
    track.notes.append(symusic.Note(480, 1920, 60, velocity))
    track.controls.extend([symusic.ControlChange(0, number, value) for number, value in controls])
    track.pitch_bends.extend([symusic.PitchBend(0, value) for value in bends])
    score.tracks.append(track)
    return np.array(symusic.Synthesizer("sine.sf2", 44100).render(score, stereo=True))


full = render()
print(f"peak at velocity 127: {np.abs(full).max():.3f}")
seen = {
    "velocity 64": render(64),
    "velocity 1": render(1),
    "volume 20": render(controls=[(7, 20)]),
    "expression 20": render(controls=[(11, 20)]),
    "bent by two semitones": render(bends=[8191]),
}
same = full.max() > 0.05
for name, sound in seen.items():
    alike = np.array_equal(sound, full)
    print(f"{name}: peak {np.abs(sound).max():.3f}, the same samples: {alike}")
    same &= alike

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
