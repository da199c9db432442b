"""Opening any file that FFmpeg's libraries read, and no other one beside it; and the samples of decoded frames."""

from __future__ import annotations

from typing import Any, BinaryIO

import av
import numpy as np

from msgld.audio.messages import Refusal

_REFERRING = {
    "concat", "dash", "ffmetadata", "hls", "image2", "image2pipe", "lavfi", "lrc", "rtp", "rtsp", "sap", "sdp",
    "tedcaptions", "webm_dash_manifest",
}  # fmt: skip
"""Formats that name other files, or none at all."""

_LOUDEST = 32.0  # times full scale; no encoder of music writes more, a damaged packet may
_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_SCALES = {"u8": 1 / 128, "s16": 1 / 32768, "s32": 1 / 2147483648, "s64": 1 / 9223372036854775808}


class RefusedError(Exception):
    """The file cannot be read; the text says why. ``unknown``: its format was not recognised."""

    def __init__(self, text: str, unknown: bool = False) -> None:
        super().__init__(text)
        self.refusal = Refusal(text, unknown)


def changed(before: tuple[int, int], after: tuple[int, int]) -> str:
    """The line about a file whose (rate, channels) do not stay the same."""
    sounds = [f"{channels} channels at {rate} Hz" for rate, channels in (before, after)]
    return f"changes from {sounds[0]} to {sounds[1]} on the way; convert all of it to one format first"


def _closed(url: str, flags: int, options: dict[str, str]) -> Any:
    raise OSError(f"{url} is not opened")


def open_container(file: BinaryIO, **options: str) -> Any:
    """Open a file, and no other one: neither the network nor what a playlist names.

    Raises:
        RefusedError: not recognised, or without audio.
    """
    allowed = ",".join(sorted(av.formats_available - _REFERRING))
    file.seek(0)
    try:
        container = av.open(
            file, options={"format_whitelist": allowed, "protocol_whitelist": "none", **options},
            io_open=_closed, metadata_errors="replace",
        )  # fmt: skip
    except (av.FFmpegError, OSError, ValueError) as error:
        raise RefusedError(f"is not audio that can be decoded ({_reason(error)})", unknown=True) from error
    if not container.streams.audio:
        raise RefusedError("holds no audio")
    stream = container.streams.audio[0]
    if getattr(stream, "codec_context", None) is None:
        raise RefusedError("holds audio that cannot be decoded; export it as WAV or FLAC")
    stream.codec_context.thread_count = 1
    return container


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0][:200].rstrip(".").lower()


def as_floats(frame: Any) -> np.ndarray:
    """The samples of a decoded frame, float32 (n, channels), full scale +-1."""
    kind, channels, planes = frame.format.name.removesuffix("p"), frame.layout.nb_channels, frame.planes
    dtype = np.dtype(_TYPES[kind])  # by hand, as PyAV 18.1 takes a frame of 8 planes for one of 9
    if frame.format.is_planar:
        array = np.stack([np.frombuffer(planes[at], dtype, frame.samples) for at in range(channels)], axis=1)
    else:
        array = np.frombuffer(planes[0], dtype, frame.samples * channels).reshape(-1, channels)
    if kind in _SCALES:
        return ((array.astype(np.float32) - (128 if kind == "u8" else 0)) * np.float32(_SCALES[kind])).astype(
            "f4"
        )
    return array.astype(np.float32)


def is_no_number(samples: np.ndarray) -> bool:
    """Whether a sample is NaN or infinite."""
    return not bool(np.isfinite(samples).all())


def is_noise(samples: np.ndarray) -> bool:
    """Whether samples of a compressed format are so wild that the packet must be damaged."""
    return is_no_number(samples) or bool(np.abs(samples).max(initial=0.0) >= _LOUDEST)
