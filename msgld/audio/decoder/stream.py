"""Any file that FFmpeg's libraries read, decoded packet by packet, with silence where packets are damaged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

import numpy as np

from msgld.audio.decoder.container import (
    CHECKED,
    COARSEST,
    END,
    LOUDEST,
    Event,
    Events,
    Opener,
    as_floats,
    changed,
    is_noise,
    matroska_length,
    movie_frames,
    open_container,
)
from msgld.audio.decoder.messages import Message, RefusedError, Remark, Silence, Start
from msgld.audio.decoder.ogg import Link
from msgld.audio.decoder.timeline import ContradictionError, Timeline

_CLOCKLESS = {"ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "loas", "amr", "amrnb", "amrwb", "mp3", "aac"}
"""Streams whose time stamps are a count of the frames that were found."""

_STATED = {"wav", "w64", "aiff", "au", "flac", "wv", "tta", "ape", "mpc", "mpc8", "tak", "ogg", "dsf", "caf"}
"""Formats that state the length of the sound, to the sample or nearly."""

_COUNTED = {("ogg", "vorbis"), ("caf", "alac")}
"""Formats and codecs whose end is trimmed here by the stated length, as FFmpeg takes too much from it."""

_LOSSLESS = {"flac", "wv", "tta", "ape"}  # formats whose time stamps count samples

_MOVIE = "mov,mp4,m4a,3gp,3g2,mj2"
_LONGEST_GAP = 600.0  # seconds of silence that a single time stamp may cause


class Stream:
    """An audio stream of a container, decoded.

    Args:
        opened: opens the file anew.
        link: its pages, where it is Ogg.
        number: of the audio stream, from 0.

    Raises:
        RefusedError: from everything, with the line for the user.
    """

    def __init__(self, opened: Opener, link: Link | None = None, number: int = 0) -> None:
        self._opened, self._link, self._number = opened, link, number
        self._torn = link is not None and link.torn
        self._container = open_container(opened(), number)
        self._stream = self._container.streams.audio[number]
        self.format = str(self._container.format.name)
        codec = self._stream.codec_context.name
        self._counted = (self.format, codec) in _COUNTED
        self._uncompressed = codec.startswith("pcm_")
        self._loudest = math.inf if codec in CHECKED else LOUDEST
        self._tick = Fraction(self._stream.time_base)
        self._events = Events(self._container, number, self._counted, self.format == "ogg")
        self._held: list[Event] = []
        self._begin()

    def _begin(self) -> None:
        """Decode until a frame tells rate and channels, which headers may misstate."""
        for kind, event in self._events:
            self._held.append((kind, event))
            if kind == "frame":
                break
        else:
            raise RefusedError("holds no sound that can be decoded; export it again")
        self.rate, self.channels = int(event.sample_rate), int(event.layout.nb_channels)
        self.exact_frames = 0
        if self.format == _MOVIE:
            first_time = self._events.first_time
            self.exact_frames = movie_frames(self._opened, self._stream, self._number, self.rate, first_time)
        self._late = self._lateness(event.samples)
        self.stated, self.slack = self._statement()

    def _lateness(self, frame: int) -> int:
        """Samples of a FLAC stream in Ogg before the recorded part; FFmpeg counts its first page from 0."""
        page = self._link.first if self._link is not None else None
        if page is None or self._torn or self._stream.codec_context.name != "flac":
            return 0
        return max(0, page.granule - page.packets * frame)

    def start(self) -> Start:
        """The facts that are known before the sound."""
        frames, exact = self.exact_frames or round(self.stated), bool(self.exact_frames)
        exact = exact or (frames > 0 and self.format in _STATED and self.slack <= 1)
        if not frames and self._container.duration:
            frames = round(self._container.duration / 1e6 * self.rate)
        return Start(self.rate, self.channels, str(self._stream.codec_context.codec.name), frames, exact)

    def _statement(self) -> tuple[float, float]:
        """Samples that the container states, and by how many a whole file may hold fewer."""
        frame = max(self._held[-1][1].samples, self._stream.codec_context.frame_size or 0)
        if self.exact_frames:
            return float(self.exact_frames), max(float(frame), self.rate / COARSEST)
        if self.format in _STATED and self._stream.duration:
            return self._counted_statement(frame)
        if self.format == "matroska,webm":
            stated = matroska_length(self._container, self._stream, self.rate)
            # What a late begin, or the encoder's delay, takes off.
            stated -= abs(float(self._events.first_time or 0)) * self.rate
            return max(0.0, stated), 2.0 * frame + 0.01 * self.rate
        if self.format == "asf" and self._container.duration:
            return self._container.duration / 1e6 * self.rate, 0.5 * self.rate
        if self.format == "avi":  # its duration is FFmpeg's guess by the size of the file
            return float(self._stream.frames * self._tick * self.rate), float(frame)
        return 0.0, 0.0

    def _counted_statement(self, frame: int) -> tuple[float, float]:
        """The same for formats that count samples, or nearly."""
        stated, begin = float(self._stream.duration * self._tick * self.rate) - self._late, 0
        codec = self._stream.codec_context.name
        if self._link is not None and self._link.granule and codec in ("vorbis", "opus", "libopus"):
            begin = 0 if self._torn else self._stream.start_time or 0
            stated = float((self._link.granule - begin) * self._tick * self.rate)
        stated -= self._events.first_skip if codec.endswith("opus") else 0
        if begin > 0:  # the first packet of a recording that begins in the middle cannot be decoded
            return stated, 0.05 * self.rate
        return stated, 1.0 if self._tick * self.rate == 1 else float(frame)

    def messages(self) -> Iterator[Message]:
        """Sound and silence in order."""
        timeline = Timeline(self.rate, float(self._tick), self.format in _LOSSLESS)
        lost = frames = 0
        if self._torn:
            timeline.begin(0.0)
        elif self._held[0][0] == "lost" and self._events.first_time is not None:
            timeline.begin(float(self._events.first_time * self.rate) + self._events.first_skip)
        for (kind, event), following in pairwise(chain(self._held, self._events, [END])):
            if kind == "lost":
                lost += max(1, round(event * self._tick * self.rate) or frames)
                continue
            own, ahead = self._begin_of(("frame", event)), self._begin_of(following)
            samples = None if self._odd(event, own, ahead, frames) else self._checked(event)
            frames = frames if frames and samples is None else event.samples
            if samples is None or not frames:
                lost += frames
                continue
            gap = self._gap(timeline, self._time(event, own, ahead), event.samples, lost)
            lost = 0
            if gap:
                yield Silence(gap)
            timeline.position += gap
            samples = samples[: self._room(timeline.position)]
            yield samples
            timeline.position += len(samples)
        yield from self._tail(timeline.position, lost, frames)

    def _begin_of(self, event: Event) -> Fraction | None:
        """When a frame begins, in samples of the container's clock; None where that is not stated."""
        if event[0] != "frame" or event[1].pts is None:
            return None
        return Fraction(event[1].pts * event[1].time_base * self.rate)

    def _odd(self, frame: Any, own: Fraction | None, ahead: Fraction | None, usual: int) -> bool:
        """Whether a frame is longer or shorter than the one before, and time stamps say that it should not be."""
        if not usual or frame.samples == usual or own is None or ahead is None:
            return False
        if self._uncompressed or self._counted:
            return False
        step = float(ahead - own)
        return abs(step - frame.samples) > abs(step - usual) + 2 * float(self._tick * self.rate)

    def _room(self, position: int) -> int:
        """How many samples may follow; what the last packet decodes to beyond the stated length is padding."""
        end = self.exact_frames or (round(self.stated) if self._counted else 0)
        return max(0, end - position) if end else 1 << 62

    def _checked(self, frame: Any) -> np.ndarray | None:
        """Samples of a frame; None where it is damaged."""
        sound = frame.sample_rate, frame.layout.nb_channels
        if sound != (self.rate, self.channels):
            raise RefusedError(changed((self.rate, self.channels), sound))
        samples = as_floats(frame)
        if frame.is_corrupt or (not self._uncompressed and is_noise(samples, self._loudest)):
            return None
        return samples

    def _time(self, frame: Any, own: Fraction | None, ahead: Fraction | None) -> float | None:
        """When a frame begins, in samples; by the next one's time where its own is later, which means nothing."""
        if own is None:
            return None
        time = float(own)
        if self._late and self._link and self._link.first and time >= self._link.first.granule:
            time -= self._late
        return time if ahead is None else min(time, float(ahead) - frame.samples)

    def _gap(self, timeline: Timeline, time: float | None, samples: int, lost: int) -> int:
        """Samples of silence to put before a frame."""
        seconds = timeline.position / self.rate
        if self.format in _CLOCKLESS:
            if lost or self._events.broken_bytes:
                raise RefusedError(
                    f"is damaged near {seconds:.1f} s, and the length of the loss is unknown; export or copy it again"
                )
            return 0
        try:
            gap = timeline.missing(time, samples, lost)
        except ContradictionError:
            raise RefusedError(
                f"is damaged before {seconds:.1f} s, and its time stamps contradict one another; "
                "export or copy it again"
            ) from None
        left = max(self.stated * 1.02 + self.rate - timeline.position, 0)
        if gap > (left if self.stated else _LONGEST_GAP * self.rate):
            raise RefusedError(
                f"is damaged after {seconds:.1f} s, and so are its time stamps; export or copy it again"
            )
        return gap

    def _tail(self, position: int, lost: int, frame: int) -> Iterator[Message]:
        """What the last packets should have held, and whether the length is as stated."""
        if lost and self.format in _CLOCKLESS:
            yield Remark(
                f"the sound after {position / self.rate:.2f} s could not be decoded and was left out"
            )
        elif lost:
            lost = min(lost, max(0, math.ceil(self.stated) - position)) if self.stated else lost
            position += lost
            yield from [Silence(lost)] if lost else []
        rounded = self.exact_frames - position
        if 0 < rounded <= math.ceil(self.rate / COARSEST):
            yield np.zeros((rounded, self.channels), np.float32)
            position += rounded
        elif 0 < rounded <= self.slack:
            yield Silence(rounded)
        if self.format in _LOSSLESS and self.stated and position > self.stated:
            raise RefusedError("is damaged: it holds more than it states; export or copy it again")
        if self.format == "asf" and 1.5 * frame < self.stated - position <= self.slack:
            yield Remark(f"ends {(self.stated - position) / self.rate:.2f} s before its stated end")
        if self.stated and position < self.stated - self.slack:
            word = "damaged" if self._events.broken_bytes else "cut short"
            raise RefusedError(
                f"is {word}: {position / self.rate:.2f} of {self.stated / self.rate:.2f} s could be read; "
                "export or copy it again"
            )
