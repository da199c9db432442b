"""Files as FFmpeg's libraries open them, and no other file beside them: packets, frames, samples, stated lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.context import Flags2

from msgld.audio.binary import little
from msgld.audio.decoder.messages import RefusedError

Opener = Callable[[], Any]
"""Opens a binary file anew."""

Event = tuple[str, Any]
"""("frame", frame), ("lost", the duration of the packet by the container's clock, 0 where it has none), or END."""

END: Event = ("end", None)

CHECKED = {"flac", "tta", "wavpack"}
"""Codecs with checksums, which FFmpeg ignores unless it has to refuse every error."""

_TICKS = (600, 1000)
COARSEST = min(_TICKS)
"""Ticks per second that movies are usually timed in; the rounding of one may be missing at the end."""

_REFERRING = {
    "concat", "dash", "ffmetadata", "hls", "image2", "image2pipe", "lavfi", "lrc", "rtp", "rtsp", "sap", "sdp",
    "tedcaptions", "webm_dash_manifest",
}  # fmt: skip
"""Formats that name other files, or none at all."""

LOUDEST = 32.0
"""Times full scale; no encoder of music writes more, a damaged packet may."""

_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


def changed(before: tuple[int, int], after: tuple[int, int]) -> str:
    """The line about a file whose (rate, channels) do not stay the same."""
    sounds = [f"{channels} channels at {rate} Hz" for rate, channels in (before, after)]
    return f"changes from {sounds[0]} to {sounds[1]} on the way; convert all of it to one format first"


def _closed(url: str, flags: int, options: dict[str, str]) -> Any:
    raise OSError(f"{url} is not opened")


def open_container(file: Any, number: int = 0, **options: str) -> Any:
    """Open this file alone: neither the network nor the files that a playlist names.

    Args:
        file: a binary file.
        number: of the audio stream that will be decoded, from 0.
        options: of the container.

    Raises:
        RefusedError: not recognised, or without audio, or without that stream.
    """
    allowed = ",".join(sorted(av.formats_available - _REFERRING))
    file.seek(0)
    try:
        container = av.open(
            file, options={"format_whitelist": allowed, "protocol_whitelist": "none", **options},
            io_open=_closed, metadata_errors="replace",
        )  # fmt: skip
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0][:200].rstrip(".").lower()
        raise RefusedError(f"is not audio that can be decoded ({reason})", unknown=True) from error
    if not container.streams.audio:
        raise RefusedError("holds no audio")
    if number >= len(container.streams.audio):
        raise RefusedError(f"holds {len(container.streams.audio)} audio streams, and no number {number}")
    stream = container.streams.audio[number]
    if getattr(stream, "codec_context", None) is None:
        raise RefusedError("holds audio that cannot be decoded; export it as WAV or FLAC")
    stream.codec_context.thread_count = 1
    return container


def as_floats(frame: Any) -> np.ndarray:
    """The samples of a decoded frame, float32 (n, channels), full scale +-1."""
    kind, channels, planes = frame.format.name.removesuffix("p"), frame.layout.nb_channels, frame.planes
    dtype = np.dtype(_TYPES[kind])  # by hand, as PyAV 18.1 takes a frame of 8 planes for one of 9
    if frame.format.is_planar:
        array = np.stack([np.frombuffer(planes[at], dtype, frame.samples) for at in range(channels)], axis=1)
    else:
        array = np.frombuffer(planes[0], dtype, frame.samples * channels).reshape(-1, channels)
    samples = array.astype(np.float32)
    if dtype.kind == "f":
        return samples
    return (samples - (128 if kind == "u8" else 0)) * np.float32(2.0 ** (1 - 8 * dtype.itemsize))


def is_noise(samples: np.ndarray, loudest: float = LOUDEST) -> bool:
    """Whether samples are NaN, infinite, or so loud that the packet must be damaged."""
    return not np.isfinite(samples).all() or bool(np.abs(samples).max(initial=0.0) >= loudest)


class Events:
    """The events of an audio stream of an open container.

    Args:
        container: open.
        number: of the audio stream.
        manual: whether the decoder trims nothing.
        is_ogg: whether the very first frame, which overlaps with nothing, is then left out.

    Attributes:
        first_time: when the first packet begins, in seconds; None before it.
        first_skip: samples of the first packet that the decoder leaves out.
        broken_bytes: whether the container itself turned out to be damaged.
    """

    def __init__(self, container: Any, number: int, manual: bool, is_ogg: bool) -> None:
        self._container, self._stream = container, container.streams.audio[number]
        self._tick, self._drop_first = Fraction(self._stream.time_base), manual and is_ogg
        if manual:
            self._stream.codec_context.flags2 |= Flags2.skip_manual
        if self._stream.codec_context.name in CHECKED:
            self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        self.first_time: Fraction | None = None
        self.first_skip = 0
        self.broken_bytes = False
        self._events = self._decoded()

    def __iter__(self) -> Iterator[Event]:
        """Those that have not been taken yet."""
        return self._events

    def _packets(self) -> Iterator[Any]:
        """Packets of the stream. Where the container itself is damaged, they end."""
        end: int | None = None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError):
                self.broken_bytes = True
                return
            if packet is None:
                return
            if packet.size:
                self.broken_bytes |= end is not None and packet.pos is not None and packet.pos > end
                end = packet.pos + packet.size if packet.pos is not None and packet.pos >= 0 else None
            yield packet

    def _decoded(self) -> Iterator[Event]:
        """The decoded packets."""
        for packet in self._packets():
            if packet.size and self.first_time is None and packet.pts is not None:
                skipped = packet.get_sidedata("skip_samples") if packet.has_sidedata("skip_samples") else b""
                self.first_time, self.first_skip = packet.pts * self._tick, little(bytes(skipped), 0)
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                yield "lost", packet.duration or 0
                continue
            for frame in frames:
                if not self._drop_first:
                    yield "frame", frame
                self._drop_first = False


def matroska_length(container: Any, stream: Any, rate: int) -> float:
    """Stated length in samples: the track's, or the file's where it holds no video; 0 where none is stated."""
    text = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = text.rstrip("\0").split(":")
        return (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * rate
    except ValueError:
        alone = len(container.streams) == 1 and container.duration
        return float(container.duration / 1e6 * rate) if alone else 0.0


def movie_frames(opened: Opener, stream: Any, number: int, rate: int, first_time: Fraction | None) -> int:
    """Length of the sound of an MP4, MOV or M4A in samples: its track's less the encoder's delay; 0 if none is stated.

    An edit list cuts off delay and padding, but states the length in ticks of the whole movie, which are
    often as coarse as a millisecond; and the last packet decodes to more.
    ``number`` is the audio stream's, ``first_time`` the first packet's in seconds.
    """
    edited, tick = stream.duration, Fraction(stream.time_base)
    with opened() as file, open_container(file, number, ignore_editlist="1") as unedited:
        track = unedited.streams.audio[number].duration
    if not edited or not track:
        return 0
    coarse = any(abs(edited - round(edited * tick * unit) / tick / unit) < 1 for unit in _TICKS)
    if first_time is not None and stream.start_time is not None:
        track -= max(0, stream.start_time - int(first_time / tick))
    rounded = coarse and abs(track - edited) * tick <= Fraction(1, COARSEST)
    return max(0, round((track if rounded else min(edited, track)) * tick * rate))
