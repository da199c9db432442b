#!/usr/bin/env bash
# soundfile 0.14.0 (with the libsndfile of its wheel), read back by PyAV 18.1.0 (FFmpeg).
#
# Expected: channels of a 5.1 array in WAV order (L R C LFE Ls Rs) written as Ogg Vorbis or Opus reach those
# loudspeakers.
# Happens: libsndfile hands the columns to the codec as they are, but both codecs have an order of their own (L C
# R Ls Rs LFE). Every other decoder plays centre and right exchanged, the LFE from the left surround, and so on.
# The right surround goes through the codec's LFE channel, which keeps lows only: a 1,200 Hz tone comes back as
# silence. soundfile's own round trip keeps the columns, so a test by round trip sees no more than one silent
# channel.
# Users: anyone who exports surround stems or Atmos beds as .ogg or .opus, or reads such files that another
# program made.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: written:         {'FL': 400, 'FR': 600, 'FC': 800, 'LFE': 60, 'BL': 1000, 'BR': 1200}
# seen: VORBIS by FFmpeg:  {'FL': 400, 'FR': 800, 'FC': 600, 'LFE': 0, 'BL': 60, 'BR': 1000}
# seen: VORBIS by soundfile: [400, 600, 800, 60, 1000, 0]
# seen: OPUS by FFmpeg:  {'FL': 400, 'FR': 800, 'FC': 600, 'LFE': 0, 'BL': 60, 'BR': 1000}
# seen: OPUS by soundfile: [400, 600, 800, 60, 1000, 0]
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
TONES = {"FL": 400, "FR": 600, "FC": 800, "LFE": 60, "BL": 1000, "BR": 1200}  # Hz, in WAV order


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


def pitches(sound):
    """Return each channel's strongest frequency in Hz, or 0 for one below -60 dBFS."""
    middle = sound[:, 8000:40000]
    spectra = np.abs(np.fft.rfft(middle * np.hanning(middle.shape[1])))
    loud = np.sqrt((middle**2).mean(1)) > 1e-3
    return [int(round(peak * RATE / middle.shape[1])) * bool(on) for peak, on in zip(spectra.argmax(1), loud)]


time = np.arange(RATE) / RATE
song = np.stack([0.1 * np.sin(2 * np.pi * hertz * time) for hertz in TONES.values()], 1)
print("written:        ", TONES)
same = True
for subtype in ("VORBIS", "OPUS"):
    soundfile.write("song.ogg", song, RATE, format="OGG", subtype=subtype)
    sound, names = decode("song.ogg")
    played = dict(zip(names, pitches(sound)))
    own = pitches(soundfile.read("song.ogg")[0].T)
    print(f"{subtype} by FFmpeg: ", played)
    print(f"{subtype} by soundfile:", own)
    same &= played == {"FL": 400, "FR": 800, "FC": 600, "LFE": 0, "BL": 60, "BR": 1000}
    same &= own == [400, 600, 800, 60, 1000, 0]

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
