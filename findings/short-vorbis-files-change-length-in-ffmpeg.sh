#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile) as writer, PyAV 18.1.0 (FFmpeg) as reader.
#
# Expected: a valid Ogg Vorbis file has one length, which its last page states to the sample, in every decoder.
# Happens: for files of up to about two seconds of a plain tone FFmpeg returns another length than libsndfile,
# which is right: 128 samples too few at 44.1 and 48 kHz, 350 too many at 22.05 kHz, and 576 samples for a file of
# one. The start is in place, so the difference is at the end. From a few seconds on both agree.
# Users: one-shots, drum hits and loops kept as .ogg; a loop cut by 3 ms clicks, and stems read by two libraries
# differ in length.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: 44100 Hz, 44100 samples: libsndfile 44100, FFmpeg 43972, common part differs by 1e-07
# seen: 48000 Hz, 48000 samples: libsndfile 48000, FFmpeg 47872, common part differs by 2e-07
# seen: 22050 Hz, 22050 samples: libsndfile 22050, FFmpeg 22400, common part differs by 1e-07
# seen: 44100 Hz, 1 samples: libsndfile 1, FFmpeg 576, common part differs by 5e-10
# seen: 44100 Hz, 576 samples: libsndfile 576, FFmpeg 448, common part differs by 9e-08
# seen: 44100 Hz, 233730 samples: libsndfile 233730, FFmpeg 233730, common part differs by 2e-07
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


seen = []
for rate, samples in (
    (44100, 44100),
    (48000, 48000),
    (22050, 22050),
    (44100, 1),
    (44100, 576),
    (44100, 233730),
):
    song = 0.3 * np.sin(2 * np.pi * 440 * np.arange(samples) / rate) + 0.01
    soundfile.write("song.ogg", song, rate)
    own = soundfile.read("song.ogg")[0]
    other = decode("song.ogg")[0][0]
    both = min(len(own), len(other))
    apart = np.abs(own[:both] - other[:both]).max()
    print(
        f"{rate} Hz, {samples} samples: libsndfile {len(own)}, FFmpeg {len(other)}, common part differs by {apart:.0e}"
    )
    seen.append((len(own) - samples, len(other) - samples))
same = seen == [(0, -128), (0, -128), (0, 350), (0, 575), (0, -128), (0, 0)]

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
