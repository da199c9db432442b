#!/usr/bin/env bash
# PyAV 18.1.0 (the FFmpeg and libopus of its wheel), read back by itself and by soundfile 0.14.0.
#
# Expected: a 5.0 or 6.1 recording encoded as Opus keeps its loudspeakers, as 5.1 does and as FLAC does.
# Happens: 3.0, quad and 5.1 are right; 5.0 and 6.1 come out permuted, with every channel intact but elsewhere. In
# 5.0 the left surround is in the centre, the centre in the right surround and the right surround in the left one.
# In 6.1 the left side is in the centre, the centre in the back centre and the back centre in the left side. It is
# the file, not the decoder: libsndfile, which decodes Opus without FFmpeg, finds the same tones in the same
# places (its columns are in Opus' order: L C R Ls Rs).
# Users: stems of surround mixes without an LFE (orchestral and film music are often 5.0) that are delivered as
# Opus.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: 3.0   libopus  right
# seen: 3.0   flac     right
# seen: quad  libopus  right
# seen: quad  flac     right
# seen: 5.0   libopus  wrong: {'FC': 120, 'BL': 1000, 'BR': 800}
# seen: 5.0   flac     right
# seen: 5.0   libopus, columns as libsndfile decodes them: [400, 120, 600, 1000, 800]
# seen: 5.1   libopus  right
# seen: 5.1   flac     right
# seen: 6.1   libopus  wrong: {'FC': 1200, 'BC': 800, 'SL': 1000}
# seen: 6.1   flac     right
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0 av==18.1.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import av
import numpy as np
import soundfile

RATE = 48000
HERTZ = [400, 600, 800, 120, 1000, 1200, 1400]


def decode(path):
    """Return what FFmpeg decodes, shape (channels, samples) as float64, and the channels' names."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        names = [channel.name for channel in stream.layout.channels]
        parts = []
        for frame in container.decode(stream):
            part = frame.to_ndarray()
            parts.append(part if frame.format.is_planar else part.reshape(-1, len(names)).T)
    sound = np.concatenate(parts, 1)
    return sound / (np.iinfo(sound.dtype).max if sound.dtype.kind == "i" else 1.0), names


def encode(path, codec, layout, song):
    """Write song, shape (channels, samples), with a codec of FFmpeg."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout=layout)
        frame = av.AudioFrame.from_ndarray(song.astype(np.float32), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = RATE, 0
        for packet in stream.encode(frame) + stream.encode(None):
            container.mux(packet)


def pitches(sound):
    """Return each channel's strongest frequency in Hz."""
    middle = sound[:, 8000:40000]
    spectra = np.abs(np.fft.rfft(middle * np.hanning(middle.shape[1])))
    return [int(round(peak * RATE / middle.shape[1])) for peak in spectra.argmax(1)]


time = np.arange(RATE) / RATE
right = {}
for layout in ("3.0", "quad", "5.0", "5.1", "6.1"):
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    song = np.stack([0.1 * np.sin(2 * np.pi * hertz * time) for hertz in HERTZ[: len(names)]])
    wanted = dict(zip(names, HERTZ))
    for codec, path in (("libopus", "song.opus"), ("flac", "song.flac")):
        encode(path, codec, layout, song)
        sound, found = decode(path)
        played = dict(zip(found, pitches(sound)))
        right[codec, layout] = played == wanted
        moved = {name: hertz for name, hertz in played.items() if hertz != wanted[name]}
        print(f"{layout:5} {codec:8}", f"wrong: {moved}" if moved else "right")
    if layout == "5.0":
        encode("song.opus", "libopus", layout, song)
        by_other = pitches(soundfile.read("song.opus")[0].T)
        print("5.0   libopus, columns as libsndfile decodes them:", by_other)
wrong = [key for key, value in right.items() if not value]
same = wrong == [("libopus", "5.0"), ("libopus", "6.1")] and by_other == [400, 120, 600, 1000, 800]

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
