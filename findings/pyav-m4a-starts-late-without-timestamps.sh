#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg) as writer and as reader.
#
# Expected: AudioFrame.from_ndarray() and encode() are all that it takes; the muxer notes the encoder's delay.
# Happens: a frame made from an array has no pts, and the .m4a then has no edit list: everything is 1,024 samples
# late (23 ms), and 1,105 for MP3 in .mp4. With frame.pts = 0 on the first frame the start is exact. .mka and .mp3
# are exact either way, so a test of another container does not show it.
# Users: stems exported by a short script start 23 ms after the WAV that they were made from; subtracting them
# from the song leaves a comb filter.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: aac in .m4a: late by 1024 samples without pts, 0 with pts = 0
# seen: aac in .mka: late by 0 samples without pts, 0 with pts = 0
# seen: libmp3lame in .mp4: late by 1105 samples without pts, 0 with pts = 0
# seen: libmp3lame in .mp3: late by 0 samples without pts, 0 with pts = 0
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 av==18.1.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import av
import numpy as np

rng = np.random.default_rng(0)
song = np.convolve(0.1 * rng.standard_normal(44100), np.hanning(15) / 7, "same").astype(np.float32)


def late(path, codec, stamped):
    """Return by how many samples a round trip is late."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(song[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        if stamped:
            frame.pts = 0
        for packet in stream.encode(frame) + stream.encode(None):
            container.mux(packet)
    with av.open(path) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return max(range(-2000, 2001), key=lambda lag: float(song[8000:20000] @ sound[8000 + lag : 20000 + lag]))


seen = {}
for path, codec in (("a.m4a", "aac"), ("a.mka", "aac"), ("a.mp4", "libmp3lame"), ("a.mp3", "libmp3lame")):
    seen[path] = (late(path, codec, False), late(path, codec, True))
    print(
        f"{codec} in .{path[2:]}: late by {seen[path][0]} samples without pts, {seen[path][1]} with pts = 0"
    )
same = seen == {"a.m4a": (1024, 0), "a.mka": (0, 0), "a.mp4": (1105, 0), "a.mp3": (0, 0)}

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
