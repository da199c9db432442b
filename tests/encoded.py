"""Sound files as other programs write them, made by PyAV's encoders."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def encode(
    path: Path, samples: np.ndarray, rate: int, codec: str, *, container: str | None = None, bit_rate: int = 0,
    muxer: dict[str, str] | None = None, encoder: dict[str, str] | None = None, video: bool = False,
    layout: str | None = None,
) -> Path:  # fmt: skip
    """Write samples, float (channels, n), through an encoder of FFmpeg's libraries.

    Args:
        path: its ending chooses the container, unless ``container`` does.
        muxer, encoder: options of both. video: whether a small picture track comes first.
    """
    layout = layout or LAYOUTS[len(samples)]
    with av.open(str(path), "w", format=container, options=muxer or {}) as out:
        picture = _add_picture(out, samples.shape[1] / rate) if video else None
        stream: Any = out.add_stream(
            codec, rate=rate, layout=layout, options={"strict": "-2", **(encoder or {})}
        )
        if bit_rate:
            stream.bit_rate = bit_rate
        formats = stream.codec_context.codec.audio_formats
        names = [form.name for form in formats or [] if form.name[:2] != "u8"] or ["fltp"]
        stream.codec_context.format = names[-1]
        resampler = av.AudioResampler(format=names[-1], layout=layout, rate=rate)
        if picture is not None:
            for packet in picture:
                out.mux(packet)
        size = 1024
        for start in range(0, samples.shape[1], size):
            block = np.ascontiguousarray(samples[:, start : start + size], np.float32)
            # Interleaved, as PyAV 18.1 takes 8 planes for 9.
            frame = av.AudioFrame.from_ndarray(block.T.reshape(1, -1).copy(), format="flt", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            for converted in resampler.resample(frame):
                out.mux(stream.encode(converted))
        for converted in resampler.resample(None):
            out.mux(stream.encode(converted))
        out.mux(stream.encode(None))
    return path


def _add_picture(out: Any, seconds: float) -> list[Any]:
    """The packets of a grey picture, five a second."""
    codec = "libvpx" if out.format.name == "webm" else "mpeg4"
    stream = out.add_stream(codec, rate=5)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"
    packets = []
    for index in range(max(2, round(5 * seconds))):
        frame = av.VideoFrame.from_ndarray(np.full((48, 32), 100, np.uint8), format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, 5)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def decode(path: Path) -> tuple[np.ndarray, int]:
    """All samples, float32 (channels, n), and the rate, as PyAV alone decodes them."""
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    resampler = av.AudioResampler(format="flt")
    channels = frames[0].layout.nb_channels
    blocks = [
        converted.to_ndarray().reshape(-1, channels).T
        for frame in frames
        for converted in resampler.resample(frame)
    ]
    return np.concatenate(blocks, axis=1), frames[0].sample_rate
