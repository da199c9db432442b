#!/usr/bin/env bash
# lameenc 1.9.0, read back by soundfile 0.14.0 (libsndfile) and PyAV 18.1.0 (FFmpeg); libsndfile's own MP3 for
# comparison.
#
# Expected: an MP3 that LAME made decodes in place and to its length, as libsndfile's do.
# Happens: lameenc gives the frames only, without the info frame that states delay, padding and the number of
# frames. Every decoder starts 1,105 samples late (25 ms) and returns 1,980 samples too many for a second. With
# variable bit rate the length is a guess from the first frame: a minute whose first ten seconds are quiet is
# stated as 124 s by both libraries, while reading gives 60 s; soundfile.read() returns half of info().frames
# without an error.
# Users: programs that write MP3 stems from Python; null tests against the song and stem folders mixed with WAV
# fail.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: lameenc.mp3 read by libsndfile: late by 1105, 1980 samples too many
# seen: lameenc.mp3 read by FFmpeg: late by 1105, 1980 samples too many
# seen: libsndfile.mp3 read by libsndfile: late by 0, 0 samples too many
# seen: libsndfile.mp3 read by FFmpeg: late by 0, 0 samples too many
# seen: 60 s of variable bit rate, stated and read: libsndfile 124.4 and 60.0 s, FFmpeg 123.8 and 60.0 s
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0 av==18.1.0 lameenc==1.9.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import av
import lameenc
import numpy as np
import soundfile

RATE = 44100
rng = np.random.default_rng(0)


def encode(path, song, variable):
    """Write a mono song with lameenc."""
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.silence()
    if variable:
        encoder.set_vbr(4)
        encoder.set_vbr_quality(4)
    else:
        encoder.set_bit_rate(320)
    data = encoder.encode((song * 32767).astype(np.int16).tobytes()) + encoder.flush()
    with open(path, "wb") as file:
        file.write(data)


def by_ffmpeg(path):
    """Return the samples of a mono file, and the length that the container states, in seconds."""
    with av.open(path) as container:
        stated = container.duration / 1e6
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]), stated


def late(sound, song):
    """Return by how many samples sound is late."""
    return max(range(-2000, 2001), key=lambda lag: float(song[8000:20000] @ sound[8000 + lag : 20000 + lag]))


song = np.convolve(0.1 * rng.standard_normal(RATE), np.hanning(15) / 7, "same")
encode("lameenc.mp3", song, variable=False)
soundfile.write("libsndfile.mp3", song, RATE)
seen = {}
for path in ("lameenc.mp3", "libsndfile.mp3"):
    for reader, sound in (("libsndfile", soundfile.read(path)[0]), ("FFmpeg", by_ffmpeg(path)[0])):
        seen[path, reader] = (late(sound, song), len(sound) - RATE)
        print(
            f"{path} read by {reader}: late by {seen[path, reader][0]}, {seen[path, reader][1]} samples too many"
        )
minute = 0.1 * rng.standard_normal(60 * RATE)
minute[: 10 * RATE] *= 1e-4
encode("minute.mp3", minute, variable=True)
sound, stated = by_ffmpeg("minute.mp3")
whole = soundfile.read("minute.mp3")[0]
lengths = [soundfile.info("minute.mp3").duration, len(whole) / RATE, stated, len(sound) / RATE]
print(
    "60 s of variable bit rate, stated and read: libsndfile %.1f and %.1f s, FFmpeg %.1f and %.1f s"
    % tuple(lengths)
)
same = set(seen.values()) == {(1105, 1980), (0, 0)} and seen["libsndfile.mp3", "FFmpeg"] == (0, 0)
same &= min(lengths[0], lengths[2]) > 100 and max(lengths[1], lengths[3]) < 61

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
