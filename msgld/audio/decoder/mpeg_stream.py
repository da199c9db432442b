"""MP3, MP2 and AAC streams, decoded frame by frame; each recording of a joined file is trimmed by its own tag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import av
import numpy as np

from msgld.audio.binary import Data
from msgld.audio.decoder.container import as_floats, is_noise
from msgld.audio.decoder.messages import Message, RefusedError, Remark, Silence, Start
from msgld.audio.decoder.mpeg import PARSERS, Damage, Frame, Tag, first_frame, grid, lost_frames, read_tag

_DECODERS = {"mp1": "mp1float", "mp2": "mp2float", "mp3": "mp3float", "aac": "aac"}
_DELAY = 529  # samples by which every decoder of MP3 is late


@dataclass
class Recording:
    """One recording of a stream: its tag, and the frames and damage that were found.

    Attributes:
        tag: of its encoder.
        start: its first byte.
        stop: its end so far.
        frames: whole ones so far.
        least: bytes of the smallest whole frame.
        most: bytes of the largest whole frame.
        total: bytes of all whole frames.
        damages: so far.
        partial: whether the file ends within a frame.
    """

    tag: Tag | None
    start: int
    stop: int = 0
    frames: int = 0
    least: int = 1 << 30
    most: int = 0
    total: int = 0
    damages: list[Damage] = field(default_factory=list)
    partial: bool = False

    def count(self, piece: Frame | Damage) -> None:
        """Take the next frame or damage into account."""
        self.stop = piece.stop
        if isinstance(piece, Damage):
            self.damages.append(piece)
        elif not piece.whole:
            self.partial = True
        else:
            size = piece.header.size
            self.frames += 1
            self.least, self.most, self.total = min(self.least, size), max(self.most, size), self.total + size

    @property
    def complete(self) -> bool:
        """Whether all frames that the tag states are there."""
        return self.tag is not None and 0 < self.tag.frames <= self.frames

    @property
    def trailing(self) -> Damage | None:
        """The damage that it ends with."""
        last = self.damages[-1] if self.damages else None
        return last if last and last.stop == self.stop else None

    def lost(self, at_end: bool) -> list[int]:
        """Frames that each damage has cost.

        Args:
            at_end: whether the file ends with this recording.

        Raises:
            RefusedError: that cannot be determined, or the recording is cut short.
        """
        tag = self.tag or Tag(0, 0)
        guesses, missing = [self._guess(damage) for damage in self.damages], tag.frames - self.frames
        if not tag.frames or missing < 0:
            if at_end and self.trailing and guesses[-1] is None:
                guesses[-1] = int(self.trailing.head is not None)
            return _sure(guesses)
        if missing == 0 or not self.damages:
            if missing and not 0 < tag.size <= self.stop - self.start:
                raise RefusedError(
                    f"is cut short: {missing} of {tag.frames} frames are missing; export or copy it again"
                )
            return [0] * len(guesses)
        if tag.size and self.stop - self.start < tag.size - self.most:
            raise RefusedError("is cut short or has holes of unknown length; export or copy it again")
        known = sum(guess or 0 for guess in guesses)
        if len(guesses) == 1:
            guesses = [missing]
        elif guesses.count(None) == 1 and known < missing:
            guesses = [missing - known if guess is None else guess for guess in guesses]
        return _sure(guesses, missing)

    def _guess(self, damage: Damage) -> int | None:
        if not self.frames:
            return None
        return lost_frames(damage.stop - damage.start, (self.least, self.most), self.total / self.frames)


def _sure(guesses: list[int | None], total: int | None = None) -> list[int]:
    """The guesses where all are known and sum to ``total``, where that is known."""
    sure = [guess for guess in guesses if guess is not None]
    if len(sure) < len(guesses) or (total is not None and sum(sure) != total):
        raise RefusedError("is damaged, and the length of the loss is unknown; export or copy it again")
    return sure


class MpegStream:
    """A stream of frames without a container.

    Args:
        data: the whole file.
        name: of the format, one of ``PARSERS``.

    Raises:
        RefusedError: no such stream, damaged so that time is lost, or cut short; from everything.
    """

    def __init__(self, data: Data, name: str) -> None:
        self._data, self._parse = data, PARSERS[name]
        start = first_frame(data, self._parse)
        header = None if start is None else self._parse(data, start)
        if start is None or header is None:
            raise RefusedError("holds no frames", unknown=True)
        self._start, self._header = start, header
        self._recordings = self._found()
        self.rate, self.channels, factor = self._probe()
        self._samples = self._header.samples * factor
        last = self._recordings[-1]
        self._lost = [recording.lost(recording is last) for recording in self._recordings]
        if last.partial and not last.complete:
            raise RefusedError("is cut short: its last frame is not whole; export or copy it again")

    def _found(self) -> list[Recording]:
        found: list[Recording] = []
        for piece in grid(self._data, self._start, self._parse):
            tag = None
            if isinstance(piece, Frame):
                if piece.header.key != self._header.key:
                    raise RefusedError(
                        f"changes its rate or channels at byte {piece.start}; convert all of it to one format first"
                    )
                tag = read_tag(self._data, piece)
                if tag is not None or not found:
                    found.append(Recording(tag, piece.start, piece.stop))
            if found and tag is None:
                found[-1].count(piece)
        if not any(recording.frames for recording in found):
            raise RefusedError("holds no samples")
        return found

    def _probe(self) -> tuple[int, int, int]:
        """Rate, channels, and how many times more samples a frame gives than its header says (2 in HE-AAC)."""
        decoder, found = self._decoder(), (0, 0, 0)
        pieces = grid(self._data, self._start, self._parse)
        for frame in islice((piece for piece in pieces if isinstance(piece, Frame)), 40):
            for decoded in self._decode(decoder, frame):
                factor = decoded.samples // frame.header.samples
                found = decoded.sample_rate, decoded.layout.nb_channels, factor
        if found[2] < 1:
            raise RefusedError("holds no sound that can be decoded; export it again")
        return found

    def _decoder(self) -> av.AudioCodecContext:
        context = av.CodecContext.create(_DECODERS[self._header.key[0][:3]], "r")
        assert isinstance(context, av.AudioCodecContext)
        context.thread_count = 1
        return context

    def _decode(self, decoder: av.AudioCodecContext, frame: Frame) -> list[av.AudioFrame]:
        try:
            return decoder.decode(av.Packet(self._data[frame.start : frame.stop]))
        except (av.FFmpegError, ValueError):
            return []

    def _ends(self, recording: Recording, lost: list[int]) -> tuple[int, int]:
        """First and end of the samples that are sound, of all that a recording decodes to."""
        tag, whole = recording.tag, (recording.frames + sum(lost)) * self._samples
        if tag is None or tag.delay is None:
            return 0, whole
        first, stated = min(whole, tag.delay + _DELAY), tag.frames * self._header.samples
        if stated and whole <= stated + self._header.samples:
            return first, max(first, min(whole, stated, stated - tag.padding + _DELAY))
        return first, whole

    def start(self) -> Start:
        """The facts that are known before the sound; the length is exact, as all frames have been counted."""
        ends = map(self._ends, self._recordings, self._lost)
        return Start(
            self.rate, self.channels, self._header.key[0][:3], sum(stop - first for first, stop in ends), True
        )

    def messages(self) -> Iterator[Message]:
        """Sound and silence in order."""
        for recording, lost in zip(self._recordings, self._lost, strict=True):
            first, stop = self._ends(recording, lost)
            place = 0
            for samples, frames in self._played(recording, lost):
                begin, end = max(first - place, 0), min(frames, stop - place)
                place += frames
                if begin < end:
                    yield Silence(end - begin) if samples is None else samples[begin:end]
        yield from self._remarks()

    def _remarks(self) -> Iterator[Message]:
        last = self._recordings[-1]
        trailing = last.trailing
        if trailing is None or last.complete or self._lost[-1][-1] > (trailing.head is not None):
            return
        start = trailing.start if trailing.head is None else trailing.head.stop
        yield Remark(f"the last {trailing.stop - start} bytes are not sound and were left out")

    def _played(self, recording: Recording, lost: list[int]) -> Iterator[tuple[np.ndarray | None, int]]:
        """Samples, or None for damage, and how many there are."""
        decoder, counts = self._decoder(), iter(lost)
        for piece in grid(self._data, recording.start, self._parse):
            if piece.start >= recording.stop:
                return
            if isinstance(piece, Damage):
                count = next(counts)
                if count and piece.head is not None:
                    yield self._sound(decoder, piece.head), self._samples
                    count -= 1
                if count:
                    yield None, count * self._samples
            elif piece.whole and (recording.tag is None or piece.start > recording.start):
                yield self._sound(decoder, piece), self._samples

    def _sound(self, decoder: av.AudioCodecContext, frame: Frame) -> np.ndarray | None:
        """Samples of a frame; None where it is damaged."""
        decoded = self._decode(decoder, frame)
        samples = as_floats(decoded[0]) if len(decoded) == 1 else np.zeros((0, 1), np.float32)
        if samples.shape[1] == 1 < self.channels:
            samples = np.repeat(samples, self.channels, axis=1)
        fits = samples.shape == (self._samples, self.channels)
        return samples if fits and not is_noise(samples) else None
