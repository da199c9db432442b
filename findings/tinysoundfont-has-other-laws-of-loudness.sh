#!/usr/bin/env bash
# tinysoundfont 0.3.7 (TinySoundFont).
#
# Expected: the default modulators of SoundFont 2.04 (8.4) give velocity, controller 7 (volume) and controller 11
# (expression) one law, 40 log10(value / 127) dB: 64 is 11.9 dB below 127.
# Happens: velocity has half as many decibels (20 log10: 64 is 6 dB down, 16 is 18 dB instead of 36), while both
# controllers have half as many again (about 60 log10: 64 is 17.7 dB down). So accents are flat, and what was
# balanced by volume is not: a part at volume 64 is 5.8 dB too soft. The soundfont's own attenuation is right.
# Users: data sets that are rendered from MIDI with it; dynamics and the mix are not those of a player that follows
# the standard.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: 100 against 127, in dB: standard -4.2, velocity -2.1, controller 7 -6.2, controller 11 -6.2
# seen: 64 against 127, in dB: standard -11.9, velocity -6.0, controller 7 -17.7, controller 11 -17.7
# seen: 32 against 127, in dB: standard -23.9, velocity -12.0, controller 7 -35.3, controller 11 -35.3
# seen: 16 against 127, in dB: standard -36.0, velocity -18.0, controller 7 -52.6, controller 11 -52.6
# seen: attenuation of 10 dB in the soundfont: -10.0
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6
"$work/venv/bin/pip" install -qq --disable-pip-version-check --no-deps \
    tinysoundfont==0.3.7
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import struct
import sys

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


def level(velocity=127, controller=7, value=127, attenuation=0):
    """Return the level of a note in dB."""
    synth = tinysoundfont.Synth(samplerate=44100)
    synth.program_select(0, synth.sfload(soundfont([(48, attenuation)])), 0, 0)
    synth.control_change(0, controller, value)
    synth.noteon(0, 60, velocity)
    sound = np.frombuffer(bytes(synth.generate_simple(22050)), np.float32).reshape(-1, 2)
    return 20 * np.log10(float(np.abs(sound[4410:]).max()))


loud = level()
same = True
for value in (100, 64, 32, 16):
    wanted = 40 * np.log10(value / 127)
    by_velocity = level(velocity=value) - loud
    by_controller = [level(controller=controller, value=value) - loud for controller in (7, 11)]
    print(
        f"{value} against 127, in dB: standard {wanted:.1f}, velocity {by_velocity:.1f},"
        f" controller 7 {by_controller[0]:.1f}, controller 11 {by_controller[1]:.1f}"
    )
    same &= abs(by_velocity - wanted / 2) < 0.2 and all(
        abs(other - 1.48 * wanted) < 1 for other in by_controller
    )
softer = level(attenuation=100) - loud
print(f"attenuation of 10 dB in the soundfont: {softer:.1f}")
same &= abs(softer + 10) < 0.1

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
