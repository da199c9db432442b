"""Small sound files of every format, and ways to damage them; what ``bench/fuzz.py`` reads."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from encoded import encode

RATE = 22_050
SNDFILE = {
    "16.wav": ("WAV", "PCM_16"), "24.wav": ("WAV", "PCM_24"), "float.wav": ("WAV", "FLOAT"),
    "ulaw.wav": ("WAV", "ULAW"), "adpcm.wav": ("WAV", "IMA_ADPCM"), "x.rf64": ("RF64", "PCM_24"),
    "x.w64": ("W64", "PCM_24"), "x.aiff": ("AIFF", "PCM_24"), "x.caf": ("CAF", "PCM_16"), "x.au": ("AU", "PCM_16"),
    "x.flac": ("FLAC", "PCM_16"), "x.ogg": ("OGG", "VORBIS"), "x.opus": ("OGG", "OPUS"),
    "x.mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip
PYAV: dict[str, dict[str, Any]] = {
    "x.m4a": {"codec": "aac"}, "fast.m4a": {"codec": "aac", "muxer": {"movflags": "+faststart"}},
    "alac.m4a": {"codec": "alac"}, "x.mp4": {"codec": "aac"}, "x.mkv": {"codec": "aac"},
    "x.webm": {"codec": "libopus"}, "x.aac": {"codec": "aac"}, "x.wma": {"codec": "wmav2", "bit_rate": 128_000},
    "x.ts": {"codec": "aac"}, "x.avi": {"codec": "libmp3lame"}, "x.ac3": {"codec": "ac3"}, "x.wv": {"codec": "wavpack"},
    "bare.mp3": {"codec": "libmp3lame", "muxer": {"write_xing": "0"}},
}  # fmt: skip


def valid_files() -> dict[str, bytes]:
    """A third of a second of every format, by name."""
    samples = 0.3 * np.random.default_rng(0).standard_normal((RATE // 3, 2)).clip(-3, 3)
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (container, subtype) in SNDFILE.items():
            rate = 24_000 if subtype == "OPUS" else RATE
            soundfile.write(Path(folder) / name, samples, rate, subtype, format=container)
            files[name] = (Path(folder) / name).read_bytes()
        for name, options in PYAV.items():
            rate = {"libopus": 48_000, "ac3": 48_000}.get(options["codec"], RATE)
            files[name] = encode(Path(folder) / name, samples.T, rate, **options).read_bytes()
    return files


def _flip(data: bytearray, rng: np.random.Generator, end: int) -> None:
    for place in rng.integers(0, max(1, end), rng.integers(1, 33)):
        data[place % len(data)] ^= 1 << int(rng.integers(8))


def _extremes(data: bytearray, rng: np.random.Generator, end: int) -> None:
    """Numbers of a header become the largest, the smallest, or none."""
    for place in rng.integers(0, max(1, end), rng.integers(1, 5)):
        width = int(rng.choice([1, 2, 4, 8]))
        data[place : place + width] = bytes([int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))]) * width


def mutate(files: dict[str, bytes], seed: int, index: int) -> tuple[str, bytes]:
    """Input ``index`` of a seed: the name of its format and its bytes; one in forty is left as it was."""
    rng = np.random.default_rng([seed, index])
    names = sorted(files)
    name = names[int(rng.integers(len(names)))]
    data, other = bytearray(files[name]), files[names[int(rng.integers(len(names)))]]
    cut, way = int(rng.integers(1, len(data))), int(rng.integers(40))
    if way < 8:
        _flip(data, rng, len(data))
    elif way < 14:
        _flip(data, rng, 256)
    elif way < 20:
        _extremes(data, rng, 256)
    elif way < 25:
        data = data[:cut]
    elif way < 28:
        data = data[:cut] + other[int(rng.integers(len(other))) :]
    elif way < 31:
        data[cut:cut] = data[int(rng.integers(len(data))) :][: int(rng.integers(1, 4096))]
    elif way < 34:
        del data[cut : cut + int(rng.integers(1, 4096))]
    elif way < 37:
        data[cut:] = rng.bytes(len(data) - cut)
    elif way < 39:
        data[int(rng.integers(0, 64)) :] = rng.bytes(int(rng.integers(1, 4096)))
    return name, bytes(data)
