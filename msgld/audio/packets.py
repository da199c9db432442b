"""What the packets of a container decode to, one after the other, whatever is wrong with some of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags2

Event = tuple[str, Any]
"""("frame", frame), or ("lost", the duration of the packet by the container's clock, 0 where it has none)."""

CHECKED = {"flac", "tta", "wavpack"}
"""Codecs with checksums, which FFmpeg ignores unless it is made to refuse every error."""


class Events:
    """The events of the first audio stream of an open container.

    Args:
        manual: whether nothing is trimmed by the decoder. is_ogg: whether the first frame of all, which overlaps with
            nothing, is then left out.

    Attributes:
        first_time: when the first packet begins, in seconds; None before it. first_skip: samples of it that the
            decoder leaves out. broken_bytes: whether the container itself turned out to be damaged.
    """

    def __init__(self, container: Any, manual: bool, is_ogg: bool) -> None:
        self._container, self._stream = container, container.streams.audio[0]
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
        """What the packets decode to."""
        for packet in self._packets():
            if packet.size and self.first_time is None and packet.pts is not None:
                self.first_time, self.first_skip = packet.pts * self._tick, _skipped(packet)
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                yield "lost", packet.duration or 0
                continue
            for frame in frames:
                if not self._drop_first:
                    yield "frame", frame
                self._drop_first = False


def _skipped(packet: Any) -> int:
    """Samples at the start of a packet that the decoder leaves out."""
    data = bytes(packet.get_sidedata("skip_samples")) if packet.has_sidedata("skip_samples") else b""
    return int.from_bytes(data[:4], "little")


def with_next(events: Iterator[Event]) -> Iterator[tuple[Event, Event | None]]:
    """Each event with the one that follows it."""
    held = next(events, None)
    while held is not None:
        following = next(events, None)
        yield held, following
        held = following
