"""What lossy codecs leave of a sound: MP3 and AAC at low bit rates, encoded and decoded by FFmpeg's libraries."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

FORMATS = (("mp3", "libmp3lame", "mp3"), ("adts", "aac", "aac"))
"""Container, encoder and decoder."""

DELAY = 4096
"""Samples that encoder and decoder delay a sound at most."""


SPAN = 1 << 18
"""Samples around the loudest one by which the delay is found."""

RATES = (32_000.0, 96_000.0)
"""Bits per second and channel."""


def coded(
    x: np.ndarray, rate: int, rng: np.random.Generator, rates: tuple[float, float] = RATES
) -> np.ndarray:
    """A sound through a codec, at its old place; as it is where there is no encoder.

    Args:
        x: mono (L,) or stereo (2, L).
        rate: samples per second.
        rng: of the codec and the bit rate.
        rates: range of bits per second and channel.
    """
    import av

    container, encoder, decoder = FORMATS[int(rng.integers(len(FORMATS)))]
    peak = float(np.abs(x).max(initial=1e-6))
    channels = np.atleast_2d(x)
    kind = "mono" if len(channels) == 1 else "stereo"
    data = io.BytesIO()
    try:
        with av.open(data, "w", format=container) as sink:
            stream: Any = sink.add_stream(encoder, rate=rate, layout=kind)
            stream.bit_rate = int(rng.uniform(*rates)) * len(channels)
            scaled = np.ascontiguousarray(channels / peak * 0.7, np.float32)
            frame: Any = av.AudioFrame.from_ndarray(scaled, "fltp", kind)
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
    made = np.concatenate(frames, 1).astype(np.float32) * np.float32(peak / 0.7)
    return aligned(made.mean(0) if x.ndim == 1 else made, x)


def aligned(made: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A delayed copy (..., l) of a sound (..., L), moved back by up to ``DELAY`` samples and of its length."""
    length = x.shape[-1]
    one, other = (y.reshape(-1, y.shape[-1]).sum(0) for y in (made, x))
    start = min(max(0, int(np.abs(other).argmax()) - SPAN // 2), max(0, length - SPAN))
    one, other = one[start : start + SPAN + DELAY], other[start : start + SPAN]
    size = 1 << (max(len(one), len(other)) + DELAY - 1).bit_length()
    alike = np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size).conj(), size)
    late = int(alike[:DELAY].argmax())
    moved = made[..., late : late + length]
    return np.pad(moved, [(0, 0)] * (x.ndim - 1) + [(0, length - moved.shape[-1])])
