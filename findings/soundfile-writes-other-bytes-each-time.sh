#!/usr/bin/env bash
# soundfile 0.14.0 (with the libsndfile of its wheel).
#
# Expected: the same samples and settings give the same file, so that a hash of a data set says whether it has
# changed.
# Happens: Ogg files, Vorbis or Opus, differ at each write: the stream gets a random serial number, with which the
# checksum of each page changes. WAV and AIFF of floats differ from second to second: their PEAK chunk states when
# they were written. WAV, AIFF and FLAC of integers, MP3, and floats in CAF, RF64 or W64 are the same each time.
# What is decoded is the same in all.
# Users: caches by content, DVC or git-annex, and tests that compare files. Compare samples instead.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: OGG VORBIS: other bytes, the same samples: True
# seen: OGG OPUS: other bytes, the same samples: True
# seen: WAV FLOAT: other bytes, the same samples: True
# seen: AIFF FLOAT: other bytes, the same samples: True
# seen: WAV PCM_16: the same bytes, the same samples: True
# seen: AIFF PCM_24: the same bytes, the same samples: True
# seen: FLAC PCM_16: the same bytes, the same samples: True
# seen: MP3 MPEG_LAYER_III: the same bytes, the same samples: True
# seen: CAF FLOAT: the same bytes, the same samples: True
# seen: RF64 FLOAT: the same bytes, the same samples: True
# seen: W64 FLOAT: the same bytes, the same samples: True
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 soundfile==0.14.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import io
import sys
import time

import numpy as np
import soundfile

song = 0.1 * np.random.default_rng(0).standard_normal((48000, 2))
KINDS = [
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("WAV", "FLOAT"),
    ("AIFF", "FLOAT"),
    ("WAV", "PCM_16"),
    ("AIFF", "PCM_24"),
    ("FLAC", "PCM_16"),
    ("MP3", "MPEG_LAYER_III"),
    ("CAF", "FLOAT"),
    ("RF64", "FLOAT"),
    ("W64", "FLOAT"),
]


def write(kind, subtype):
    """Return the song as the bytes of a file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, song, 48000, format=kind, subtype=subtype)
    return buffer.getvalue()


first = [write(*kind) for kind in KINDS]
time.sleep(1.1)
seen = {}
for kind, before in zip(KINDS, first, strict=True):
    after = write(*kind)
    decoded = [soundfile.read(io.BytesIO(data))[0] for data in (before, after)]
    others = before != after
    seen[kind] = (others, np.array_equal(*decoded))
    print(
        f"{' '.join(kind)}: {'other bytes' if others else 'the same bytes'}, the same samples: {seen[kind][1]}"
    )
same = [kind for kind, (other, _) in seen.items() if other] == KINDS[:4] and all(
    alike for _, alike in seen.values()
)

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
