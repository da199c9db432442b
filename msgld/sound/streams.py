"""Any file that FFmpeg's libraries read, decoded packet by packet, with silence where packets are damaged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from av.codec.context import Flags2

from msgld.sound.messages import Message, Note, Refusal, Silence, Sound, Start
from msgld.sound.timeline import ContradictionError, Timeline

_REFERRING = {
    "concat", "dash", "ffmetadata", "hls", "image2", "image2pipe", "lavfi", "lrc", "rtp", "rtsp", "sap", "sdp",
    "tedcaptions", "webm_dash_manifest",
}  # fmt: skip
"""Formats that name other files, or none at all."""

_CLOCKLESS = {"ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "loas", "amr", "amrnb", "amrwb", "mp3", "aac"}
"""Streams whose time stamps are a count of the frames that were found."""

_STATED = {"wav", "w64", "aiff", "au", "flac", "wv", "tta", "ape", "mpc", "mpc8", "tak", "ogg", "dsf", "caf"}
"""Formats that state the length of the sound, to the sample or nearly."""

_COUNTED = {("ogg", "vorbis"), ("caf", "alac")}
"""Formats and codecs whose end is trimmed here by the stated length, as FFmpeg takes too much from it."""

_MOVIE = "mov,mp4,m4a,3gp,3g2,mj2"
_MOVIE_TICKS = (600, 1000)
"""Ticks a second that movies are usually timed in; what one of them rounds away may be missing at the end."""

_MOST_CHANNELS = 8
_LONGEST_GAP = 600.0  # seconds of silence that a single time stamp may ask for
_LOUDEST = 32.0  # times full scale; no encoder of music writes more, a damaged packet may
_SCALES = {"u8": 1 / 128, "s16": 1 / 32768, "s32": 1 / 2147483648, "s64": 1 / 9223372036854775808}


_Event = tuple[str, Any]
"""("frame", frame), or ("lost", the duration of the packet by the container's clock, 0 where it has none)."""


_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


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


def is_noise(samples: np.ndarray) -> bool:
    """Whether samples of a compressed format are so wild that the packet must be damaged."""
    return not bool(np.isfinite(samples).all() and np.abs(samples).max(initial=0.0) < _LOUDEST)


def _skipped(packet: Any) -> int:
    """Samples at the start of a packet that the decoder leaves out."""
    data = bytes(packet.get_sidedata("skip_samples")) if packet.has_sidedata("skip_samples") else b""
    return int.from_bytes(data[:4], "little")


def _with_next(events: Iterator[_Event]) -> Iterator[tuple[_Event, _Event | None]]:
    """Each event with the one that follows it."""
    held = next(events, None)
    while held is not None:
        following = next(events, None)
        yield held, following
        held = following


class Stream:
    """The first audio stream of a container, decoded.

    Raises:
        RefusedError: from everything, with the line for the user.
    """

    def __init__(self, opened: Callable[[], BinaryIO]) -> None:
        self._opened = opened
        self._container = open_container(opened())
        self._stream = self._container.streams.audio[0]
        self.format = str(self._container.format.name)
        self._counted = (self.format, self._stream.codec_context.name) in _COUNTED
        if self._counted:
            self._stream.codec_context.flags2 |= Flags2.skip_manual
        self._lossless = self._stream.codec_context.name.startswith("pcm_")
        self._tick = Fraction(self._stream.time_base)
        self._events = self._decoded()
        self._first_time: Fraction | None = None
        self._first_skip = 0
        self._last_end: float | None = None
        self._broken_bytes = False
        self._held: list[Any] = []
        self._begin()

    def _begin(self) -> None:
        """Decode until a frame tells rate and channels, which headers may misstate."""
        for event in self._events:
            self._held.append(event)
            if event[0] == "frame":
                break
        frames = [event[1] for event in self._held if event[0] == "frame"]
        if not frames:
            raise RefusedError("holds no sound that can be decoded; export it again")
        self.rate, self.channels = int(frames[0].sample_rate), int(frames[0].layout.nb_channels)
        if self.channels > _MOST_CHANNELS:
            raise RefusedError(
                f"has {self.channels} channels, at most {_MOST_CHANNELS} can be read; split it first"
            )
        self.exact_frames = self._movie_frames() if self.format == _MOVIE else 0
        self.stated, self.slack = self._statement()

    def start(self) -> Start:
        """What is known before the sound."""
        frames, exact = self.exact_frames or round(self.stated), bool(self.exact_frames)
        exact = exact or (self.format in _STATED and self.slack <= 1)
        if not frames and self._container.duration:
            frames = round(self._container.duration / 1e6 * self.rate)
        return Start(self.rate, self.channels, str(self._stream.codec_context.codec.name), frames, exact)

    def _statement(self) -> tuple[float, float]:
        """Samples that the container promises, and by how many a whole file may hold fewer."""
        frame = self._held[-1][1].samples
        if self.exact_frames:
            return float(self.exact_frames), max(float(frame), self.rate / min(_MOVIE_TICKS))
        if self.format in _STATED and self._stream.duration:
            stated = float(self._stream.duration * self._tick * self.rate)
            if self._stream.codec_context.name.endswith("opus"):
                stated -= self._first_skip
            return stated, 1.0 if self._tick * self.rate == 1 else 2.0 * frame
        if self.format == "matroska,webm":
            return self._matroska_length(), 2.0 * frame + 0.01 * self.rate
        if self.format == "asf" and self._container.duration:
            return self._container.duration / 1e6 * self.rate, 0.5 * self.rate
        return 0.0, 0.0

    def _matroska_length(self) -> float:
        """In samples: the track's own, or the file's where there is no video beside it."""
        text = self._stream.metadata.get("DURATION", "")
        try:
            hours, minutes, seconds = text.rstrip("\0").split(":")
            return (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * self.rate
        except ValueError:
            alone = len(self._container.streams) == 1 and self._container.duration
            return self._container.duration / 1e6 * self.rate if alone else 0.0

    def _movie_frames(self) -> int:
        """The length of the sound of an MP4, MOV or M4A: that of its track less the encoder's delay.

        An edit list cuts off delay and padding, but states the length in ticks of the whole movie, which are
        often as coarse as a millisecond; and the last packet decodes to more.
        """
        edited, tick = self._stream.duration, self._tick
        with self._opened() as file, open_container(file, ignore_editlist="1") as unedited:
            track = unedited.streams.audio[0].duration
        if not edited or not track:
            return 0
        coarse = any(abs(edited - round(edited * tick * unit) / tick / unit) < 1 for unit in _MOVIE_TICKS)
        if self._first_time is not None and self._stream.start_time is not None:
            track -= max(0, self._stream.start_time - int(self._first_time / tick))
        rounded = coarse and abs(track - edited) * tick <= Fraction(1, min(_MOVIE_TICKS))
        return max(0, round((track if rounded else min(edited, track)) * tick * self.rate))

    def _packets(self) -> Iterator[Any]:
        """Packets of the stream. Where the container itself is damaged, they end."""
        end: int | None = None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError):
                self._broken_bytes = True
                return
            if packet is None:
                return
            if packet.size:
                skipped = end is not None and packet.pos is not None and packet.pos > end
                self._broken_bytes |= skipped
                end = packet.pos + packet.size if packet.pos is not None and packet.pos >= 0 else None
            yield packet

    def _decoded(self) -> Iterator[_Event]:
        """What the packets decode to."""
        first = True
        for packet in self._packets():
            if packet.size and self._first_time is None and packet.pts is not None:
                self._first_time, self._first_skip = packet.pts * self._tick, _skipped(packet)
            if packet.size and packet.pts is not None:
                self._last_end = float((packet.pts + (packet.duration or 0)) * self._tick)
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                yield "lost", packet.duration or 0
                continue
            for frame in frames:
                if first and self._counted and self.format == "ogg":
                    first = False  # it overlaps with nothing
                    continue
                yield "frame", frame

    def messages(self) -> Iterator[Message]:
        """Sound and silence in order."""
        timeline, lost, frames = Timeline(self.rate, float(self._tick)), 0, 0
        if self._held[0][0] == "lost" and self._first_time is not None:
            timeline.begin(float(self._first_time * self.rate) + self._first_skip)
        for (kind, event), following in _with_next(self._all()):
            if kind == "lost":
                lost += max(1, round(event * self._tick * self.rate) or frames)
                continue
            samples, frames = self._checked(event), event.samples
            if samples is None or not frames:
                lost += frames
                continue
            gap = self._gap(timeline, event, following, lost)
            lost = 0
            if gap:
                yield Silence(gap)
            timeline.advance(gap)
            samples = samples[: self._room(timeline.position)]
            yield Sound(samples)
            timeline.advance(len(samples))
        yield from self._tail(timeline.position, lost, frames)

    def _room(self, position: int) -> int:
        """How many samples may follow; what the last packet decodes to beyond the stated length is padding."""
        end = self.exact_frames or (round(self.stated) if self._counted else 0)
        return max(0, end - position) if end else 1 << 62

    def _all(self) -> Iterator[_Event]:
        yield from self._held
        self._held.clear()
        yield from self._events

    def _checked(self, frame: Any) -> np.ndarray | None:
        """Samples of a frame; None where it is damaged."""
        if frame.sample_rate != self.rate or frame.layout.nb_channels != self.channels:
            raise RefusedError(
                changed((self.rate, self.channels), (frame.sample_rate, frame.layout.nb_channels))
            )
        samples = as_floats(frame)
        if frame.is_corrupt or (not self._lossless and is_noise(samples)):
            return None
        return samples

    def _time(self, frame: Any, following: _Event | None) -> float | None:
        """When a frame begins, in samples; by the next one's time where its own is later, which means nothing."""
        if frame.pts is None:
            return None
        own = float(frame.pts * frame.time_base * self.rate)
        if following is None or following[0] != "frame" or following[1].pts is None:
            return own
        return min(own, float(following[1].pts * frame.time_base * self.rate) - frame.samples)

    def _gap(self, timeline: Timeline, frame: Any, following: _Event | None, lost: int) -> int:
        seconds = timeline.position / self.rate
        if self.format in _CLOCKLESS:
            if lost or self._broken_bytes:
                raise RefusedError(
                    f"is damaged near {seconds:.1f} s, and how much is lost cannot be told; export or copy it again"
                )
            return 0
        try:
            gap = timeline.missing(self._time(frame, following), frame.samples, lost)
        except ContradictionError:
            raise RefusedError(
                f"is damaged before {seconds:.1f} s, and its time stamps contradict one another; "
                "export or copy it again"
            ) from None
        most = (
            max(self.stated * 1.02 + self.rate - timeline.position, 0)
            if self.stated
            else _LONGEST_GAP * self.rate
        )
        if gap > most:
            raise RefusedError(
                f"is damaged after {seconds:.1f} s, and so are its time stamps; export or copy it again"
            )
        return gap

    def _tail(self, position: int, lost: int, frame: int) -> Iterator[Message]:
        """What the last packets should have held, and whether the length is as stated."""
        if lost and self.stated and self.format not in _CLOCKLESS:
            lost = min(lost, max(0, math.ceil(self.stated) - position))
        if lost and self.format not in _CLOCKLESS:
            yield Silence(lost)
            position += lost
        elif lost:
            yield Note(f"what follows {position / self.rate:.2f} s could not be decoded and was left out")
        rounded = self.exact_frames - position
        if 0 < rounded <= math.ceil(self.rate / min(_MOVIE_TICKS)):
            yield Sound(np.zeros((rounded, self.channels), np.float32))
            position += rounded
        elif 0 < rounded <= self.slack:
            yield Silence(rounded)
        if self.stated and position < self.stated - self.slack:
            word = "damaged" if self._broken_bytes else "cut short"
            raise RefusedError(
                f"is {word}: {position / self.rate:.2f} of {self.stated / self.rate:.2f} s could be read; "
                "export or copy it again"
            )

    def close(self) -> None:
        """Release the container."""
        self._container.close()
