"""MP3, MP2 and AAC streams, decoded frame by frame; each recording of a joined file is trimmed by its own tag."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import cast

import av
import numpy as np

from msgld.audio.container import RefusedError, as_floats, is_noise
from msgld.audio.messages import Message, Note, Silence, Sound, Start
from msgld.audio.mpeg import (
    Bytes,
    Damage,
    Frame,
    Header,
    Parse,
    adts_header,
    first_frame,
    grid,
    mpeg_header,
)
from msgld.audio.mpeg_links import Link, read_tag

_DECODERS = {"mp1": "mp1float", "mp2": "mp2float", "mp3": "mp3float", "aac": "aac"}
_DELAY = 529  # samples by which every decoder of MP3 comes late


class MpegStream:
    """A stream of frames without a container.

    Args:
        data: the whole file. parse: reads its headers.

    Raises:
        RefusedError: no such stream, damaged so that time is lost, or cut short; from everything.
    """

    def __init__(self, data: Bytes, parse: Parse) -> None:
        self._data, self._parse = data, parse
        start = first_frame(data, parse)
        if start is None:
            raise RefusedError("holds no frames", unknown=True)
        self._start = start
        self._header = cast(Header, parse(data, start))
        self._links = self._linked()
        self.rate, self.channels, self._factor = self._probe()
        last = len(self._links) - 1
        self._lost = [link.lost(place == last) for place, link in enumerate(self._links)]
        if self._links[-1].partial and not self._complete(self._links[-1]):
            raise RefusedError("is cut short: its last frame is not whole; export or copy it again")

    @staticmethod
    def _complete(link: Link) -> bool:
        return link.tag is not None and 0 < link.tag.frames <= link.frames

    def _linked(self) -> list[Link]:
        links: list[Link] = []
        for piece in grid(self._data, self._start, self._parse):
            if isinstance(piece, Frame):
                self._check(piece)
                tag = read_tag(self._data, piece)
                if tag is not None or not links:
                    links.append(Link(tag, piece.start, piece.stop))
                if tag is not None:
                    continue
            if links:
                links[-1].count(piece)
        if not any(link.frames for link in links):
            raise RefusedError("holds no samples")
        return links

    def _check(self, frame: Frame) -> None:
        key, first = frame.header.key, self._header.key
        if key != first:
            raise RefusedError(
                f"changes its rate or channels at byte {frame.start}; convert all of it to one format first"
            )

    def _probe(self) -> tuple[int, int, int]:
        """Rate, channels, and how many times more samples a frame gives than its header says (2 in HE-AAC)."""
        decoder, found = self._decoder(), None
        frames = (piece for piece in grid(self._data, self._start, self._parse) if isinstance(piece, Frame))
        for frame in islice(frames, 40):
            for decoded in self._decode(decoder, frame):
                found = (
                    decoded.sample_rate,
                    decoded.layout.nb_channels,
                    decoded.samples // frame.header.samples,
                )
        if found is None or found[2] < 1:
            raise RefusedError("holds no sound that can be decoded; export it again")
        return found

    def _decoder(self) -> av.AudioCodecContext:
        context = av.CodecContext.create(_DECODERS[self._header.key[0][:3]], "r")
        assert isinstance(context, av.AudioCodecContext)
        context.thread_count = 1
        return context

    def _decode(self, decoder: av.AudioCodecContext, frame: Frame) -> list[av.AudioFrame]:
        try:
            return decoder.decode(av.Packet(bytes(self._data[frame.start : frame.stop])))
        except (av.FFmpegError, ValueError):
            return []

    def _ends(self, link: Link, lost: list[int]) -> tuple[int, int]:
        """The first and the end of the samples that are sound, of all that a recording decodes to."""
        whole = (link.frames + sum(lost)) * self._header.samples * self._factor
        if link.tag is None or link.tag.delay is None:
            return 0, whole
        first = min(whole, (link.tag.delay + _DELAY))
        stated = link.tag.frames * self._header.samples
        if stated and whole <= stated + self._header.samples:
            return first, max(first, min(whole, stated, stated - link.tag.padding + _DELAY))
        return first, whole

    def start(self) -> Start:
        """What is known before the sound; the length is exact, as all frames have been counted."""
        ends = [self._ends(link, lost) for link, lost in zip(self._links, self._lost, strict=True)]
        frames = sum(stop - start for start, stop in ends)
        return Start(self.rate, self.channels, self._header.key[0][:3], frames, True)

    def messages(self) -> Iterator[Message]:
        """Sound and silence in order."""
        for link, lost in zip(self._links, self._lost, strict=True):
            first, stop = self._ends(link, lost)
            place = 0
            for message, frames in self._played(link, lost):
                begin, end = max(first - place, 0), min(frames, stop - place)
                place += frames
                if begin < end:
                    yield Sound(message[begin:end]) if message is not None else Silence(end - begin)
        yield from self._notes()

    def _notes(self) -> Iterator[Message]:
        last = self._links[-1]
        trailing = last.damages[-1] if last.damages and last.damages[-1].stop == last.stop else None
        if trailing is None or self._complete(last) or self._lost[-1][-1] > (trailing.head is not None):
            return
        start = trailing.start if trailing.head is None else trailing.head.stop
        yield Note(f"the last {trailing.stop - start} bytes are not sound and were left out")

    def _played(self, link: Link, lost: list[int]) -> Iterator[tuple[np.ndarray | None, int]]:
        """Samples, or None for damage, and how many there are."""
        decoder, damages = self._decoder(), iter(lost)
        for piece in self._pieces(link):
            if isinstance(piece, Frame):
                yield self._sound(decoder, piece)
                continue
            count = next(damages)
            if count and piece.head is not None:
                yield self._sound(decoder, piece.head)
                count -= 1
            if count:
                yield None, count * self._header.samples * self._factor

    def _pieces(self, link: Link) -> Iterator[Frame | Damage]:
        """The pieces of a recording, without its tag."""
        for piece in grid(self._data, link.start, self._parse):
            if piece.start >= link.stop:
                return
            whole = isinstance(piece, Damage) or piece.stop - piece.start == piece.header.size
            if whole and not (link.tag is not None and piece.start == link.start):
                yield piece

    def _sound(self, decoder: av.AudioCodecContext, frame: Frame) -> tuple[np.ndarray | None, int]:
        expected, decoded = frame.header.samples * self._factor, self._decode(decoder, frame)
        samples = as_floats(decoded[0]) if len(decoded) == 1 else np.zeros((0, 1), np.float32)
        if samples.shape[1] == 1 < self.channels:
            samples = np.repeat(samples, self.channels, axis=1)
        fits = samples.shape == (expected, self.channels)
        return (samples, expected) if fits and not is_noise(samples) else (None, expected)


def mpeg_stream(data: Bytes, name: str) -> MpegStream:
    """The stream of a file whose format FFmpeg calls ``mp3`` or ``aac``."""
    return MpegStream(data, adts_header if name == "aac" else mpeg_header)
