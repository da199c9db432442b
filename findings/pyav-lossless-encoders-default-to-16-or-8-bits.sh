#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg).
#
# Expected: a lossless codec keeps the samples of the frames that it is fed.
# Happens: add_stream() takes the first sample format that the encoder lists, and encode() converts every frame to
# it without a word: FLAC becomes 16-bit, WavPack and TTA become 8-bit, even for 16-bit input. ALAC lists 32 bits
# first and is exact. Setting stream.codec_context.format before the first frame helps.
# Users: 24-bit stems archived as FLAC lose 8 bits; a WavPack or TTA archive of CD-quality stems has 48 dB of
# range left.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: flac, s16: wrong bits of 32: 16 of 24-bit input, 0 of 16-bit input, 0 of 24-bit input with the format set
# seen: wavpack, u8p: wrong bits of 32: 24 of 24-bit input, 24 of 16-bit input, 0 of 24-bit input with the format set
# seen: tta, u8: wrong bits of 32: 24 of 24-bit input, 24 of 16-bit input, 0 of 24-bit input with the format set
# seen: alac, s32p: wrong bits of 32: 0 of 24-bit input, 0 of 16-bit input, 0 of 24-bit input with the format set
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


def error(codec, path, song, wanted):
    """Return the stream's default format, and the low bits of 32 that a round trip gets wrong; wanted sets it."""
    kind = "s16" if song.dtype == np.int16 else "s32"
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=48000, layout="mono")
        default = stream.codec_context.format.name
        if wanted:
            stream.codec_context.format = av.AudioFormat(wanted)
        frame = av.AudioFrame.from_ndarray(song[None], format=kind, layout="mono")
        frame.sample_rate, frame.pts = 48000, 0
        for packet in stream.encode(frame) + stream.encode(None):
            container.mux(packet)
    with av.open(path) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    full = (sound.astype(np.int64) - (128 if sound.dtype == np.uint8 else 0)) << (32 - 8 * sound.itemsize)
    worst = np.abs(full - (song.astype(np.int64) << (32 - 8 * song.itemsize))).max()
    return default, 0 if worst == 0 else int(np.ceil(np.log2(worst)))


rng = np.random.default_rng(0)
deep = (rng.integers(-(2**22), 2**22, 48000) * 256).astype(np.int32)  # 24 bits in 32
flat = rng.integers(-(2**14), 2**14, 48000).astype(np.int16)
seen = {}
for codec, path, exact in (
    ("flac", "a.flac", "s32"),
    ("wavpack", "a.wv", "s32p"),
    ("tta", "a.tta", "s32"),
    ("alac", "a.m4a", "s32p"),
):
    default, of_deep = error(codec, path, deep, None)
    seen[codec] = (default, of_deep, error(codec, path, flat, None)[1], error(codec, path, deep, exact)[1])
    print(
        f"{codec}, {default}: wrong bits of 32: {of_deep} of 24-bit input, {seen[codec][2]} of 16-bit input,"
        f" {seen[codec][3]} of 24-bit input with the format set"
    )
same = seen["flac"][:1] == ("s16",) and seen["flac"][1] in (15, 16) and seen["flac"][2:] == (0, 0)
for codec in ("wavpack", "tta"):
    same &= seen[codec][0][:2] == "u8" and min(seen[codec][1:3]) >= 23 and seen[codec][3] == 0
same &= seen["alac"] == ("s32p", 0, 0, 0)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
