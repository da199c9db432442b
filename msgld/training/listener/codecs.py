"""What lossy codecs leave of a sound: MP3 and AAC at low bit rates, encoded and decoded by FFmpeg's libraries."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

FORMATS = (("mp3", "libmp3lame", "mp3"), ("adts", "aac", "aac"))
"""Container, encoder and decoder."""

DELAY = 4096
"""Samples that encoder and decoder delay a sound at most."""


def coded(x: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A mono sound (L,) through a codec at 32 to 96 kbit/s, at its old place; as it is where there is no encoder."""
    import av

    container, encoder, decoder = FORMATS[int(rng.integers(len(FORMATS)))]
    peak = float(np.abs(x).max(initial=1e-6))
    data = io.BytesIO()
    try:
        with av.open(data, "w", format=container) as sink:
            stream: Any = sink.add_stream(encoder, rate=rate, layout="mono")
            stream.bit_rate = int(rng.uniform(32_000, 96_000))
            frame: Any = av.AudioFrame.from_ndarray((x / peak * 0.7)[None].astype(np.float32), "fltp", "mono")
            frame.rate = rate
            sink.mux(stream.encode(frame))
            sink.mux(stream.encode(None))
        data.seek(0)
        with av.open(data, "r", format=decoder) as source:
            frames = [frame.to_ndarray() for frame in source.decode(audio=0)]
    except (av.FFmpegError, ValueError):
        return x
    if not frames:
        return x
    made = np.concatenate([frame.mean(0) for frame in frames]).astype(np.float32)
    return aligned(made * np.float32(peak / 0.7), x)


def aligned(made: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A delayed copy (l,) of a sound (L,), moved back by up to ``DELAY`` samples and of its length."""
    size = 1 << (max(len(made), len(x)) + DELAY - 1).bit_length()
    alike = np.fft.irfft(np.fft.rfft(made, size) * np.fft.rfft(x, size).conj(), size)
    late = int(alike[:DELAY].argmax())
    moved = made[late : late + len(x)]
    return np.pad(moved, (0, len(x) - len(moved)))
