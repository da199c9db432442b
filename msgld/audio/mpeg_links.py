"""The recordings that an MP3 or AAC stream is made of, and how many frames damage has cost each of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgld.audio.container import RefusedError
from msgld.audio.mpeg import Bytes, Damage, Frame, lost_frames


@dataclass(frozen=True)
class Tag:
    """What an encoder says in the first frame (Xing, Info or VBRI); 0 where it does not.

    Attributes:
        frames: that follow. size: bytes, with the tag's own frame.
        delay, padding: samples to leave out at both ends; None where that is not stated.
    """

    frames: int
    size: int
    delay: int | None = None
    padding: int = 0


def read_tag(data: Bytes, frame: Frame) -> Tag | None:
    """The tag that a frame holds instead of sound; None where it holds sound."""
    body = bytes(data[frame.start : frame.stop])
    if not frame.header.key[0].startswith("mp") or len(body) < 60:
        return None
    if body[36:40] == b"VBRI":
        return Tag(int.from_bytes(body[50:54], "big"), int.from_bytes(body[46:50], "big"))
    low, mono = not body[1] & 8, frame.header.key[2] == 1
    at = 4 + ((9 if mono else 17) if low else (17 if mono else 32))
    if body[at : at + 4] not in (b"Xing", b"Info"):
        return None
    flags, at = body[at + 7], at + 8
    frames = int.from_bytes(body[at : at + 4], "big") if flags & 1 else 0
    at += 4 * (flags & 1)
    size = int.from_bytes(body[at : at + 4], "big") if flags & 2 else 0
    at += 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    if body[at : at + 4] not in (b"LAME", b"Lavf", b"Lavc") or len(body) < at + 24:
        return Tag(frames, size)
    trims = int.from_bytes(body[at + 21 : at + 24], "big")
    return Tag(frames, size, trims >> 12, trims & 4095)


@dataclass
class Link:
    """One recording of a stream: what its tag states and what was found. Places are bytes."""

    tag: Tag | None
    start: int
    stop: int = 0
    frames: int = 0
    sizes: list[int] = field(
        default_factory=lambda: [1 << 30, 0, 0]
    )  # smallest, largest, sum of whole frames
    damages: list[Damage] = field(default_factory=list)
    partial: bool = False

    def count(self, piece: Frame | Damage) -> None:
        """Take a frame or damage into account."""
        self.stop = piece.stop
        if isinstance(piece, Damage):
            self.damages.append(piece)
            return
        size = piece.header.size
        if piece.stop - piece.start < size:
            self.partial = True
            return
        self.frames += 1
        self.sizes = [min(self.sizes[0], size), max(self.sizes[1], size), self.sizes[2] + size]

    def lost(self, at_end: bool) -> list[int]:
        """Frames that each damage has cost.

        Args:
            at_end: whether the file ends with this recording.

        Raises:
            RefusedError: that cannot be told, or the recording is cut short.
        """
        stated = self.tag.frames if self.tag else 0
        guesses = [self._guess(damage) for damage in self.damages]
        missing = stated - self.frames
        if not stated or missing < 0:
            trailing = at_end and bool(self.damages) and self.damages[-1].stop == self.stop
            if trailing and guesses[-1] is None:
                guesses[-1] = int(self.damages[-1].head is not None)
            return self._sure(guesses)
        if missing == 0 or (missing and not self.damages):
            whole = self.tag is not None and 0 < self.tag.size <= self.stop - self.start
            if missing and not whole:
                raise RefusedError(
                    f"is cut short: {missing} of {stated} frames are missing; export or copy it again"
                )
            return [0] * len(guesses)
        if self.tag and self.tag.size and self.stop - self.start < self.tag.size - self.sizes[1]:
            raise RefusedError("is cut short or has holes of unknown length; export or copy it again")
        if guesses.count(None) == 1 and sum(guess or 0 for guess in guesses) < missing:
            known = sum(guess or 0 for guess in guesses)
            guesses = [missing - known if guess is None else guess for guess in guesses]
        if len(guesses) == 1:
            guesses = [missing]
        sure = self._sure(guesses)
        if sum(sure) != missing:
            self._unsure()
        return sure

    def _guess(self, damage: Damage) -> int | None:
        length = damage.stop - damage.start
        return (
            lost_frames(length, (self.sizes[0], self.sizes[1]), self.sizes[2] / self.frames)
            if self.frames
            else None
        )

    def _sure(self, guesses: list[int | None]) -> list[int]:
        if None in guesses:
            self._unsure()
        return [guess or 0 for guess in guesses]

    def _unsure(self) -> None:
        raise RefusedError("is damaged, and how much time is lost cannot be told; export or copy it again")
